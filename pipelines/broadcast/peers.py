"""Peer: one viewer's WebRTC connection, from the answer to the last socket closed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from aiortc import (
    InvalidStateError,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from pipelines.broadcast import hooks
from pipelines.broadcast.errors import AnswerTimedOut, BadOffer
from pipelines.broadcast.key_requests import Allowance
from pipelines.broadcast.offers import Offer
from pipelines.broadcast.pacing import PacedTransport
from pipelines.broadcast.status import SILENT_S, ViewerState, ViewerStatus, ViewerTally
from pipelines.broadcast.tracks import PacketTrack
from pipelines.media import Packet

log = logging.getLogger(__name__)

# Gathering ends by itself after 5 s when a STUN server does not answer.
ANSWER_TIMEOUT_S = 8.0
CLOSE_TIMEOUT_S = 5.0

# The stream is constrained baseline: whoever takes one of these decodes it.
H264_PROFILES = ("42e01f", "42001f", hooks.MAIN_PROFILE)


class Peer:
    """Created per offer; `answer` once, then `feed`, `status`, `close`. Lives in the event loop's thread.

    ask_key: the viewer needs a key frame. on_gone: called at most once, when the connection is over.
    """

    def __init__(
        self,
        viewer_id: str,
        name: str,
        stun_url: str,
        ask_key: Callable[[], None],
        on_gone: Callable[[Peer], None],
    ) -> None:
        self.viewer_id = viewer_id
        self.name = name
        self.layer = "main"
        self._ask_key = ask_key
        self._on_gone = on_gone
        self._allowance = Allowance()
        self._opened_ns = time.monotonic_ns()
        self._is_over = False
        # An empty list, not None: aiortc's default is a public STUN server.
        servers = [RTCIceServer(stun_url)] if stun_url else []
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._video = PacketTrack("video", self._need_key)
        self._sound: PacketTrack | None = None
        self._paths: list[PacedTransport] = []
        self._tally = ViewerTally()
        self._video_sender: RTCRtpSender | None = None

    async def answer(self, offer: Offer) -> str:
        """The complete answer, all candidates in it. Raises BadOffer, AnswerTimedOut; then close() is due."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._answer(offer)
        except TimeoutError as error:
            raise AnswerTimedOut("the addresses of this machine could not be gathered in time") from error
        except (InvalidStateError, OperationError, ValueError) as error:
            raise BadOffer(
                "unsupported", "the viewer and this box have no codec or transport in common"
            ) from error

    async def _answer(self, offer: Offer) -> str:
        connection = self._connection
        video = connection.addTransceiver(self._video, "sendonly")
        video.setCodecPreferences(_h264())
        senders = [video.sender]
        if offer.has_sound:
            self._sound = PacketTrack("sound", _nothing)
            sound = connection.addTransceiver(self._sound, "sendonly")
            sound.setCodecPreferences(_opus())
            senders.append(sound.sender)
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        for sender in senders:
            self._paths.append(hooks.send_through(sender))
        self._watch(video.sender)
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    def _watch(self, video: RTCRtpSender) -> None:
        self._video_sender = video
        self._tally.ssrc = video._ssrc
        hooks.on_rtcp(video, self._tally.take)
        hooks.on_key_request(video, self._need_key)
        # The viewer said good-bye: aiortc stops the track, but calls the connection "connected" still.
        self._video.add_listener("ended", self._over)
        self._connection.add_listener("connectionstatechange", self._state_changed)

    def feed(self, packet: Packet) -> None:
        """Takes one packet of the broadcast; never blocks."""
        if packet.kind == "sound":
            if self._sound is not None:
                self._sound.feed(packet)
        elif packet.layer == self.layer:
            self._video.feed(packet)

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

    async def _measure(self) -> None:
        if self._video_sender is None:
            return
        for report in (await self._video_sender.getStats()).values():
            if isinstance(report, RTCRemoteInboundRtpStreamStats) and report.roundTripTime is not None:
                self._tally.rtt_ms = report.roundTripTime * 1e3

    def status(self) -> ViewerStatus:
        """How this viewer is doing, at this moment."""
        now_ns = time.monotonic_ns()
        first_ns = self._video.started_ns
        dropped = self._video.dropped + (self._sound.dropped if self._sound else 0)
        return ViewerStatus(
            viewer_id=self.viewer_id,
            name=self.name,
            state=self._state(now_ns),
            age_s=(now_ns - self._opened_ns) / 1e9,
            first_picture_ms=None if first_ns is None else (first_ns - self._opened_ns) / 1e6,
            sent_bytes=sum(path.sent_bytes for path in self._paths),
            sent_packets=sum(path.sent_packets for path in self._paths),
            loss=self._tally.loss,
            lost_packets=self._tally.lost_packets,
            rtt_ms=self._tally.rtt_ms,
            nacks=self._tally.nacks,
            key_requests=self._tally.key_requests,
            dropped=dropped,
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

    def _need_key(self) -> None:
        if self._allowance.take(time.monotonic()):
            self._ask_key()

    def _over(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._on_gone(self)


def _h264() -> list[RTCRtpCodecCapability]:
    """H.264 as it is sent, most fitting first, with retransmission (RFC 4588)."""
    known = RTCRtpSender.getCapabilities("video").codecs
    fitting = [
        codec
        for profile in H264_PROFILES
        for codec in known
        if codec.mimeType == "video/H264" and codec.parameters.get("profile-level-id") == profile
    ]
    return fitting + [codec for codec in known if codec.mimeType == "video/rtx"]


def _opus() -> list[RTCRtpCodecCapability]:
    return [c for c in RTCRtpSender.getCapabilities("audio").codecs if c.mimeType == "audio/opus"]


def _nothing() -> None:
    """Sound needs no key frames."""
