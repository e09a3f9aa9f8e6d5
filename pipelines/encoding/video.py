"""VideoEncoder: programme pictures in, H.264 packets out, one for one."""

from __future__ import annotations

import os

from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from pipelines.encoding.colour import Canvas
from pipelines.encoding.forms import FULL, HALF
from pipelines.encoding.h264 import buffer_s, choose_encoder, open_encoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import PTS_HZ, U8, Packet, SizeWh

# A new page deserves a burst even while a moving teacher uses up the ceiling, but a bounded one.
BURST_EVERY_S = 2.0
BURST_BELOW = 0.6  # share of the buffer left: above it the running encoder has enough to spend
FRESH_BUFFER = 0.9  # what x264 takes its buffer to hold at the start (vbv-init)


class VideoEncoder:
    """One layer of the programme as H.264. Use from one thread.

    With a teacher who moves all the time the rate model's buffer is nearly empty, and x264 would give
    a new page's key frame so few bits that its text stays unreadable for half a second. So at a key
    frame asked for, the encoder is replaced by a fresh one (2 ms), whose buffer is full; at most once
    in BURST_EVERY_S. With b seconds of buffer (h264.buffer_s) any second of the stream stays below
    video_bps * (1 s + 2 b), every long stretch below video_bps * (1 + b / BURST_EVERY_S), and without key
    frames below video_bps * (1 s + b).

    Raises EncoderUnavailable when settings.encoder is "nvenc" and that does not start.
    """

    def __init__(
        self,
        size_wh: SizeWh,
        rate_hz: float,
        settings: EncodingSettings,
        layer: str = "420",
        canvas: Canvas | None = None,
    ) -> None:
        """canvas: of the layers that are coded side by side, drawn on by their owner; else one of its own."""
        self.form = FULL if layer == "444" else HALF
        self._buffer_s = buffer_s(self.form)
        self.name = choose_encoder(size_wh, rate_hz, settings, self.form)
        self.size_wh = size_wh
        self.layer = layer
        self.changed_chunks = 0  # of the last picture: how much of it the colour conversion touched
        self._rate_hz = rate_hz
        self._video_bps = settings.layer_bps[layer]
        self._canvas = canvas or Canvas(size_wh)
        self._context: VideoCodecContext | None = self._open()
        self._last_pts = -1
        self._last_was_key = False
        self._fresh_pts = 0

    def encode(self, rgb: U8, pts: int, captured_ns: int, want_key: bool) -> list[Packet]:
        """Codes one picture at once. rgb: u8 (H, W, 3); pts in 1/90000 s, growing, at any spacing.

        want_key makes this very picture an IDR frame with SPS and PPS. Raises ValueError for another
        size or a pts that does not grow, RuntimeError after close().
        """
        self._check(pts)
        self.changed_chunks = self._canvas.draw(rgb, (self.form,))
        return self.encode_drawn(pts, captured_ns, want_key)

    def encode_drawn(self, pts: int, captured_ns: int, want_key: bool) -> list[Packet]:
        """As `encode`, of what its canvas shows."""
        self._check(pts)
        if want_key and self._may_burst(pts):
            self._context = self._open()
            self._fresh_pts = pts
        frame = self._canvas.frames[self.form]
        frame.pts = pts
        frame.pict_type = PictureType.I if want_key else PictureType.NONE
        assert self._context is not None
        coded = self._context.encode(frame)
        self._last_pts = pts
        packets = [
            Packet(bytes(one), "video", pts, bool(one.is_keyframe), captured_ns, self.layer) for one in coded
        ]
        for packet in packets:
            self._last_was_key = packet.is_key
            self._count(len(packet.data) * 8)
        return packets

    def pace(self, rate_hz: float, video_bps: int) -> None:
        """Another ceiling, for pictures that come at another rate: each has its bits as before.

        So the running encoder goes on; the next one, at a key frame, has the buffer of the new ceiling.
        """
        self._rate_hz, self._video_bps = rate_hz, video_bps
        if self._last_pts < 0:
            self._context = self._open()

    def close(self) -> None:
        """Frees the encoder. Nothing is left inside: every picture came out when it went in."""
        self._context = None

    def _check(self, pts: int) -> None:
        if self._context is None:
            raise RuntimeError("encode() after close()")
        if pts <= self._last_pts:
            raise ValueError(f"pts must grow: {pts} after {self._last_pts}")

    def _open(self) -> VideoCodecContext:
        self._left_bits = FRESH_BUFFER * self._buffer_s * self._video_bps
        self._opened_bps = self._video_bps
        cores = os.cpu_count() or 1
        return open_encoder(self.name, self.size_wh, self._rate_hz, self._video_bps, cores, self.form)

    def _may_burst(self, pts: int) -> bool:
        """NVENC takes too long to open. Two IDR frames in a row from two encoders would carry the same
        idr_pic_id, which H.264 clause 7.4.3 forbids."""
        return (
            self.name == "x264"
            and not self._last_was_key
            and (self._left_bits < BURST_BELOW * self._buffer_s * self._video_bps or self._is_paced_anew)
            and pts - self._fresh_pts >= BURST_EVERY_S * PTS_HZ
        )

    @property
    def _is_paced_anew(self) -> bool:
        """A buffer of before would let a key frame fill a narrower line for seconds."""
        return self._video_bps != self._opened_bps

    def _count(self, bits: int) -> None:
        """Follows the encoder's buffer: it fills by the ceiling with each frame, and never above its size."""
        filled = min(self._left_bits + self._video_bps / self._rate_hz, self._buffer_s * self._video_bps)
        self._left_bits = filled - bits
