"""An RTSP camera: over TCP, low in latency, newest picture wins."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.capture.address import Address
from pipelines.capture.camera import BlockedLogin, Detail
from pipelines.capture.connection import Peers, hang_up, reach
from pipelines.capture.lateness import Lateness
from pipelines.capture.picture import RgbConverter
from pipelines.capture.thinning import Thinning
from pipelines.channels import Latest
from pipelines.media import Frame, SourceLost
from pipelines.saying import said
from pipelines.timing import NS_PER_S, SessionClock

OPEN_TIMEOUT_S = 5.0
SILENCE_TIMEOUT_S = 4.0  # no data for so long: the connection is dead
CLOSE_TIMEOUT_S = 1.0
_TIMEOUTS_S = (OPEN_TIMEOUT_S, SILENCE_TIMEOUT_S)
_STOP_CHECK_S = 0.2
NO_PICTURE_TIMEOUT_S = 10.0  # data, but nothing that can be shown

_OPTIONS = {
    "rtsp_transport": "tcp",  # one lost UDP packet spoils pictures up to the next key frame
    "allowed_media_types": "video",
    "timeout": str(round(SILENCE_TIMEOUT_S * 1e6)),  # us, of one socket operation
    "fflags": "nobuffer",
    "max_delay": "0",
    "reorder_queue_size": "0",  # TCP does not reorder
    "analyzeduration": "500000",  # us; size and format are in the SDP or the first key frame
    "fpsprobesize": "0",
    # A redirecting or lying camera must not make this box read files or fetch web pages.
    "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,crypto",
}


@dataclass(frozen=True, slots=True)
class _Arrival:
    picture: av.VideoFrame
    captured_ns: int


class RtspStream:
    """A Stream from an RTSP camera. A thread of its own receives and decodes, so that nothing ever piles up:
    the reader gets the newest picture, converted in the reader's thread; the ones between are counted."""

    def __init__(
        self, address: Address, converter: RgbConverter, clock: SessionClock, rate_hz: float
    ) -> None:
        """Returns at once; the connection is made by the thread, and its failure raised by `next`."""
        self._address = address
        self._converter = converter
        self._clock = clock
        self._thinning = Thinning(rate_hz)
        self._newest: Latest[_Arrival | SourceLost] = Latest()
        self._peers: Peers = frozenset()
        self._stop = threading.Event()
        self._skipped = 0
        self._damaged = 0
        self._about: Detail = {}
        self._thread = threading.Thread(target=self._run, name="rtsp", daemon=True)
        self._thread.start()

    @property
    def detail(self) -> Detail:
        size_wh = self._converter.size_wh or (0, 0)
        counts: Detail = {
            "width_px": size_wh[0],
            "height_px": size_wh[1],
            "dropped": self._newest.dropped,
            "skipped": self._skipped,
            "damaged": self._damaged,
        }
        return self._about | counts

    def next(self, timeout_s: float, stop: threading.Event) -> Frame | None:
        give_up_s = time.monotonic() + timeout_s
        while not stop.is_set() and (left_s := give_up_s - time.monotonic()) > 0:
            was_alive = self._thread.is_alive()
            newest = self._newest.take(min(left_s, _STOP_CHECK_S))
            if isinstance(newest, SourceLost):
                raise newest
            if newest is None and not was_alive:
                raise RuntimeError("the RTSP thread has died without a word")  # a bug: do not wait for ever
            if newest is not None:
                rgb = self._converter.convert(newest.picture)
                return Frame(rgb, self._clock.pts(newest.captured_ns), newest.captured_ns)
        return None

    def close(self) -> None:
        self._stop.set()
        give_up_s = time.monotonic() + CLOSE_TIMEOUT_S
        # Again and again, because the connection may be in the making. Only the look-up of a host name
        # cannot be hurried; then the thread ends by itself, with the look-up.
        while self._thread.is_alive() and time.monotonic() < give_up_s:
            hang_up(self._peers)
            self._thread.join(0.1)

    def _run(self) -> None:
        try:
            self._receive()
        except SourceLost as lost:
            self._newest.put(lost)

    def _receive(self) -> None:
        a = self._address
        self._peers = reach(a.label, a.host, a.port, OPEN_TIMEOUT_S, self._stop)
        if self._stop.is_set():
            return
        try:
            with av.open(
                a.target,
                mode="r",
                format="rtsp",
                options=_OPTIONS,
                timeout=_TIMEOUTS_S,
                metadata_errors="replace",  # a name in GBK is no reason to fail
            ) as container:
                self._decode(container)
            lost = SourceLost("camera", said("rtsp_ended", "{label} ended the stream", label=a.label))
        except av.error.FFmpegError as error:
            lost = _explain(a.label, error)
        # Out here, because FFmpeg's error holds the url with its password, and would travel along as context.
        raise lost

    def _decode(self, container: InputContainer) -> None:
        if not container.streams.video:
            raise SourceLost(
                "camera",
                said(
                    "rtsp_no_picture",
                    "{label} sends no picture: choose its video channel",
                    label=self._address.label,
                ),
            )
        video = container.streams.video[0]
        _tune(video)
        self._about = _describe(video)
        lateness = Lateness()
        wants_key = True
        asked_ns = shown_ns = time.monotonic_ns()
        for packet in container.demux(video):
            if self._stop.is_set():
                return
            arrived_ns = time.monotonic_ns()
            if lateness.is_behind(_stamp_ns(packet, arrived_ns), arrived_ns, arrived_ns - asked_ns):
                wants_key = True
            if wants_key and not packet.is_keyframe:
                self._skipped += 1
            else:
                wants_key = False
                shown_ns = arrived_ns if self._show(video, packet, lateness) else shown_ns
            if arrived_ns - shown_ns > NO_PICTURE_TIMEOUT_S * NS_PER_S:
                reason = said(
                    "rtsp_no_h264",
                    "{label} sends data but no picture: set H.264 in the camera",
                    label=self._address.label,
                )
                raise SourceLost("camera", reason)
            asked_ns = time.monotonic_ns()

    def _show(self, video: VideoStream, packet: av.Packet[VideoStream], lateness: Lateness) -> bool:
        try:
            pictures = video.decode(packet)
        except av.error.InvalidDataError:
            self._damaged += 1
            return False
        for picture in pictures:
            decoded_ns = time.monotonic_ns()
            captured_ns = lateness.captured_ns(_stamp_ns(picture, decoded_ns), decoded_ns)
            if self._thinning.passes(captured_ns):
                self._newest.put(_Arrival(picture, captured_ns))
        return bool(pictures)


def _stamp_ns(timed: av.Packet[VideoStream] | av.VideoFrame, unless_ns: int) -> int:
    """The camera's time stamp of a packet or picture, ns, or unless_ns if it has none."""
    if timed.pts is None or timed.time_base is None:
        return unless_ns
    return round(timed.pts * timed.time_base * NS_PER_S)


def _tune(video: VideoStream) -> None:
    """Slices, not frames, over threads: each thread of frames would hold one picture back."""
    context = video.codec_context
    context.thread_type = "SLICE"
    context.thread_count = min(4, os.cpu_count() or 1)
    context.flags |= av.codec.context.Flags.low_delay


def _describe(video: VideoStream) -> Detail:
    context = video.codec_context
    return {
        "kind": "rtsp",
        "source_size": f"{context.width}x{context.height}",
        "rate_hz": round(float(video.average_rate or video.guessed_rate or 0), 3),
        "format": context.name,
    }


def _explain(label: str, error: av.error.FFmpegError) -> SourceLost:
    """One sentence for a person, without the url."""
    if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        return BlockedLogin(
            "camera",
            said("rtsp_login", "{label} refuses user or password: correct them in camera.url", label=label),
        )
    if isinstance(error, av.error.HTTPNotFoundError):
        return SourceLost(
            "camera",
            said(
                "rtsp_path", "{label}: the camera knows no such path: look it up in its manual", label=label
            ),
        )
    if isinstance(error, (av.error.TimeoutError, av.error.ExitError)):
        return SourceLost(
            "camera",
            said("rtsp_silent", "{label} has gone silent: check the camera and the network", label=label),
        )
    if isinstance(error, av.error.InvalidDataError):
        return SourceLost(
            "camera", said("rtsp_other", "{label} answers, but not in RTSP: check port and path", label=label)
        )
    if isinstance(error, (av.error.ConnectionResetError, av.error.BrokenPipeError, av.error.EOFError)):
        return SourceLost("camera", said("rtsp_cut", "{label} cut the connection", label=label))
    return SourceLost(
        "camera",
        said(
            "rtsp_failed",
            "{label} failed ({why})",
            label=label,
            why=(error.strerror or "no reason given").lower(),
        ),
    )
