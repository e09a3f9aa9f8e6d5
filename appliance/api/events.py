"""Server-sent events: what is so, now and whenever it changes, over proxies that end a quiet stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final, NamedTuple

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from appliance.changes import Changes
from appliance.gateway import Gateway
from pipelines.saying import said

MAX_STREAMS: Final = 16
SETTLE_S: Final = 0.1  # changes within this time travel as one
HEARTBEAT_S: Final = 15.0  # without anything sent


class Beside(NamedTuple):
    """What changes much more often than all else, in the same stream. pulse: told of its changes as well."""

    event: str
    text_of: Callable[[], str | None]
    pulse: Changes


async def changing(
    event: str,
    text_of: Callable[[], str | None],
    changes: Changes,
    settle_s: float = 0.0,
    beside: Beside | None = None,
) -> AsyncGenerator[str]:
    """An event with each new text, until there is None. settle_s: changes within this time travel as one."""
    sent, sent_beside, sent_s, seen = "", None, time.monotonic(), -1
    while True:
        if changes.count != seen:  # else it was the pulse
            seen = changes.count
            text = text_of()
            if text is None:
                return
            if text != sent:
                yield f"event: {event}\ndata: {text}\n\n"
                sent, sent_s = text, time.monotonic()
                await asyncio.sleep(settle_s)
        if beside is not None and (more := beside.text_of()) not in (None, sent_beside):
            yield f"event: {beside.event}\ndata: {more}\n\n"
            sent_beside, sent_s = more, time.monotonic()
        if time.monotonic() - sent_s >= HEARTBEAT_S:
            yield ": still here\n\n"
            sent_s = time.monotonic()
        # What has changed while this was being sent must not wait for the next change. And whatever wakes us
        # may be none of this reader's business: quiet is what nothing was sent in.
        if seen == changes.count:
            follows = changes if beside is None else beside.pulse
            await follows.wait(max(0.0, sent_s + HEARTBEAT_S - time.monotonic()))


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """A proxy that waits for more would hold back a change."""
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


class Streams:
    """Those of one kind, at most MAX_STREAMS at once. For the event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._open: set[object] = set()

    def answer(
        self, event: str, say: Callable[[], BaseModel], beside: Beside | None = None
    ) -> StreamingResponse:
        """say: what is so now. Raises HTTPException when there are too many."""
        if len(self._open) >= MAX_STREAMS:
            full = said("too_many_consoles", "Too many consoles are open.")
            raise HTTPException(503, full, {"Retry-After": "10"})
        return event_stream(self._events(event, say, beside))

    async def _events(
        self, event: str, say: Callable[[], BaseModel], beside: Beside | None
    ) -> AsyncIterator[str]:
        me = object()
        self._open.add(me)

        def text() -> str | None:
            return None if self._gateway.is_closing else say().model_dump_json()

        try:
            changes = self._gateway.changes
            async with aclosing(changing(event, text, changes, SETTLE_S, beside)) as events:
                async for one in events:
                    yield one
        finally:
            self._open.discard(me)
