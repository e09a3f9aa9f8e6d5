"""A viewer in a process of its own, so that its decoding is not counted as the box's work."""

from __future__ import annotations

import asyncio

from pipelines.broadcast import WhepViewer

FRAME_TIMEOUT_S = 15


def watch(url: str, token: str) -> None:
    """Plays the programme of the box at `url` until it is ended, or nothing comes for FRAME_TIMEOUT_S."""
    asyncio.run(_watch(url, token))


async def _watch(url: str, token: str) -> None:
    async with WhepViewer(f"{url}/whep", token) as viewer:
        seen = -1
        while viewer.frames > seen:
            seen = viewer.frames
            await asyncio.sleep(FRAME_TIMEOUT_S)
