"""RTMP to a real server (FFmpeg listening): pictures as coded, sound as AAC, a platform that goes away."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.publishing import DestinationSettings, Publishing, PublishingSettings

KEY = "a-stream-key-of-the-tests"


class Platform:
    """A process that listens for one stream."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.lines: list[str] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    def count(self, kind: str) -> int:
        return sum(line.startswith(kind) for line in self.lines)

    async def listen(self) -> None:
        program = str(Path(__file__).parent / "rtmp_server.py")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            program,
            f"rtmp://127.0.0.1:{self.port}/live/{KEY}",
            stdout=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.lines.append(line.decode().strip())

    async def kill(self) -> None:
        if self._process is not None and self._reader is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            await self._reader


@pytest.fixture
async def platform() -> Any:
    platform = Platform()
    yield platform
    await platform.kill()


def push(programme, platform: Platform, tmp_path: Path) -> Publishing:
    (tmp_path / "key").write_text(KEY)
    destination = DestinationSettings(
        name="live",
        url=f"rtmp://127.0.0.1:{platform.port}/live/{{token}}",
        token_file=str(tmp_path / "key"),
    )
    programme.publishing = Publishing(
        PublishingSettings(destinations=(destination,)), programme.want_key, lambda: None
    )
    programme.publishing.start()
    return programme.publishing


async def test_a_platform_gets_pictures_and_sound(programme, platform, until, tmp_path, caplog) -> None:
    await platform.listen()
    publishing = push(programme, platform, tmp_path)
    await until(lambda: platform.count("VideoFrame") > 60 and platform.count("AudioFrame") > 60, "a stream")
    assert platform.lines[0] == "streams h264 aac"
    (status,) = publishing.destinations()
    assert (status.state, status.server) == ("live", f"rtmp://127.0.0.1:{platform.port}")
    await until(lambda: publishing.destinations()[0].sent_bytes > 0, "a report")
    times = {
        kind: [float(line.split()[1]) for line in platform.lines if line.startswith(kind)]
        for kind in ("VideoFrame", "AudioFrame")
    }
    for kind, found in times.items():
        assert found == sorted(found), kind
    assert abs(times["VideoFrame"][-1] - times["AudioFrame"][-1]) < 1.5
    listed = await asyncio.create_subprocess_exec("ps", "-eo", "args", stdout=asyncio.subprocess.PIPE)
    told, _ = await listed.communicate()
    pushing = [line for line in told.decode().splitlines() if "rtmp_worker" in line]
    assert pushing and not any(KEY in line for line in pushing), "the key is in no command line of ours"
    assert KEY not in caplog.text
    await publishing.stop_one("live")
    assert publishing.destinations()[0].state == "stopped"


async def test_a_platform_that_goes_and_returns(programme, platform, until, tmp_path) -> None:
    publishing = push(programme, platform, tmp_path)
    await until(lambda: publishing.destinations()[0].code == "unreachable", "nobody listens")
    await platform.listen()
    await until(lambda: platform.count("VideoFrame") > 10, "a stream")
    await platform.kill()
    await until(lambda: publishing.destinations()[0].code in ("lost", "unreachable"), "its end noticed")
    platform.lines.clear()
    await platform.listen()
    await until(lambda: platform.count("VideoFrame") > 10, "a stream again")
    assert publishing.destinations()[0].sessions >= 2


async def test_a_box_without_a_free_file_tries_again(programme, until) -> None:
    """EMFILE, as of a box that has too many connections: it passes, and so does what it did."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    await asyncio.to_thread(lambda: None)  # a thread of the pool, which needs no file later
    # Under the lowest that is free: nothing more can be opened.
    with socket.socket() as lowest:
        free = lowest.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        publishing = Publishing(
            PublishingSettings(
                destinations=(DestinationSettings(name="away", url="rtmp://127.0.0.1:9/live"),)
            ),
            programme.want_key,
            lambda: None,
        )
        programme.publishing = publishing
        publishing.start()
        await until(lambda: publishing.destinations()[0].code == "box", "no file is free")
        assert publishing.destinations()[0].reason == "this box could not send (Too many open files)"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await until(lambda: publishing.destinations()[0].code == "unreachable", "tried again")
