"""Talk-back: a room asks to speak, the assistant lets it, its microphone comes by WHIP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import ROLE_KEY, assistant, room_of, viewer
from appliance.api.audience import ViewerId, left
from appliance.api.ice_links import OPTIONS_SUMMARY, SDP, add_links, options_answer
from appliance.api.problems import documented
from appliance.api.whip import OFFER, OFFER_STATUS, offered
from appliance.api.wire_talk import RoomCameraOut, TalkBody, TalkChange, TalkOut
from appliance.desk import TooOften
from appliance.gateway import Gateway
from appliance.talk import NotLetIn
from appliance.talk_camera import NoCamera
from appliance.tokens import Role
from pipelines.reports import OfferAnswer
from pipelines.saying import said

_ERRORS = documented(s401="No token, or a wrong one.", s413="Too large.", s422="A field is wrong.")
_LEFT = documented(s404="This viewer has left.")
_SILENT = documented(s409="No room speaks, or its camera is off.")
_BUSY = documented(s503="The studio is being started: try again in a second.")
_ASSISTANT = documented(s403="A viewer's token.")

_NOT_LET_IN = documented(
    s403="Another room's viewer.", s404="This viewer has left.", s409="It was not let in."
)
_OFFER_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The answer, with all candidates. DELETE the Location to stop speaking.",
        "content": {SDP: {"schema": {"type": "string"}}},
        "headers": {"Location": {"schema": {"type": "string"}, "description": "/talk/{viewer_id}"}},
    },
    **_NOT_LET_IN,
    **documented(
        s400="Not an SDP offer that can be read.",
        s401="No token, or a wrong one.",
        s413="The offer is too large.",
        s415=f"The body is not {SDP}.",
        s422="An offer for something else than sending Opus.",
        s429="More offers than a room needs.",
        s503="The studio is being started.",
    ),
}

_CAMERA_ANSWERS = _OFFER_ANSWERS | {
    201: {
        "description": "The answer, with all candidates. DELETE the Location to switch the camera off.",
        "content": {SDP: {"schema": {"type": "string"}}},
        "headers": {"Location": {"schema": {"type": "string"}, "description": "/talk/{viewer_id}/camera"}},
    },
    **documented(s422="An offer for something else than sending one VP8 or H.264 picture."),
}

Microphone = Annotated[str, Path(max_length=64, description="The viewer's id: of the Location of WHEP.")]


def talk_routes(gateway: Gateway) -> APIRouter:
    """What is asked and answered. All of it shows in the status, and in the viewer's own events."""
    router = APIRouter(tags=["talk"], responses=_ERRORS)
    talk = gateway.talk

    @router.put(
        "/viewers/{viewer_id}/ask",
        status_code=204,
        summary="Ask to speak",
        dependencies=[Depends(viewer)],
        responses=_LEFT | documented(s429="Asked more often than anybody could read."),
    )
    async def put_ask(viewer_id: ViewerId) -> Response:
        """It stands until the assistant lets the room speak, declines, or the room takes it back."""
        try:
            talk.ask(viewer_id)
        except KeyError:
            raise left() from None
        except TooOften:
            raise too_often() from None
        return Response(status_code=204)

    @router.delete(
        "/viewers/{viewer_id}/ask",
        status_code=204,
        summary="The room takes it back or stops speaking, or the assistant declines",
        dependencies=[Depends(viewer)],
        responses=_LEFT,
    )
    async def delete_ask(request: Request, viewer_id: ViewerId) -> Response:
        try:
            talk.withdraw(viewer_id, by_assistant=_is_assistant(request))
        except KeyError:
            raise left() from None
        return Response(status_code=204)

    _add_turn_routes(router, gateway)
    return router


def _add_turn_routes(router: APIRouter, gateway: Gateway) -> None:
    talk = gateway.talk

    @router.get(
        "/talk",
        summary="Which room may speak",
        dependencies=[Depends(assistant)],
        responses=_ASSISTANT,
    )
    async def get_talk() -> TalkOut | None:
        """null: none."""
        return talk_out(gateway)

    @router.put(
        "/talk",
        summary="Let one room speak",
        dependencies=[Depends(assistant)],
        responses=_ASSISTANT | _LEFT | _BUSY,
    )
    async def put_talk(body: TalkBody) -> TalkOut:
        """It need not have asked: then its page asks the people there. Whoever spoke before is ended."""
        try:
            talk.let_in(body.viewer_id, body.in_programme)
        except KeyError:
            raise left() from None
        return _turn(gateway)

    @router.patch(
        "/talk",
        summary="Sound and picture: into the programme or not, muted or not",
        dependencies=[Depends(assistant)],
        responses=_ASSISTANT | _SILENT | _BUSY,
    )
    async def patch_talk(body: TalkChange) -> TalkOut:
        try:
            talk.change_camera(body.camera_in_programme, body.camera_corner)
            talk.change(in_programme=body.in_programme, is_muted=body.is_muted)
        except NotLetIn:
            raise _silent() from None
        except NoCamera:
            raise HTTPException(409, said("talk_no_camera", "The room's camera is off.")) from None
        return _turn(gateway)

    @router.delete(
        "/talk",
        status_code=204,
        summary="End the room's turn",
        dependencies=[Depends(assistant)],
        responses=_ASSISTANT,
    )
    async def delete_talk() -> Response:
        """From the answer on nothing more of it is heard or seen."""
        talk.stop()
        return Response(status_code=204)


def microphone_routes(gateway: Gateway) -> APIRouter:
    """WHIP for the room whose turn it is."""
    router = APIRouter(prefix="/talk", tags=["talk"], dependencies=[Depends(viewer)])

    @router.post(
        "/{viewer_id}",
        status_code=201,
        summary="Send the room's microphone: SDP offer in, SDP answer out",
        openapi_extra=OFFER,
        response_class=Response,
        responses=_OFFER_ANSWERS,
    )
    async def post_offer(request: Request, viewer_id: Microphone) -> Response:
        """Sound alone, once the assistant has let this room speak. A second offer takes the first's place."""
        return await _answered(gateway, request, viewer_id, gateway.talk.offer)

    @router.delete(
        "/{viewer_id}",
        summary="Stop speaking",
        response_class=Response,
        responses=_ERRORS | _NOT_LET_IN,
    )
    async def delete_microphone(request: Request, viewer_id: Microphone) -> Response:
        _own_turn(gateway, request, viewer_id)
        gateway.talk.stop()
        return Response(status_code=200)

    _add_camera_routes(router, gateway)
    _add_options_routes(router, gateway)
    return router


def _add_options_routes(router: APIRouter, gateway: Gateway) -> None:
    @router.options(
        "/{viewer_id}",
        status_code=204,
        summary=OPTIONS_SUMMARY,
        response_class=Response,
        responses=_ERRORS,
    )
    async def microphone_options(request: Request, viewer_id: Microphone) -> Response:
        return options_answer(request, gateway)

    @router.options(
        "/{viewer_id}/camera",
        status_code=204,
        summary=OPTIONS_SUMMARY,
        response_class=Response,
        responses=_ERRORS,
    )
    async def camera_options(request: Request, viewer_id: Microphone) -> Response:
        return options_answer(request, gateway)


def _add_camera_routes(router: APIRouter, gateway: Gateway) -> None:
    @router.post(
        "/{viewer_id}/camera",
        status_code=201,
        summary="Send the room's camera: SDP offer in, SDP answer out",
        openapi_extra=OFFER,
        response_class=Response,
        responses=_CAMERA_ANSWERS,
    )
    async def post_camera(request: Request, viewer_id: Microphone) -> Response:
        """A picture alone, while the room has its turn, for the main room; for all if the assistant wants it.

        It is scaled down to 640x360 at 15 pictures a second, and one that costs too much to decode is ended.
        """
        return await _answered(gateway, request, viewer_id, gateway.talk.offer_camera)

    @router.delete(
        "/{viewer_id}/camera",
        summary="Switch the room's camera off",
        response_class=Response,
        responses=_ERRORS | _NOT_LET_IN,
    )
    async def delete_camera(request: Request, viewer_id: Microphone) -> Response:
        """From the answer on nothing more of it is seen. The turn goes on."""
        _own_turn(gateway, request, viewer_id)
        gateway.talk.end_camera()
        return Response(status_code=200)


def _own_turn(gateway: Gateway, request: Request, viewer_id: str) -> None:
    """Raises HTTPException unless it is this viewer's own, and has the turn."""
    _own(gateway, request, viewer_id)
    if gateway.talk.state_of(viewer_id) not in ("let_in", "speaking"):
        raise HTTPException(409, said("talk_not_speaking", "This room does not speak."))


async def _answered(
    gateway: Gateway,
    request: Request,
    viewer_id: str,
    take: Callable[[str, str], Awaitable[OfferAnswer]],
) -> Response:
    """201 with the SDP answer to the offer in the body. Raises HTTPException, StudioBusy."""
    _own(gateway, request, viewer_id)
    offer = await offered(request)
    try:
        answer = await take(viewer_id, offer)
    except NotLetIn:
        raise HTTPException(
            409, said("talk_not_let_in", "The assistant has not let this room speak.")
        ) from None
    except TooOften:
        raise too_often() from None
    except TimeoutError:
        raise HTTPException(
            503, said("talk_no_answer", "The studio did not answer in time."), {"Retry-After": "2"}
        ) from None
    if answer.fault:
        raise HTTPException(OFFER_STATUS[answer.fault], answer.reason)
    response = Response(answer.sdp, 201, {"Location": request.url.path}, media_type=SDP)
    add_links(response, gateway)
    return response


def talk_out(gateway: Gateway) -> TalkOut | None:
    turn = gateway.talk.turn
    if turn is None:
        return None
    audience = gateway.desk.audience
    room_id = audience.room_of(turn.viewer_id)
    is_heard = turn.is_heard and gateway.status is not None
    return TalkOut(
        viewer_id=turn.viewer_id,
        room_id=room_id,
        name=gateway.desk.rooms.name_of(room_id),
        state="speaking" if turn.is_heard else "let_in",
        in_programme=turn.in_programme,
        is_muted=turn.is_muted or audience.mute_of(turn.viewer_id).voice,
        since_s=turn.since_s,
        level_dbfs=gateway.status.voice_dbfs if is_heard and gateway.status is not None else None,
        camera=_camera_out(gateway),
    )


def _camera_out(gateway: Gateway) -> RoomCameraOut | None:
    camera = gateway.talk.camera
    state = camera.state
    if state == "none":
        return None
    measured = None if gateway.status is None else gateway.status.remote_camera
    return RoomCameraOut(
        state=state,
        in_programme=camera.in_programme,
        is_shown=measured is not None and measured.is_shown and not gateway.is_panic,
        corner=camera.corner or "auto",
        rate_hz=0.0 if measured is None else measured.rate_hz,
        sent_wh=(0, 0) if measured is None else measured.sent_wh,
    )


def _turn(gateway: Gateway) -> TalkOut:
    """Raises HTTPException."""
    turn = talk_out(gateway)
    if turn is None:
        raise _silent()
    return turn


def _silent() -> HTTPException:
    return HTTPException(409, said("talk_nobody", "No room may speak at this moment."))


def too_often() -> HTTPException:
    return HTTPException(429, said("talk_too_often", "Too often. Wait a moment."), {"Retry-After": "4"})


def _own(gateway: Gateway, request: Request, viewer_id: str) -> None:
    """A room's token speaks for the viewers of that room alone. Raises HTTPException."""
    if not gateway.desk.audience.is_known(viewer_id):
        raise left()
    if gateway.desk.audience.room_of(viewer_id) != room_of(request):
        raise HTTPException(403, said("talk_other_room", "This viewer is another room's."))


def _is_assistant(request: Request) -> bool:
    return bool(request.scope[ROLE_KEY] == Role.ASSISTANT)
