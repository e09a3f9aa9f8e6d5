"""A remote room's voice, and a film's captions, through the real studio."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from webrtc_senders import Tone, offering

from appliance.api.wire_talk import TalkChange
from appliance.bench.ours import Box
from appliance.client import BoxClient
from pipelines.broadcast import WhepViewer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LOUD, SILENT = 3000, 60  # peaks of 16-bit samples
RED, BLUE = (200, 30, 30), (30, 30, 200)
BEFORE_S = 2.0  # of the film, until it changes its colour and its caption


def peak(viewer: WhepViewer) -> int:
    heard = viewer.newest_sound
    return 0 if heard is None else int(np.abs(heard.to_ndarray().astype(np.int32)).max())


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.1)


async def speak(room: BoxClient, viewer_id: str) -> RTCPeerConnection:
    """The room's microphone, by WHIP."""
    peer = await offering(Tone())
    session = await asyncio.to_thread(room.media.speak, viewer_id, peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(session.sdp, "answer"))
    return peer


async def test_a_room_is_heard_where_the_assistant_wants_it(box: Box) -> None:
    with BoxClient(box.url, box.token) as assistant, BoxClient(box.url, box.token[::-1]) as room:
        async with (
            WhepViewer(f"{box.url}/whep", box.token[::-1]) as speaking,
            WhepViewer(f"{box.url}/whep", box.token) as programme,
            WhepViewer(f"{box.url}/whep?hear=voice", box.token) as main_room,
        ):
            # The assistant's own sessions are no room.
            (viewer_id,) = [one.viewer_id for one in assistant.viewers.all() if one.name == ""][:1]
            room.viewers.ask(viewer_id)
            assistant.talk.let_in(viewer_id)
            peer = await speak(room, viewer_id)
            await until(lambda: peak(main_room) > LOUD, "the tone in the main room")
            assert peak(programme) < SILENT and peak(speaking) < SILENT
            assistant.talk.change(TalkChange(in_programme=True))
            await until(lambda: peak(programme) > LOUD, "the tone in the programme")
            assert peak(speaking) < SILENT, "its own voice does not come back"
            await until(lambda: assistant.state.status().talk.level_dbfs > -20, "its level")
            assistant.talk.stop()
            await until(lambda: peak(programme) < SILENT, "silence")
            assert main_room.frames == 0, "who hears the voice alone gets no picture"
            await peer.close()


def test_a_films_captions_are_in_step(box: Box, tmp_path: Path, eventually: Callable[..., Any]) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(round(25 * BEFORE_S) + 50):
            rgb = np.full((180, 320, 3), RED if number < 25 * BEFORE_S else BLUE, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    with BoxClient(box.url, box.token) as assistant:
        with path.open("rb") as file:
            item = assistant.courseware.upload(path.name, file)
        eventually("ready", lambda: assistant.courseware.item(item.id).state == "ready", 60)
        webvtt = f"WEBVTT\n\n00:{BEFORE_S:06.3f} --> 00:09.000\nblue\n".encode()
        assert assistant.courseware.set_captions(item.id, webvtt).captions == 1
        captioned_s = [0.0]

        def follow() -> None:
            with BoxClient(box.url, box.token) as console:
                next(status for status in console.state.events() if status.caption is not None)
                captioned_s[0] = time.monotonic()

        following = threading.Thread(target=follow, daemon=True)
        following.start()
        turned_s = asyncio.run(seen_blue(box, lambda: assistant.courseware.open(item.id)))
        following.join(20)
    # A few pictures of the way to this viewer, and the tenth of a second in which changes travel as one.
    assert abs(captioned_s[0] - turned_s) < 0.7


async def seen_blue(box: Box, open_film: Callable[[], object]) -> float:
    """When a viewer's picture turned from red to blue."""
    async with WhepViewer(f"{box.url}/whep", box.token) as viewer:
        await viewer.next_frame(30)
        await asyncio.to_thread(open_film)
        was_red = False
        while True:
            picture = (await viewer.next_frame(30)).rgb[20:60, 20:60].mean(axis=(0, 1))
            was_red = was_red or picture[0] > picture[2] + 80
            if was_red and picture[2] > picture[0] + 80:
                return time.monotonic()
