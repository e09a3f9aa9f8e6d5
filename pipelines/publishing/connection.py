"""Publication: one WebRTC connection that sends the programme to a server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from aiortc import (
    InvalidStateError,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.sdp import SessionDescription
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from pipelines.broadcast import hooks as sending
from pipelines.broadcast.choosing import LAYER_BPS, SOUND_ONLY
from pipelines.broadcast.hooks import PayloadType
from pipelines.broadcast.key_requests import Allowance
from pipelines.broadcast.pacing import Pacer
from pipelines.broadcast.packetising import AccessUnit
from pipelines.broadcast.status import ViewerTally
from pipelines.broadcast.steering import Steering
from pipelines.broadcast.streams import Placeholder, Stream
from pipelines.media import LOW_LAYER
from pipelines.publishing import hooks
from pipelines.publishing.errors import PublishError
from pipelines.publishing.links import IceServer

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 3.0
# Servers report about once a second (RFC 3550 section 6.2); ICE's own consent takes 30 s to notice.
SILENCE_S = 10.0
BASELINE = "42e01f"

# What aiortc raises for an answer that it cannot read or that does not fit the offer.
_ANSWER_ERRORS = (
    InvalidStateError,
    OperationError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    StopIteration,
    TypeError,
    ValueError,
)


class Publication:
    """`offer`, then `accept`, then `feed` and `close`. Lives in the event loop's thread.

    pacer: of all destinations together. ask_key: the server, or a backlog that overflowed, needs a key frame
    of this layer. on_watched: `watched` or `low_bps` changed. layer_bps: ceilings of the layers.

    What the server reports of the line leads from 4:2:0 to the low layer, and to sound alone, and back, as a
    viewer is led. 4:4:4 has no other layer of its profile: it stays, or is sound.
    """

    def __init__(
        self,
        layer: str,
        servers: Iterable[IceServer],
        pacer: Pacer,
        ask_key: Callable[[str], None],
        on_watched: Callable[[], None] = lambda: None,
        layer_bps: Mapping[str, int] = LAYER_BPS,
    ) -> None:
        sending.install()
        self._ask_key = ask_key
        self._on_watched = on_watched
        self._allowance = Allowance()
        configuration = RTCConfiguration(
            [server.for_aiortc() for server in servers], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
        )
        self._connection = RTCPeerConnection(configuration)
        self._payload_types: dict[str, PayloadType] = {}
        self._video = Stream("video", pacer, lambda _layer: self._payload_types["video"], self._need_key)
        self._sound = Stream("sound", pacer, lambda _layer: self._payload_types["sound"])
        self._transceivers = [
            self._add("video", _h264(layer), self._video),
            self._add("sound", _codecs("audio", "audio/opus"), self._sound),
        ]
        self._newest_sound_pts = -1
        self._tally = ViewerTally()
        layers = (layer, LOW_LAYER) if layer == "420" else (layer,)
        self._steering = Steering(self._video, self._tally, layers, layer_bps, ask_key)
        self._told = self.watched, self.low_bps
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._connection.add_listener("connectionstatechange", self._state_changed)

    async def offer(self) -> str:
        """The complete offer: all candidates that the servers known so far give."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def late_candidates(self, servers: Iterable[IceServer]) -> str:
        """A trickle fragment (RFC 8840) with the candidates of TURN servers learnt since; "" without any."""
        candidates = await hooks.gather_relays(self._connection, servers)
        if not candidates:
            return ""
        media = SessionDescription.parse(self._connection.localDescription.sdp).media[0]
        assert media.ice is not None  # it is our own offer
        lines = [
            f"a=ice-ufrag:{media.ice.usernameFragment}",
            f"a=ice-pwd:{media.ice.password}",
            f"m={media.kind} 9 UDP/TLS/RTP/SAVPF 0",
            f"a=mid:{media.rtp.muxId}",
            *(f"a={candidate}" for candidate in candidates),
            "a=end-of-candidates",
        ]
        return "\r\n".join(lines) + "\r\n"

    async def accept(self, answer: str, timeout_s: float) -> None:
        """Takes the server's answer and waits for the media path. Raises PublishError."""
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except _ANSWER_ERRORS:
            raise PublishError("bad_answer", "the server's answer does not fit what was offered") from None
        video, sound = self._transceivers
        pictures = sending.payload_types(video)
        if not pictures:
            raise PublishError("bad_answer", "the server takes no H.264")
        self._payload_types["video"] = next(iter(pictures.values()))
        if hooks.is_taken(sound):
            self._payload_types["sound"] = sending.sound_payload_type(sound)
        self._tally.ssrc = video.sender._ssrc
        sending.on_rtcp(video.sender, self._steering.hear)
        sending.on_key_request(video.sender, self._need_key)
        video.sender.transport.add_listener("statechange", self._transport_changed)
        try:
            async with asyncio.timeout(timeout_s):
                await self._connected
        except TimeoutError:
            raise PublishError("no_connection", f"no media path within {timeout_s:.0f} s") from None

    def feed(self, unit: AccessUnit) -> None:
        """Takes one packet of the programme; never blocks."""
        if unit.kind == "video":
            self._steering.feed(unit)
        elif unit.pts > self._newest_sound_pts and "sound" in self._payload_types:
            self._newest_sound_pts = unit.pts  # a studio that was restarted may step back
            self._sound.feed(unit)

    async def watch_over(self) -> str:
        """Returns when the connection is over, with the reason. Asks for key frames that never came, and
        keeps to what the line bears."""
        while True:
            try:
                async with asyncio.timeout(1.0):
                    await self._over.wait()
                return "the server ended the connection, or it failed"
            except TimeoutError:
                pass
            if self._tally.is_silent(time.monotonic_ns(), SILENCE_S):
                return f"nothing was heard of the server for {SILENCE_S:.0f} s"
            if self._video.lacks_key:
                self._need_key()
            for report in (await self._transceivers[0].sender.getStats()).values():
                if isinstance(report, RTCRemoteInboundRtpStreamStats) and report.roundTripTime is not None:
                    self._tally.rtt_ms = report.roundTripTime * 1e3
                    self._video.rtt_s = report.roundTripTime
            self._steering.look()
            self._tell_watched()

    @property
    def sent_bytes(self) -> int:
        return self._video.sent_bytes + self._sound.sent_bytes

    @property
    def rtt_ms(self) -> float | None:
        return self._tally.rtt_ms

    @property
    def layer(self) -> str:
        """What is sent: one of media.VIDEO_LAYERS, or "sound"."""
        return self._steering.layer

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded for it: the one sent, and the one waited for."""
        return self._steering.watched

    @property
    def low_bps(self) -> float | None:
        """What the low layer may take on this line, bit/s; None while it is of no use here."""
        return self._steering.low_bps

    @property
    def loss(self) -> float:
        """Share of video packets lost, 0 to 1, of the newest receiver report."""
        return self._tally.loss

    @property
    def dropped(self) -> int:
        """Packets left out because the way to the server could not keep up."""
        return self._video.dropped + self._sound.dropped

    async def close(self) -> None:
        """Frees tasks and sockets."""
        self._connected.cancel()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close()
        except TimeoutError:
            log.warning("a publisher's connection did not close within %.0f s", CLOSE_TIMEOUT_S)

    def _add(
        self, kind: Literal["video", "sound"], codecs: list[RTCRtpCodecCapability], stream: Stream
    ) -> RTCRtpTransceiver:
        transceiver = self._connection.addTransceiver(Placeholder(kind), "sendonly")
        transceiver.setCodecPreferences(codecs)
        stream.attach(transceiver.sender)
        return transceiver

    def _need_key(self) -> None:
        wanted = self._steering.chooser.layer
        if wanted != SOUND_ONLY and self._allowance.take(time.monotonic()):
            self._ask_key(wanted)

    def _tell_watched(self) -> None:
        told = self.watched, self.low_bps
        if told != self._told:
            self._told = told
            self._on_watched()

    def _transport_changed(self) -> None:
        """The server said good-bye: aiortc calls the connection "connected" still."""
        if self._transceivers[0].sender.transport.state in ("failed", "closed"):
            self._over.set()

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._connected.done():
            self._connected.set_result(None)
        elif state in ("failed", "closed"):
            self._over.set()
            if not self._connected.done():
                self._connected.set_exception(PublishError("no_connection", "no media path came up"))


def _h264(layer: str) -> list[RTCRtpCodecCapability]:
    """H.264 as the layer is coded, with retransmission (RFC 4588)."""
    profile = sending.FULL_CHROMA_PROFILE if layer == "444" else BASELINE
    fitting = [
        codec
        for codec in _codecs("video", "video/H264")
        if codec.parameters.get("profile-level-id") == profile
    ]
    return fitting + _codecs("video", "video/rtx")


def _codecs(kind: str, mime_type: str) -> list[RTCRtpCodecCapability]:
    return [codec for codec in RTCRtpSender.getCapabilities(kind).codecs if codec.mimeType == mime_type]
