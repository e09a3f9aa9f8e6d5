"""Server-sent events: what is so, now and whenever it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from appliance.gateway import Gateway
from pipelines.saying import said

MAX_STREAMS: Final = 16
SETTLE_S: Final = 0.1  # changes within this time travel as one
HEARTBEAT_S: Final = 15.0  # so that proxies do not end a quiet stream


class Streams:
    """Those of one kind, at most MAX_STREAMS at once. For the event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._open: set[object] = set()

    def answer(self, event: str, say: Callable[[], BaseModel]) -> StreamingResponse:
        """say: what is so now. Raises HTTPException when there are too many."""
        if len(self._open) >= MAX_STREAMS:
            full = said("too_many_consoles", "Too many consoles are open.")
            raise HTTPException(503, full, {"Retry-After": "10"})
        return StreamingResponse(self._events(event, say), media_type="text/event-stream")

    async def _events(self, event: str, say: Callable[[], BaseModel]) -> AsyncIterator[str]:
        me = object()
        self._open.add(me)
        try:
            told = ""
            while not self._gateway.is_closing:
                text = say().model_dump_json()
                if text != told:
                    yield f"event: {event}\ndata: {text}\n\n"
                    told = text
                    await asyncio.sleep(SETTLE_S)
                if not await self._gateway.changes.wait(HEARTBEAT_S):
                    yield ": still here\n\n"
        finally:
            self._open.discard(me)
