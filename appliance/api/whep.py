"""WHEP: a viewer posts an SDP offer and gets the programme (draft-ietf-wish-whep)."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import ROLE_KEY, WRONG_HEADERS, WRONG_TOKEN, assistant, room_of, viewer
from appliance.api.ice_links import OPTIONS_SUMMARY, SDP, add_links, options_answer
from appliance.api.problems import documented
from appliance.api.whip import NO_TRICKLE, NOT_AN_OFFER
from appliance.gateway import Gateway
from appliance.tokens import Role
from pipelines.broadcast import AnswerTimedOut, BadOffer, Hears, TooManyViewers
from pipelines.saying import said

RETRY_S = 10
_BAD_OFFER = {"too_large": 413, "malformed": 400, "unsupported": 406}

_OFFER = {
    "requestBody": {
        "required": True,
        "content": {SDP: {"schema": {"type": "string"}, "example": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n..."}},
    }
}
_ERRORS = documented(s401="No token, or a wrong one.", s422="A parameter is wrong.")

_OFFER_ANSWERS = {
    201: {
        "description": "The answer, with all candidates. DELETE the Location to leave.",
        "content": {SDP: {"schema": {"type": "string"}}},
        "headers": {"Location": {"schema": {"type": "string"}, "description": "/whep/{id}"}},
    },
    **_ERRORS,
    **documented(
        s400="Not an SDP offer that can be answered.",
        s403="Only the assistant hears a room's voice alone.",
        s406="An offer for something else than watching H.264 and Opus.",
        s413="The offer is too large.",
        s415=f"The body is not {SDP}.",
        s503="The box is full, or being stopped.",
    ),
}


def whep_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["viewers"])

    @router.post(
        "/whep",
        status_code=201,
        summary="Watch: SDP offer in, SDP answer out",
        dependencies=[Depends(viewer)],
        openapi_extra=_OFFER,
        response_class=Response,
        responses=_OFFER_ANSWERS,
    )
    async def post_offer(
        request: Request,
        name: str = Query(
            "",
            max_length=40,
            description="What the console shows for this viewer: a room, no person. "
            "Who comes by a room's own link is shown under that room's name.",
        ),
        hear: Literal["programme", "voice"] = Query(
            "programme",
            description="voice: no picture, and the sound of the room that speaks alone. For the assistant.",
        ),
    ) -> Response:
        if hear == "voice":
            await assistant(request)
        return await _admit(gateway, request, name, hear)

    @router.options("/whep", status_code=204, summary=OPTIONS_SUMMARY, response_class=Response)
    async def offer_options(request: Request) -> Response:
        return options_answer(request, gateway)

    _add_session_routes(router, gateway)
    return router


def _add_session_routes(router: APIRouter, gateway: Gateway) -> None:
    """What may be done with one viewer's session."""

    @router.delete(
        "/whep/{viewer_id}",
        summary="Leave",
        dependencies=[Depends(viewer)],
        response_class=Response,
        responses={**_ERRORS, **documented(s404="This viewer has left.")},
    )
    async def delete_session(viewer_id: str) -> Response:
        if all(known.viewer_id != viewer_id for known in gateway.broadcast.viewers()):
            raise HTTPException(404, said("viewer_left", "This viewer has left."))
        gateway.talk.left(viewer_id)
        await gateway.broadcast.remove(viewer_id)
        return Response(status_code=200)

    @router.patch(
        "/whep/{viewer_id}",
        status_code=405,
        summary="Not supported: the answer holds all candidates",
        dependencies=[Depends(viewer)],
        response_class=Response,
        responses={**_ERRORS, **documented(s405="Trickle ICE and ICE restarts are not supported.")},
    )
    async def patch_session(viewer_id: str) -> Response:
        raise HTTPException(
            405,
            NO_TRICKLE,
            {"Allow": "DELETE, OPTIONS"},
        )

    @router.options(
        "/whep/{viewer_id}",
        status_code=204,
        summary="What may be done",
        response_class=Response,
        responses=documented(s422="A parameter is wrong."),
    )
    async def session_options(viewer_id: str) -> Response:
        return Response(status_code=204, headers={"Allow": "DELETE, OPTIONS"})


async def _admit(gateway: Gateway, request: Request, name: str, hears: Hears) -> Response:
    """A new session for the offer in the body. Raises HTTPException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != SDP:
        raise HTTPException(415, NOT_AN_OFFER, {"Accept-Post": SDP})
    if gateway.is_closing:
        stops = said("box_stops", "The box is being stopped.")
        raise HTTPException(503, stops, {"Retry-After": str(RETRY_S)})
    offer = (await request.body()).decode(errors="replace")
    room_id = room_of(request)
    name = gateway.desk.rooms.name_of(room_id) or _printable(name)
    try:
        viewer_id, answer = await gateway.broadcast.answer(offer, name=name)
    except BadOffer as error:
        raise HTTPException(_BAD_OFFER[error.kind], error.reason) from None
    except TooManyViewers as error:
        raise HTTPException(503, error.reason, {"Retry-After": str(error.retry_after_s)}) from None
    except AnswerTimedOut as error:
        raise HTTPException(503, error.reason, {"Retry-After": str(RETRY_S)}) from None
    if room_id and not gateway.desk.rooms.name_of(room_id):  # it was removed while this viewer joined
        await gateway.broadcast.remove(viewer_id)
        raise HTTPException(401, WRONG_TOKEN, WRONG_HEADERS)
    if hears == "voice":
        gateway.broadcast.pin(viewer_id, "sound")
        gateway.broadcast.hear(viewer_id, "voice")
    if request.scope[ROLE_KEY] == Role.VIEWER:  # others look at their own work: they are no room
        gateway.desk.joined(viewer_id, room_id)
        gateway.talk.tune(viewer_id)
    response = Response(answer, 201, {"Location": f"/whep/{viewer_id}"}, media_type=SDP)
    add_links(response, gateway)
    return response


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable()).strip()
