"""Opens H.264 encoders for slides: sharp text at once, no delay, decodable by every WebRTC viewer.

Profile: constrained baseline. It is a subset of baseline, main and high (H.264 clause A.2.1.1), so
viewers that negotiated 42e01f, 42001f or 4d001f all decode the one stream. Main would make a page's
key frame 6 to 8 % smaller, for 16 to 33 % more time of the CPU.

Rate: constant quality under a ceiling (video buffering verifier, H.264 annex C). `aq-mode=0`
because adaptive quantisation takes bits from sharp text on flat ground. A key frame comes only when
asked for: periodic ones would cost a page's worth of bits every few seconds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, cast

import av
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from pipelines.encoding.settings import EncodingSettings
from pipelines.media import PTS_HZ, SizeWh

EncoderName = Literal["x264", "nvenc"]

# The buffer of the rate model, in seconds of the ceiling. Measured at 4 Mbit/s with a moving teacher:
# text of a new page is above 40 dB after 2 frames with 1 s, after 7 with 0.25 s.
BUFFER_S = 1.0
QUALITY_CRF = 18
# A page that stands still would be refined for ever, at a hundred times the bits, for nobody's eyes:
# at 13 its text is at 51 dB, and the burst for the next page stays whole.
FINEST_QP = 13
NO_PERIODIC_KEY = 1 << 30

# Below one megapixel a second slice brings no speed, and every slice costs a little compression.
PIXELS_PER_THREAD = 1_000_000
MAX_THREADS = 4


class EncoderUnavailable(Exception):
    """The encoder asked for does not start here. `reason` is one sentence: what, and how to mend it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def choose_encoder(size_wh: SizeWh, rate_hz: float, settings: EncodingSettings) -> EncoderName:
    """Settles `auto` by starting NVENC for real. Raises EncoderUnavailable where "nvenc" does not start."""
    if settings.encoder == "x264":
        return "x264"
    reason = _try_nvenc(size_wh, rate_hz, settings.video_bps)
    if not reason:
        return "nvenc"
    if settings.encoder == "nvenc":
        raise EncoderUnavailable(
            f"NVENC does not start ({reason}); "
            'set encoding.encoder = "auto" or "x264" to encode on the CPU, or mend the NVIDIA driver'
        )
    return "x264"


def open_encoder(
    name: EncoderName, size_wh: SizeWh, rate_hz: float, video_bps: int, cores: int = 1
) -> VideoCodecContext:
    """An open encoder for yuv420p frames, pts in 1/90000 s. Raises FFmpegError, UnknownCodecError."""
    codec = "libx264" if name == "x264" else "h264_nvenc"
    context = cast(VideoCodecContext, av.CodecContext.create(codec, "w"))
    context.width, context.height = size_wh
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, PTS_HZ)
    context.framerate = Fraction(rate_hz).limit_denominator(1001)
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.thread_count = threads_for(size_wh, cores)
    options = _x264_options() if name == "x264" else _nvenc_options()
    context.options = options | {
        "maxrate": str(video_bps),
        "bufsize": str(round(video_bps * BUFFER_S)),
        "g": str(NO_PERIODIC_KEY),
        "bf": "0",
        "forced-idr": "1",
    }
    context.open()
    return context


def threads_for(size_wh: SizeWh, cores: int) -> int:
    """Slices coded side by side: zerolatency cuts the frame, it never waits for a later one."""
    wanted = round(size_wh[0] * size_wh[1] / PIXELS_PER_THREAD)
    return max(1, min(wanted, cores, MAX_THREADS))


def _x264_options() -> dict[str, str]:
    return {
        "preset": "veryfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": str(QUALITY_CRF),
        "x264-params": f"aq-mode=0:qpmin={FINEST_QP}:scenecut=0:keyint=infinite:repeat-headers=1:chromaloc=1",
    }


def _nvenc_options() -> dict[str, str]:
    """FFmpeg's wrapper repeats SPS and PPS with each IDR as long as no global header is asked for."""
    return {
        "preset": "p4",
        "tune": "ull",
        "profile": "baseline",
        "rc": "vbr",
        "cq": str(QUALITY_CRF),
        "b": "0",
        "delay": "0",
        "zerolatency": "1",
        "spatial-aq": "0",
        "no-scenecut": "1",
    }


def _try_nvenc(size_wh: SizeWh, rate_hz: float, video_bps: int) -> str:
    """Empty when NVENC opens and codes a picture; else why not."""
    try:
        context = open_encoder("nvenc", size_wh, rate_hz, video_bps)
        frame = av.VideoFrame(*size_wh, "yuv420p")
        frame.pts = 0
        context.encode(frame)
    except UnknownCodecError:
        return "this build of FFmpeg has no h264_nvenc"
    except FFmpegError as error:
        return error.strerror or type(error).__name__
    return ""
