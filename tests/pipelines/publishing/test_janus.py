"""Published to a real SFU, Debian's Janus with deploy/janus/, and watched there in a real browser."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsers import AUTOPLAY, async_chromium
from playwright.async_api import Page

from pipelines.broadcast import hooks
from pipelines.publishing import DestinationSettings, Publishing, PublishingSettings

CONFIGS = Path(__file__).parents[3] / "deploy" / "janus"
TOKEN = "a-token-of-the-tests"
ROOM = 1234

pytestmark = pytest.mark.skipif(shutil.which("janus") is None, reason="needs an SFU (apt install janus)")

WATCH = """async (offer) => {
  const pc = window.pc = new RTCPeerConnection();
  const video = document.createElement("video");
  video.muted = video.autoplay = true;
  document.body.append(video);
  const stream = video.srcObject = new MediaStream();
  pc.ontrack = (event) => stream.addTrack(event.track);
  await pc.setRemoteDescription({type: "offer", sdp: offer});
  await pc.setLocalDescription();
  if (pc.iceGatheringState !== "complete") await new Promise((done) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
  });
  return pc.localDescription.sdp;
}"""
STATS = """async () => {
  const found = {};
  for (const s of (await pc.getStats()).values()) if (s.type === "inbound-rtp") found[s.kind] = s;
  return found;
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Janus:
    """The SFU as deploy/janus/ sets it up, on a port of its own, and its WHIP endpoint."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        port, self.whip_port = free_port(), free_port()
        self.api = f"http://127.0.0.1:{port}/janus"
        self.whip = f"http://127.0.0.1:{self.whip_port}/whip/{ROOM}"
        for config in CONFIGS.glob("*.jcfg"):
            (folder / config.name).write_text(config.read_text().replace("port = 8088", f"port = {port}"))
        self._log = (folder / "janus.log").open("w")
        self.start()
        self._endpoint = subprocess.Popen(
            [sys.executable, CONFIGS / "whip.py", "--port", str(self.whip_port), "--janus", self.api],
            env=os.environ | {"WHIP_TOKEN": TOKEN},
            stdout=self._log,
            stderr=self._log,
        )

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["janus", f"--configs-folder={self._folder}"], stdout=self._log, stderr=self._log
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        for process in (self._process, self._endpoint):
            process.kill()
            process.wait()
        self._log.close()

    @property
    def log(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", (self._folder / "janus.log").read_text())


class Subscriber:
    """Asks Janus for the lesson on behalf of a browser."""

    def __init__(self, api: str) -> None:
        self._api = api
        self._http = httpx.AsyncClient(timeout=20)
        self._session = self._handle = ""

    async def offer(self) -> str:
        created = await self._ask(self._api, {"janus": "create"})
        self._session = f"{self._api}/{created['data']['id']}"
        plugin = {"janus": "attach", "plugin": "janus.plugin.videoroom"}
        self._handle = f"{self._session}/{(await self._ask(self._session, plugin))['data']['id']}"
        body = {"request": "listparticipants", "room": ROOM}
        listed = await self._ask(self._handle, {"janus": "message", "body": body})
        (feed,) = listed["plugindata"]["data"]["participants"]
        body = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": feed["id"]}]}
        await self._ask(self._handle, {"janus": "message", "body": body})
        while "jsep" not in (event := (await self._http.get(self._session)).json()):
            pass
        return str(event["jsep"]["sdp"])

    async def answer(self, sdp: str) -> None:
        message = {"janus": "message", "body": {"request": "start"}, "jsep": {"type": "answer", "sdp": sdp}}
        await self._ask(self._handle, message)

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, url: str, message: dict[str, Any]) -> dict[str, Any]:
        answer = (await self._http.post(url, json=message | {"transaction": secrets.token_hex(8)})).json()
        assert answer["janus"] != "error", answer
        return dict(answer)


@pytest.fixture
def janus(tmp_path: Path) -> Iterator[Janus]:
    janus = Janus(tmp_path)
    yield janus
    janus.close()


@pytest.fixture
async def publishing(janus: Janus, programme: Any, tmp_path: Path) -> Publishing:
    (tmp_path / "token").write_text(TOKEN)
    destination = DestinationSettings(name="janus", url=janus.whip, token_file=str(tmp_path / "token"))
    programme.publishing = Publishing(
        PublishingSettings(destinations=(destination,)), programme.want_key, lambda: None
    )
    programme.publishing.start()
    return programme.publishing


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    if not hooks._host_addresses(use_ipv4=True, use_ipv6=True):
        pytest.skip("Chromium makes no WebRTC connection without a network interface besides loopback")
    async with async_chromium(AUTOPLAY) as browser:
        yield await browser.new_page()


async def test_a_browser_watches_the_lesson_at_the_sfu(publishing, janus, page, until) -> None:
    await until(lambda: publishing.destinations()[0].state == "live", f"live\n{janus.log}")
    subscriber = Subscriber(janus.api)
    await subscriber.answer(await page.evaluate(WATCH, await subscriber.offer()))
    stats: dict[str, Any] = {}
    for _ in range(300):
        stats = await page.evaluate(STATS)
        if stats.get("video", {}).get("framesDecoded", 0) > 40:
            break
        await asyncio.sleep(0.1)
    assert stats["video"]["framesDecoded"] > 40, (stats, janus.log)
    assert stats["video"]["frameWidth"] == 640 and stats["audio"]["packetsReceived"] > 40
    (status,) = publishing.destinations()
    assert (status.state, status.sessions) == ("live", 1)
    await until(lambda: publishing.destinations()[0].rtt_ms is not None, "a report of Janus")
    await subscriber.close()


async def test_an_sfu_that_is_restarted_gets_the_lesson_again(publishing, janus, until) -> None:
    await until(lambda: publishing.destinations()[0].state == "live", f"live\n{janus.log}")
    janus.kill()
    await until(lambda: publishing.destinations()[0].state == "waiting", "its death noticed", 60)
    janus.start()
    await until(lambda: publishing.destinations()[0].state == "live", f"live again\n{janus.log}", 60)
    assert publishing.destinations()[0].sessions == 2
