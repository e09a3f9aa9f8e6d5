"""Server-sent events: what somebody must know, whenever it changes, over proxies that end a quiet stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from starlette.responses import StreamingResponse

from appliance.changes import Changes

HEARTBEAT_S = 15.0  # without anything sent


async def changing(
    event: str, text_of: Callable[[], str | None], changes: Changes, settle_s: float = 0.0
) -> AsyncGenerator[str]:
    """An event with each new text, until there is None. settle_s: changes within this time travel as one."""
    sent, sent_s = "", time.monotonic()
    while (text := text_of()) is not None:
        if text != sent:
            yield f"event: {event}\ndata: {text}\n\n"
            sent, sent_s = text, time.monotonic()
            await asyncio.sleep(settle_s)
        elif time.monotonic() - sent_s >= HEARTBEAT_S:
            yield ": still here\n\n"
            sent_s = time.monotonic()
        # Whatever wakes us may be none of this reader's business: quiet is what nothing was sent in.
        await changes.wait(max(0.0, sent_s + HEARTBEAT_S - time.monotonic()))


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """A proxy that waits for more would hold back a change."""
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
