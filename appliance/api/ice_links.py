"""STUN and TURN servers, as Link headers, for whoever sends or watches (RFC 9725 section 4.6)."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from appliance.api.access import may_watch
from appliance.gateway import Gateway

SDP = "application/sdp"
OPTIONS_SUMMARY = "What may be posted; with a token also the STUN and TURN servers, as Link headers"


def add_links(response: Response, gateway: Gateway) -> None:
    """One Link header each; the passwords are this session's alone, and expire."""
    for server in gateway.broadcast.ice_servers():
        response.headers.append("Link", server.link())


def options_answer(request: Request, gateway: Gateway) -> Response:
    """To OPTIONS, where offers may be posted. A browser asks before its offer: that lists what they lend."""
    response = Response(status_code=204, headers={"Allow": "POST, OPTIONS", "Accept-Post": SDP})
    if may_watch(request):
        response.headers["Cache-Control"] = "no-store"
        add_links(response, gateway)
    return response
