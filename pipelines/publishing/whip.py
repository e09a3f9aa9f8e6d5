"""WhipClient: the HTTP half of publishing (RFC 9725): offer out, answer in, candidates later, and the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpx

from pipelines.publishing.errors import Code, PublishError
from pipelines.publishing.links import IceServer, ice_servers
from pipelines.publishing.settings import TOKEN_PLACE

HTTP_TIMEOUT_S = 10.0
MAX_REDIRECTS = 5
MAX_ANSWER_BYTES = 64 * 1024
MAX_RETRY_AFTER_S = 3600.0
SDP = "application/sdp"
TRICKLE = "application/trickle-ice-sdpfrag"

_REDIRECTS = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_CODES: dict[int, Code] = {401: "unauthorized", 403: "unauthorized", 404: "not_found", 410: "not_found"}
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# Both write every address they ask, and an address may hold a secret.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, repr=False)
class WhipSession:
    """What the server gave. url: whoever has it can end the session, hence no repr. etag: "" without."""

    url: str
    etag: str
    answer: str
    servers: tuple[IceServer, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Reply:
    url: str
    status: int
    headers: httpx.Headers
    body: str


class WhipClient:
    """Talks to one address with one token. `begin` and `trickle` raise PublishError.

    Redirects (307, 308) are followed by hand, because the token goes to the origin it was given for and to
    no other, and never from https to http.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url.replace(TOKEN_PLACE, token)
        self._token = "" if TOKEN_PLACE in url else token
        self._origin = _origin(self._url)
        self._http = httpx.AsyncClient(timeout=HTTP_TIMEOUT_S, follow_redirects=False)

    async def __aenter__(self) -> WhipClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def servers(self) -> tuple[IceServer, ...]:
        """What OPTIONS names, for a client that cannot add servers to an offer. None is no fault, nor is a
        server that does not answer this: what is wrong, the offer will tell. Never raises."""
        try:
            reply = await self._follow("OPTIONS", self._url, {})
        except PublishError:
            return ()
        return ice_servers(reply.headers.get_list("link")) if reply.status < HTTPStatus.BAD_REQUEST else ()

    async def begin(self, offer: str) -> WhipSession:
        """Opens a session with a complete offer."""
        reply = await self._follow("POST", self._url, {"Content-Type": SDP, "Accept": SDP}, offer)
        if reply.status != HTTPStatus.CREATED:
            raise _refusal(reply)
        location = reply.headers.get("location", "")
        session_url = _joined(reply.url, location)
        if not location or session_url is None or urlsplit(session_url).scheme not in ("http", "https"):
            raise PublishError("bad_answer", "the server opened a session without saying where (no Location)")
        servers = ice_servers(reply.headers.get_list("link"))
        session = WhipSession(session_url, reply.headers.get("etag", ""), reply.body, servers)
        if not reply.body.startswith("v=0"):
            await self.end(session)
            raise PublishError("bad_answer", "the server's answer is no session description")
        return session

    async def trickle(self, session: WhipSession, fragment: str) -> bool:
        """Sends candidates that came later (RFC 8840). False: the server takes none, the session stands."""
        headers = {"Content-Type": TRICKLE, "If-Match": session.etag}
        reply = await self._follow("PATCH", session.url, headers, fragment)
        if reply.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.PRECONDITION_FAILED):
            raise PublishError("lost", f"the server no longer knows the session ({reply.status})")
        return reply.status < HTTPStatus.MULTIPLE_CHOICES

    async def end(self, session: WhipSession) -> None:
        """DELETE. A session that is gone, or a server that is, has ended as well."""
        try:
            await self._follow("DELETE", session.url, {})
        except PublishError:
            return

    async def _follow(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> _Reply:
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._ask(method, url, headers, body)
            location = reply.headers.get("location", "")
            if reply.status not in _REDIRECTS or not location:
                return reply
            target = _joined(url, location)
            if target is None:
                raise PublishError("redirects", "the server sends us on to what is no address")
            if urlsplit(target).scheme not in ("https", urlsplit(url).scheme):
                raise PublishError("redirects", "the server sends us from https to an address without it")
            url = target
        raise PublishError("redirects", f"the server sent us on more than {MAX_REDIRECTS} times")

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: str) -> _Reply:
        sent = dict(headers)
        if self._token and _origin(url) == self._origin:
            sent["Authorization"] = f"Bearer {self._token}"
        content = body.encode() if body else None
        try:
            async with self._http.stream(method, url, headers=sent, content=content) as response:
                text = await _read(response)
                return _Reply(url, response.status_code, response.headers, text)
        except httpx.TimeoutException:
            raise PublishError("unreachable", f"no answer within {HTTP_TIMEOUT_S:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            why = str(error) if isinstance(error, httpx.ConnectError) else type(error).__name__
            raise PublishError("unreachable", f"no answer from the server ({why})") from None


async def _read(response: httpx.Response) -> str:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise PublishError("bad_answer", f"an answer larger than {MAX_ANSWER_BYTES // 1024} KiB")
    return body.decode(errors="replace")


def _refusal(reply: _Reply) -> PublishError:
    # The body is not repeated: it is the stranger's, and may hold what we sent.
    words = f"the server answered {reply.status}"
    if reply.status in _BUSY:
        return PublishError("busy", words, retry_after_s(reply.headers.get("retry-after", "")))
    if reply.status in (301, 302, 303):
        return PublishError("redirects", f"{words}: an offer is sent on by 307 or 308 alone")
    return PublishError(_CODES.get(reply.status, "refused"), words)


def retry_after_s(text: str) -> float | None:
    """Retry-After (RFC 9110 section 10.2.3), seconds or a date; at most an hour. None: not readable."""
    if text.isdecimal() and len(text) < 10:
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return min(max(0.0, then.timestamp() - time.time()), MAX_RETRY_AFTER_S)


def _joined(url: str, location: str) -> str | None:
    """Where Location leads; None where that is no address, as with a port beyond 65535."""
    try:
        target = urljoin(url, location)
        _origin(target)
    except ValueError:
        return None
    return target


def _origin(url: str) -> tuple[str, str, int]:
    """RFC 6454. Raises ValueError."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
