"""Who may do what. Every path wants a token, except those listed here."""

from __future__ import annotations

import time
from collections import OrderedDict

from fastapi import Request, Security
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.api.problems import refusal
from appliance.desk import Rooms
from appliance.tokens import Role, Tokens
from pipelines.saying import said

PUBLIC_PATHS = frozenset({"/", "/health", "/console", "/watch", "/present", "/favicon.ico"})
PUBLIC_PREFIX = "/assets/"
WRONG_TOKEN = said("token_wrong", "This token is not valid.")
NO_TOKEN = said("token_missing", "Send the token: Authorization: Bearer TOKEN.")
WRONG_HEADERS = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
ROLE_KEY = "classroom.role"
ROOM_KEY = "classroom.room"

WRONG_BURST = 10.0
WRONG_PER_S = 0.2
_REMEMBERED_ADDRESSES = 1024

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="The assistant's token allows everything, the presenter's WHIP, WHEP and ink of their own on "
    "the page shown, the viewer's WHEP.",
)


class Gatekeeper:
    """ASGI: refuses what has no token, before anything else is read of the request."""

    def __init__(self, app: ASGIApp, tokens: Tokens, rooms: Rooms) -> None:
        self._app = app
        self._tokens = tokens
        self._rooms = rooms
        self._wrong = WrongTokens()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        presented = token.strip() if scheme.lower() == "bearer" else ""
        if scope["method"] == "OPTIONS" and not presented:
            # A browser's preflight carries no token; without one OPTIONS answers nothing but the standard.
            await self._app(scope, receive, send)
            return
        role = self._tokens.role(presented) if presented else None
        if role is None and (room := self._rooms.of_token(presented)) is not None:
            role, scope[ROOM_KEY] = Role.VIEWER, room.room_id
        if role is None:
            await self._refusal(scope, presented)(scope, receive, send)
            return
        scope[ROLE_KEY] = role
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, presented: str) -> ASGIApp:
        if not presented:
            return refusal(scope, 401, NO_TOKEN, {"WWW-Authenticate": "Bearer"})
        address = scope["client"][0] if scope.get("client") else ""
        # A right token always passes: classrooms behind one address must not lock each other out,
        # and tokens are too long to be guessed. This only keeps a stuck player from costing work.
        if not self._wrong.may_try(address, time.monotonic()):
            many = said("tokens_wrong", "Too many wrong tokens from this address.")
            return refusal(scope, 429, many, {"Retry-After": "5"})
        return refusal(scope, 401, WRONG_TOKEN, WRONG_HEADERS)


class WrongTokens:
    """A bucket of wrong tokens for each of the last addresses."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def may_try(self, address: str, now_s: float) -> bool:
        left, then_s = self._left.pop(address, (WRONG_BURST, now_s))
        left = min(WRONG_BURST, left + (now_s - then_s) * WRONG_PER_S)
        allowed = left >= 1.0
        self._left[address] = (left - 1.0 if allowed else left, now_s)
        if len(self._left) > _REMEMBERED_ADDRESSES:
            self._left.popitem(last=False)
        return allowed


def is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX)


def room_of(request: Request) -> str:
    """The id of the room whose link was used; "" for the link that all share."""
    return str(request.scope.get(ROOM_KEY, ""))


def may_watch(request: Request) -> bool:
    """Did this request show a token? For routes that answer more to those who do."""
    return ROLE_KEY in request.scope


async def viewer(request: Request, _token: object = Security(_bearer)) -> None:
    """Dependency of a route that either token opens."""
    if not may_watch(request):
        raise HTTPException(401, NO_TOKEN, {"WWW-Authenticate": "Bearer"})


async def presenter(request: Request, _token: object = Security(_bearer)) -> None:
    """Dependency of a route for who may share a screen, and draw."""
    await viewer(request)
    if request.scope[ROLE_KEY] < Role.PRESENTER:
        why = said("token_presenters", "The viewer's token may watch; this needs the presenter's.")
        raise HTTPException(403, why)


async def assistant(request: Request, _token: object = Security(_bearer)) -> None:
    """Dependency of a route for the assistant alone."""
    await viewer(request)
    if request.scope[ROLE_KEY] < Role.ASSISTANT:
        raise HTTPException(403, said("token_assistants", "This needs the assistant's token."))
