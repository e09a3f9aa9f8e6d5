"""WHIP: a presenter posts an SDP offer, and their screen is the courseware (RFC 9725)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import presenter
from appliance.api.ice_links import OPTIONS_SUMMARY, SDP, add_links, options_answer
from appliance.api.problems import documented
from appliance.gateway import Gateway
from pipelines.saying import said

NOT_AN_OFFER = said("offer_type", "Send an SDP offer as {type}.", type=SDP)
NO_TRICKLE = said(
    "no_trickle", "Trickle ICE and ICE restarts are not supported: gather first, or post a new offer."
)
_RETRY = {"Retry-After": "2"}
OFFER_STATUS = {"too_large": 413, "malformed": 400, "unsupported": 422, "failed": 503}
OFFER = {
    "requestBody": {
        "required": True,
        "content": {SDP: {"schema": {"type": "string"}, "example": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n..."}},
    }
}
_ERRORS = documented(s401="No token, or a wrong one.", s403="A viewer's token.", s422="A parameter is wrong.")
_OFFER_ANSWERS = {
    201: {
        "description": "The answer, with all candidates. DELETE the Location to stop sharing.",
        "content": {SDP: {"schema": {"type": "string"}}},
        "headers": {"Location": {"schema": {"type": "string"}, "description": "/whip/{session}"}},
    },
    **documented(
        s401="No token, or a wrong one.",
        s403="A viewer's token.",
        s400="Not an SDP offer that can be read.",
        s413="The offer is too large.",
        s415=f"The body is not {SDP}.",
        s422="An offer for something else than sending one VP8 or H.264 picture, and Opus.",
        s503="The studio is being started, or too many screens are being shared.",
    ),
}


def whip_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(tags=["courseware"])

    @router.post(
        "/whip",
        status_code=201,
        summary="Share a screen: SDP offer in, SDP answer out",
        dependencies=[Depends(presenter)],
        openapi_extra=OFFER,
        response_class=Response,
        responses=_OFFER_ANSWERS,
    )
    async def post_offer(request: Request) -> Response:
        """With its first picture the screen takes the place of the courseware, which returns afterwards."""
        return await _admit(gateway, request)

    @router.options("/whip", status_code=204, summary=OPTIONS_SUMMARY, response_class=Response)
    async def offer_options(request: Request) -> Response:
        return options_answer(request, gateway)

    @router.delete(
        "/whip/{session}",
        summary="Stop sharing",
        dependencies=[Depends(presenter)],
        response_class=Response,
        responses={**_ERRORS, **documented(s404="This screen is no longer shared.")},
    )
    async def delete_session(session: str) -> Response:
        if not gateway.screens.end(session):
            raise HTTPException(404, said("screen_ended", "This screen is no longer shared."))
        return Response(status_code=200)

    @router.patch(
        "/whip/{session}",
        status_code=405,
        summary="Not supported: the answer holds all candidates",
        dependencies=[Depends(presenter)],
        response_class=Response,
        responses={**_ERRORS, **documented(s405="Trickle ICE and ICE restarts are not supported.")},
    )
    async def patch_session(session: str) -> Response:
        # RFC 9725, 4.3: a server that supports neither answers so.
        raise HTTPException(
            405,
            NO_TRICKLE,
            {"Allow": "DELETE, OPTIONS"},
        )

    @router.options(
        "/whip/{session}",
        status_code=204,
        summary="What may be done",
        response_class=Response,
        responses=documented(s422="A parameter is wrong."),
    )
    async def session_options(session: str) -> Response:
        return Response(status_code=204, headers={"Allow": "DELETE, OPTIONS"})

    return router


async def offered(request: Request) -> str:
    """The offer in the body. Raises HTTPException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != SDP:
        raise HTTPException(415, NOT_AN_OFFER, {"Accept-Post": SDP})
    return (await request.body()).decode(errors="replace")


async def _admit(gateway: Gateway, request: Request) -> Response:
    """A new session for the offer in the body. Raises HTTPException, StudioBusy."""
    offer = await offered(request)
    try:
        session, answer = await gateway.screens.offer(offer)
    except TimeoutError:
        late = said("talk_no_answer", "The studio did not answer in time.")
        raise HTTPException(503, late, _RETRY) from None
    if answer.fault:
        status = OFFER_STATUS[answer.fault]
        raise HTTPException(status, answer.reason, _RETRY if status == 503 else None)
    response = Response(answer.sdp, 201, {"Location": f"/whip/{session}"}, media_type=SDP)
    add_links(response, gateway)
    return response
