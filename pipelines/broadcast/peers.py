"""Peer: one viewer's WebRTC connection, from the answer to the last socket closed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from aiortc import (
    InvalidStateError,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from pipelines.broadcast import hooks
from pipelines.broadcast.choosing import LAYER_BPS, SOUND_ONLY
from pipelines.broadcast.errors import AnswerTimedOut, BadOffer
from pipelines.broadcast.key_requests import Allowance
from pipelines.broadcast.offers import Offer
from pipelines.broadcast.pacing import Pacer
from pipelines.broadcast.packetising import AccessUnit
from pipelines.broadcast.status import SILENT_S, Hears, ViewerState, ViewerStatus, ViewerTally
from pipelines.broadcast.steering import Steering
from pipelines.broadcast.streams import Placeholder, Stream
from pipelines.media import LOW_LAYER, TEACHER_LAYER, VIDEO_LAYERS
from pipelines.saying import said

log = logging.getLogger(__name__)

# Gathering ends by itself after 5 s when a STUN server does not answer.
ANSWER_TIMEOUT_S = 8.0
CLOSE_TIMEOUT_S = 5.0

# The 4:2:0 stream is constrained baseline: whoever takes one of these decodes it.
H264_PROFILES = ("42e01f", "42001f", hooks.MAIN_PROFILE)


class Peer:
    """Created per offer; `answer` once, then `feed`, `status`, `close`. Lives in the event loop's thread.

    servers: STUN and TURN for the box. ask_key: the viewer needs a key frame of this layer. full_chroma:
    4:4:4 for those who take it. layer_bps: ceilings of the layers. on_gone: called at most once, when the
    connection is over.
    """

    def __init__(
        self,
        viewer_id: str,
        name: str,
        servers: list[RTCIceServer],
        pacer: Pacer,
        ask_key: Callable[[str], None],
        on_gone: Callable[[Peer], None],
        full_chroma: bool = True,
        layer_bps: Mapping[str, int] = LAYER_BPS,
    ) -> None:
        self.viewer_id = viewer_id
        self.name = name
        self.hears: Hears = "programme"
        self._full_chroma = full_chroma
        self._layer_bps = layer_bps
        self._payload_types: dict[str, hooks.PayloadType] = {}
        self._ask_key = ask_key
        self._on_gone = on_gone
        self._allowance = Allowance()
        self._opened_ns = time.monotonic_ns()
        self._is_over = False
        # An empty list, not None: aiortc's default is a public STUN server.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._pacer = pacer
        self._video = Stream("video", pacer, self._payload_types.__getitem__, self._need_key)
        self._sound: Stream | None = None
        self._tally = ViewerTally()
        self._steering = self._steered(VIDEO_LAYERS[1:])
        self._video_sender: RTCRtpSender | None = None

    async def answer(self, offer: Offer) -> str:
        """The complete answer, all candidates in it. Raises BadOffer, AnswerTimedOut; then close() is due."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._answer(offer)
        except TimeoutError as error:
            raise AnswerTimedOut(
                said("offer_addresses", "this machine's addresses could not be gathered in time")
            ) from error
        except (InvalidStateError, OperationError, ValueError) as error:
            raise BadOffer(
                "unsupported",
                said("offer_in_common", "the viewer and this box have no codec or transport in common"),
            ) from error

    async def _answer(self, offer: Offer) -> str:
        connection = self._connection
        video = connection.addTransceiver(Placeholder("video"), "sendonly")
        video.setCodecPreferences(_h264(self._full_chroma))
        sound = None
        if offer.has_sound:
            sound = connection.addTransceiver(Placeholder("sound"), "sendonly")
            sound.setCodecPreferences(_opus())
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        self._settle_layers(video)
        self._video.attach(video.sender)
        if sound is not None:
            opus = hooks.sound_payload_type(sound)
            self._sound = Stream("sound", self._pacer, lambda _layer: opus)
            self._sound.attach(sound.sender)
        self._watch(video.sender)
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    def _settle_layers(self, video: RTCRtpTransceiver) -> None:
        """The layers that the answer allows. The best one is the first in it, and that of the start."""
        negotiated = hooks.payload_types(video)
        half = next((negotiated[profile] for profile in H264_PROFILES if profile in negotiated), None)
        if half is not None:
            self._payload_types |= {"420": half, LOW_LAYER: half, TEACHER_LAYER: half}
        if (full := negotiated.get(hooks.FULL_CHROMA_PROFILE)) is not None:
            self._payload_types["444"] = full
        layers = tuple(layer for layer in VIDEO_LAYERS if layer in self._payload_types)
        self._steering = self._steered(layers)

    def _steered(self, layers: tuple[str, ...]) -> Steering:
        return Steering(self._video, self._tally, layers, self._layer_bps, self._ask_key)

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded for this viewer: the one sent, and the one waited for."""
        return self._steering.watched

    @property
    def low_bps(self) -> float | None:
        """What the low layer may take on this line, bit/s; None while it is of no use to this viewer."""
        return self._steering.low_bps

    def pin(self, layer: str | None) -> None:
        """Holds a layer, or chooses again. Raises ValueError for one that this viewer does not take."""
        self._steering.chooser.pin(layer)
        self._steering.move()

    def take_parts(self, wanted: bool) -> None:
        """The teacher's layer instead of the best one, or the composed picture again."""
        self._steering.chooser.in_parts = wanted and TEACHER_LAYER in self._payload_types
        self._steering.move()

    def _watch(self, video: RTCRtpSender) -> None:
        self._video_sender = video
        self._tally.ssrc = video._ssrc
        hooks.on_rtcp(video, self._steering.hear)
        hooks.on_key_request(video, self._need_key)
        # The viewer said good-bye: aiortc calls the connection "connected" still.
        video.transport.add_listener("statechange", self._transport_changed)
        self._connection.add_listener("connectionstatechange", self._state_changed)

    def feed(self, unit: AccessUnit) -> None:
        """Takes one picture of the broadcast, or sound that this viewer hears; never blocks."""
        if unit.kind == "sound":
            if self._sound is not None:
                self._sound.feed(unit)
            return
        self._steering.feed(unit)

    async def look_after(self, connect_timeout_s: float, silence_timeout_s: float) -> None:
        """Once a second: ends what never came up or went silent, asks for a key frame that never came."""
        now_ns = time.monotonic_ns()
        if self._tally.is_silent(now_ns, silence_timeout_s):
            self._over()
        elif self._connection.connectionState != "connected":
            if now_ns - self._opened_ns > connect_timeout_s * 1e9:
                self._over()
        else:
            if self._video.lacks_key:
                self._need_key()
            await self._measure()
            self._steering.look()

    async def _measure(self) -> None:
        if self._video_sender is None:
            return
        for report in (await self._video_sender.getStats()).values():
            if isinstance(report, RTCRemoteInboundRtpStreamStats) and report.roundTripTime is not None:
                self._tally.rtt_ms = report.roundTripTime * 1e3
                self._video.rtt_s = report.roundTripTime

    def status(self) -> ViewerStatus:
        """How this viewer is doing, at this moment."""
        now_ns = time.monotonic_ns()
        first_ns = self._video.started_ns
        streams = [stream for stream in (self._video, self._sound) if stream is not None]
        return ViewerStatus(
            viewer_id=self.viewer_id,
            name=self.name,
            state=self._state(now_ns),
            age_s=(now_ns - self._opened_ns) / 1e9,
            first_picture_ms=None if first_ns is None else (first_ns - self._opened_ns) / 1e6,
            sent_bytes=sum(stream.sent_bytes for stream in streams),
            sent_packets=sum(stream.sent_packets for stream in streams),
            loss=self._tally.loss,
            lost_packets=self._tally.lost_packets,
            rtt_ms=self._tally.rtt_ms,
            nacks=self._tally.nacks,
            key_requests=self._tally.key_requests,
            dropped=sum(stream.dropped for stream in streams),
            layer=self._steering.layer,
            layers=self._steering.chooser.layers,
            pinned=self._steering.chooser.pinned,
            hears=self.hears,
        )

    async def close(self) -> None:
        """Ends the connection and frees its tasks and sockets."""
        self._is_over = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close()
        except TimeoutError:
            log.warning("a viewer's connection did not close within %.0f s", CLOSE_TIMEOUT_S)

    def _state(self, now_ns: int) -> ViewerState:
        if self._is_over:
            return "closed"
        if self._connection.connectionState != "connected":
            return "connecting"
        return "disconnected" if self._tally.is_silent(now_ns, SILENT_S) else "connected"

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._over()

    def _transport_changed(self) -> None:
        sender = self._video_sender
        if sender is not None and sender.transport.state in ("failed", "closed"):
            self._over()

    def _need_key(self) -> None:
        wanted = self._steering.chooser.layer
        if wanted != SOUND_ONLY and self._allowance.take(time.monotonic()):
            self._ask_key(wanted)

    def _over(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._on_gone(self)


def _h264(full_chroma: bool) -> list[RTCRtpCodecCapability]:
    """H.264 as it is sent, most fitting first, with retransmission (RFC 4588)."""
    known = RTCRtpSender.getCapabilities("video").codecs
    fitting = [
        codec
        for profile in ((hooks.FULL_CHROMA_PROFILE,) if full_chroma else ()) + H264_PROFILES
        for codec in known
        if codec.mimeType == "video/H264" and codec.parameters.get("profile-level-id") == profile
    ]
    return fitting + [codec for codec in known if codec.mimeType == "video/rtx"]


def _opus() -> list[RTCRtpCodecCapability]:
    return [c for c in RTCRtpSender.getCapabilities("audio").codecs if c.mimeType == "audio/opus"]
