"""One sender's WebRTC connection: pictures and sound of a browser, decoded at their own size."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from aiortc import (
    InvalidStateError,
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from av.audio.resampler import AudioResampler

from pipelines.media import I16, SOUND_HZ
from pipelines.orders import BoxServer
from pipelines.receiving import hooks
from pipelines.receiving.offer import BadOffer, Medium, read_offer
from pipelines.saying import said

ANSWER_TIMEOUT_S: Final = 8.0
CONNECT_TIMEOUT_S: Final = 20.0
MAX_BACKLOG: Final = 150  # coded pictures: a box this far behind shows the past
# Asked of the sender (RFC 8866, 5.8): bounds the decoding as well.
MAX_KBPS: Final[dict[Medium, int]] = {"screen": 12_000, "camera": 800}
_CODECS: Final = ("video/VP8", "video/H264", "video/rtx")


class Sink(Protocol):
    """Who takes what was decoded. Called in the connection's event loop: it must not block."""

    def picture(self, picture: VideoFrame) -> str:
        """A decoded picture. Returns "", or why the connection must end."""

    def sound(self, pcm: I16) -> None:
        """The next samples i16 (N, 2) at 48 kHz."""

    def end(self, reason: str) -> None:
        """Nothing more comes. Called once, from any thread."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Why a connection is over, for a person: ended on purpose, lost, never come up, too much to decode."""

    over: str
    lost: str
    never: str
    too_slow: str


class ReceivingPeer:
    """A sender's connection. Lives in one event loop; `end` and `wait_ended` are for any thread."""

    def __init__(
        self,
        medium: Medium,
        sink: Sink,
        wording: Wording,
        on_connected: Callable[[], None],
        servers: Sequence[BoxServer] = (),
    ) -> None:
        """on_connected: the first picture, or of a voice the first sound, is there; called once.

        servers: STUN and TURN for the box; of each kind the first is used.
        """
        self._medium = medium
        self._sink = sink
        self._wording = wording
        self._on_connected = on_connected
        self._is_connected = False
        self._opened_s = time.monotonic()
        self._lock = threading.Lock()
        self._reason = ""
        self._over = threading.Event()
        # An empty list, not None: aiortc's default is a public STUN server.
        self._connection = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[
                    RTCIceServer(server.url, server.username or None, server.password or None)
                    for server in servers
                ]
            )
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._receiver: RTCRtpReceiver | None = None

    async def answer(self, offer: str) -> str:
        """The complete answer. Raises BadOffer; then close() is due."""
        sdp = read_offer(offer, self._medium)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._answer(sdp)
        except TimeoutError:
            raise BadOffer(
                "failed", said("offer_addresses", "this machine's addresses could not be gathered in time")
            ) from None
        except (InvalidStateError, OperationError, ValueError):
            raise BadOffer(
                "unsupported",
                said("offer_common", "the sender and this box have no codec or transport in common"),
            ) from None

    def end(self, reason: str = "") -> None:
        """The first reason stays; "" is the word for an end on purpose."""
        with self._lock:
            if self._reason:
                return
            self._reason = reason or self._wording.over
        self._sink.end(self._reason)
        self._over.set()

    def wait_ended(self) -> str:
        """Blocks until the connection has ended; returns why."""
        self._over.wait()
        return self._reason

    async def close(self) -> None:
        self.end()
        for task in list(self._tasks):
            task.cancel()
        await self._connection.close()

    async def _answer(self, sdp: str) -> str:
        connection = self._connection
        connection.add_listener("track", self._take_track)
        connection.add_listener("connectionstatechange", self._state_changed)
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for transceiver in connection.getTransceivers():
            transceiver.direction = "recvonly"
            if transceiver.kind == "video":
                self._prefer(transceiver)
        await connection.setLocalDescription(await connection.createAnswer())
        self._spawn(self._watch())
        return _with_bandwidth(connection.localDescription.sdp, MAX_KBPS.get(self._medium, 0))

    def _prefer(self, transceiver: RTCRtpTransceiver) -> None:
        known = RTCRtpReceiver.getCapabilities("video")
        assert known is not None
        transceiver.setCodecPreferences(
            [codec for name in _CODECS for codec in known.codecs if codec.mimeType == name]
        )
        self._receiver = transceiver.receiver
        hooks.frames_at_marker(transceiver.receiver)

    def _take_track(self, track: MediaStreamTrack) -> None:
        self._spawn(self._see(track) if track.kind == "video" else self._hear(track))

    async def _see(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                picture = await track.recv()
                assert isinstance(picture, VideoFrame)
                if fault := self._sink.picture(picture):
                    self.end(fault)
                    return
                self._arrived("video")
        except MediaStreamError:
            self.end()

    async def _hear(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="stereo", rate=SOUND_HZ)
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                for even in resampler.resample(frame):
                    self._sink.sound(np.asarray(even.to_ndarray(), np.int16).reshape(-1, 2))
                self._arrived("audio")
        except MediaStreamError:
            if self._medium == "voice":
                self.end()

    def _arrived(self, kind: Literal["audio", "video"]) -> None:
        waited = "audio" if self._medium == "voice" else "video"
        if kind == waited and not self._is_connected:
            self._is_connected = True
            self._on_connected()

    async def _watch(self) -> None:
        """Ends what never came up, and a picture that this box cannot decode in time."""
        while True:
            await asyncio.sleep(1.0)
            if self._receiver is not None and hooks.decoder_backlog(self._receiver) > MAX_BACKLOG:
                self.end(self._wording.too_slow)
            if not self._is_connected and time.monotonic() - self._opened_s > CONNECT_TIMEOUT_S:
                self.end(self._wording.never)

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self.end(self._wording.lost)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _with_bandwidth(sdp: str, kbps: int) -> str:
    """The answer with b=AS in its video section, if it has one."""
    lines: list[str] = []
    in_video = False
    for line in sdp.splitlines():
        if line.startswith("m="):
            in_video = line.startswith("m=video")
        lines.append(line)
        if in_video and line.startswith("c="):
            lines.append(f"b=AS:{kbps}")
    return "\r\n".join(lines) + "\r\n"
