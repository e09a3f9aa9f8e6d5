"""Caller: one request to a box, one typed answer. The other files of the client list what may be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

T = TypeVar("T")

TIMEOUT_S: Final = 20.0
SDP: Final = "application/sdp"
Query = Mapping[str, str | int | float]


class BoxError(Exception):
    """The box did not do what it was asked."""


class Refused(BoxError):
    """It answered with a problem (RFC 9457). status: of HTTP; detail: a sentence for a person."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class Unreachable(BoxError):
    """It did not answer."""


@dataclass(frozen=True, slots=True)
class Session:
    """What WHEP, WHIP and talk-back answer. place: of the session, DELETE ends it. sdp: the answer."""

    place: str
    sdp: str


class Caller:
    """Paths are written as in the OpenAPI document; `places` fill their braces. Not for several threads."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def ask(
        self,
        answer: type[T],
        method: str,
        path: str,
        body: BaseModel | None = None,
        query: Query | None = None,
        **places: object,
    ) -> T:
        """The answer, checked against its model. Raises Refused, Unreachable."""
        return TypeAdapter(answer).validate_json(self._send(method, path, body, query, places).content)

    def ask_maybe(self, answer: type[T], method: str, path: str, **places: object) -> T | None:
        """As `ask`, where the answer may be null."""
        content = self._send(method, path, None, None, places).content
        return None if content.strip() == b"null" else TypeAdapter(answer).validate_json(content)

    def order(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        query: Query | None = None,
        **places: object,
    ) -> None:
        """What has no answer but that it was done. Raises Refused, Unreachable."""
        self._send(method, path, body, query, places)

    def fetch(self, method: str, path: str, query: Query | None = None, **places: object) -> bytes:
        """A picture, a text, a file. Raises Refused, Unreachable."""
        return self._send(method, path, None, query, places).content

    def put(
        self,
        answer: type[T],
        method: str,
        path: str,
        content: bytes | Iterator[bytes],
        media: str,
        query: Query | None = None,
        **places: object,
    ) -> T:
        """A body that is no JSON. Raises Refused, Unreachable."""
        with _reaching():
            response = self._http.request(
                method,
                _filled(path, places),
                content=content,
                params=dict(query or {}),
                headers={"Content-Type": media},
            )
        return TypeAdapter(answer).validate_json(_checked(response).content)

    def offer(
        self, method: str, path: str, sdp: str, query: Query | None = None, **places: object
    ) -> Session:
        """An SDP offer. Raises Refused, Unreachable."""
        with _reaching():
            response = self._http.request(
                method,
                _filled(path, places),
                content=sdp,
                params=dict(query or {}),
                headers={"Content-Type": SDP},
            )
        _checked(response)
        return Session(response.headers["location"], response.text)

    def head(self, method: str, path: str, **places: object) -> dict[str, str]:
        """The headers of an answer without a body. Raises Refused, Unreachable."""
        return dict(self._send(method, path, None, None, places).headers)

    def events(
        self,
        answer: type[T],
        method: str,
        path: str,
        query: Query | None = None,
        event: str = "",
        **places: object,
    ) -> Iterator[T]:
        """Server-sent events, each as its model, until the box or the reader ends it. event: these alone.

        Raises Refused, Unreachable.
        """
        named = ""
        for line in self._lines(method, path, query, places):
            if line.startswith("event: "):
                named = line.removeprefix("event: ")
            elif line.startswith("data: ") and event in ("", named):
                yield TypeAdapter(answer).validate_json(line.removeprefix("data: "))

    def stream(self, method: str, path: str, **places: object) -> Iterator[bytes]:
        """A body that is long or never ends, piece by piece. Raises Refused, Unreachable."""
        with _reaching(), self._http.stream(method, _filled(path, places), timeout=_PATIENT) as response:
            if response.is_error:
                response.read()
            yield from _checked(response).iter_bytes()

    def _lines(
        self, method: str, path: str, query: Query | None, places: Mapping[str, object]
    ) -> Iterator[str]:
        asked = self._http.stream(method, _filled(path, places), params=dict(query or {}), timeout=_PATIENT)
        with _reaching(), asked as response:
            if response.is_error:
                response.read()
            yield from _checked(response).iter_lines()

    def _send(
        self,
        method: str,
        path: str,
        body: BaseModel | None,
        query: Query | None,
        places: Mapping[str, object],
    ) -> httpx.Response:
        # Fields that were not given are not sent: in a change they mean "as it is".
        document: Any = None if body is None else body.model_dump(mode="json", exclude_unset=True)
        with _reaching():
            response = self._http.request(
                method, _filled(path, places), json=document, params=dict(query or {})
            )
        return _checked(response)


# The box sends something every few seconds.
_PATIENT: Final = httpx.Timeout(TIMEOUT_S, read=60.0)


def _filled(path: str, places: Mapping[str, object]) -> str:
    return path.format_map({name: quote(str(value), safe="") for name, value in places.items()})


def _checked(response: httpx.Response) -> httpx.Response:
    """Raises Refused."""
    if not response.is_error:
        return response
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = response.reason_phrase
    raise Refused(response.status_code, detail)


@contextmanager
def _reaching() -> Iterator[None]:
    """Raises Unreachable for whatever the network does."""
    try:
        yield
    except httpx.HTTPError as error:
        raise Unreachable(f"the box does not answer: {error}") from error
