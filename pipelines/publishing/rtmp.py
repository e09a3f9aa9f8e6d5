"""RtmpPush: the programme to a live platform by RTMP, through a process of its own.

PyAV connects while it holds the interpreter's lock: in the gateway a platform that does not answer would stop
every viewer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from pipelines.channels import Backlog
from pipelines.media import Packet
from pipelines.publishing.errors import PublishError
from pipelines.recording.aligning import SoundAlignment

WORKER = "pipelines.publishing.rtmp_worker"
HEADER = struct.Struct("!B?qI")  # 0 picture or 1 sound, key frame, pts, bytes that follow
# Platforms cut their own segments at key frames, and want one every few seconds.
KEY_EVERY_S = 4.0
SILENCE_S = 10.0
CLOSE_S = 2.0
# A few seconds: what is older than a platform's own delay is of no use.
MAX_PACKETS = 512
MAX_BYTES = 8_000_000


class RtmpPush:
    """`connect`, then `watch_over`; `feed` from the start. Lives in the event loop's thread.

    The address is handed over by a pipe, because it holds a stream key and a command line can be read by all.
    """

    rtt_ms = None
    loss = 0.0
    low_bps = None

    def __init__(self, layer: str, ask_key: Callable[[], None]) -> None:
        self.layer = layer
        self._ask_key = ask_key
        self._backlog: Backlog[Packet] = Backlog(MAX_PACKETS, MAX_BYTES)
        self._alignment = SoundAlignment()
        self._ready = asyncio.Event()
        self._heard = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_live: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._why = ""
        self._key_s = time.monotonic()
        self.sent_bytes = 0

    @property
    def watched(self) -> frozenset[str]:
        return frozenset((self.layer,))

    @property
    def dropped(self) -> int:
        """Packets left out because the way to the platform could not keep up."""
        return self._backlog.dropped

    async def connect(self, url: str, timeout_s: float) -> None:
        """Raises PublishError."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"url": url, "parent": os.getpid()}).encode() + b"\n")
        self._tasks = [
            asyncio.create_task(self._send(self._process.stdin), name="publisher rtmp send"),
            asyncio.create_task(self._listen(self._process.stdout), name="publisher rtmp listen"),
        ]
        self._ask_key()
        try:
            async with asyncio.timeout(timeout_s):
                await self._is_live
        except TimeoutError:
            raise PublishError("no_connection", f"no stream within {timeout_s:.0f} s") from None

    def feed(self, packet: Packet) -> None:
        """Takes one packet of the programme; never blocks."""
        if packet.kind == "video" and packet.layer != self.layer:
            return
        self._alignment.arrived(packet, time.monotonic_ns())
        if packet.kind == "sound":
            pts = self._alignment.video_pts(packet.pts)
            if pts is None:
                return
            packet = replace(packet, pts=pts)
        elif packet.is_key:
            self._key_s = time.monotonic()
        self._backlog.put(packet)
        self._ready.set()

    async def watch_over(self) -> str:
        """Returns when the stream is over, with the reason. Asks for key frames."""
        heard_s = time.monotonic()
        while not self._why:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), 1.0)
                self._heard.clear()
                heard_s = time.monotonic()
            if time.monotonic() - heard_s > SILENCE_S:
                return f"the platform took nothing for {SILENCE_S:.0f} s"
            if time.monotonic() - self._key_s >= KEY_EVERY_S or self._backlog.wants_key:
                self._ask_key()
        return self._why

    async def close(self) -> None:
        """Ends the stream in good order, else the process."""
        self._is_live.cancel()
        process = self._process
        if process is None:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), CLOSE_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _send(self, to: asyncio.StreamWriter) -> None:
        try:
            while True:
                while (packet := self._backlog.pop()) is not None:
                    is_sound = packet.kind == "sound"
                    to.write(HEADER.pack(is_sound, packet.is_key, packet.pts, len(packet.data)) + packet.data)
                    await to.drain()
                self._ready.clear()
                await self._ready.wait()
        except (BrokenPipeError, ConnectionResetError):
            return  # the process has gone, and _listen knows why

    async def _listen(self, to: asyncio.StreamReader) -> None:
        """Lines of the worker: live, sent BYTES, failed REASON."""
        why = "the process that sends has ended"
        while line := (await to.readline()).decode(errors="replace").strip():
            word, _, rest = line.partition(" ")
            if word == "live" and not self._is_live.done():
                self._is_live.set_result(None)
            elif word == "sent":
                self.sent_bytes = int(rest)
            elif word == "failed":
                why = rest
            self._heard.set()
        self._why = why
        if not self._is_live.done():
            self._is_live.set_exception(PublishError("unreachable", why))
        self._heard.set()
