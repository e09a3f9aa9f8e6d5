from __future__ import annotations

import asyncio
import gc

import numpy as np
import pytest
from aioice.ice import StunProtocol

from pipelines.broadcast import WhepError, WhepViewer


async def test_watches_over_http_and_says_goodbye(studio, new_door, until, patches) -> None:
    async with new_door(studio.broadcast, "secret") as door:
        async with WhepViewer(f"{door.origin}/whep", "secret") as viewer:
            first = await viewer.next_frame(timeout_s=10)
            second = await viewer.next_frame(timeout_s=10)
            assert second.pts > first.pts and second.arrived_ns > first.arrived_ns
            for x, y, colour in patches.values():
                shown = second.rgb[y - 30 : y + 30, x - 30 : x + 30].astype(int)
                assert np.abs(shown - colour).max() <= 3
            await until(lambda: viewer.frames > 20 and viewer.sound_blocks > 20, "pictures and sound")
            assert np.abs(viewer.newest_sound.to_ndarray()).max() > 4000
            (status,) = studio.broadcast.viewers()
        assert studio.broadcast.viewers() == []
        assert door.requests == [("POST", "/whep"), ("DELETE", f"/whep/{status.viewer_id}")]


async def test_the_wrong_token_is_told_and_kept_secret(studio, new_door) -> None:
    async with new_door(studio.broadcast, "secret") as door:
        with pytest.raises(WhepError) as error:
            async with WhepViewer(f"{door.origin}/whep", "guess") as viewer:
                await viewer.next_frame(timeout_s=1)
    assert error.value.status == 401 and "guess" not in str(error.value)


async def test_no_server_is_an_error_and_leaves_no_socket() -> None:
    with pytest.raises(WhepError, match="no answer from"):
        async with WhepViewer("http://127.0.0.1:1/whep"):
            pass
    gc.collect()
    assert not any(isinstance(o, StunProtocol) and not o.transport.is_closing() for o in gc.get_objects())


async def test_no_picture_in_time_is_a_timeout(studio, new_door) -> None:
    async with new_door(studio.broadcast, "") as door:
        viewer = WhepViewer(f"{door.origin}/whep")
        with pytest.raises(TimeoutError):
            await viewer.next_frame(timeout_s=0.05)
        await viewer.close()
        await viewer.close()
    await asyncio.sleep(0)
