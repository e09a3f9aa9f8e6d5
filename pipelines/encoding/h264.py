"""Opens H.264 encoders for slides: sharp text at once, no delay, decodable by every WebRTC viewer.

Profile of 4:2:0: constrained baseline. It is a subset of baseline, main and high (H.264 clause A.2.1.1), so
viewers that negotiated 42e01f, 42001f or 4d001f all decode the one stream. Main would make a page's
key frame 6 to 8 % smaller, for 16 to 33 % more time of the CPU. Of 4:4:4: High 4:4:4 Predictive (f4001f).

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

from pipelines.encoding.forms import HALF
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import PTS_HZ, SizeWh

EncoderName = Literal["x264", "nvenc"]

# The buffer of the rate model, in seconds of the ceiling. Measured at 4 Mbit/s with a moving teacher:
# text of a new page is above 40 dB after 2 frames with 1 s, after 7 with 0.25 s.
BUFFER_S = 1.0
# x264 takes a page's key frame to be several times as large as it becomes, and codes it coarsely lest it
# overrun: with two seconds' buffer the first picture of a page is at 50 dB instead of 41. For 4:4:4, which is
# for good lines: that key frame has 280 kB instead of 125, and the ceiling stays.
FULL_BUFFER_S = 2.0
QUALITY_CRF = 18
# A page that stands still would be refined for ever, at a hundred times the bits, for nobody's eyes:
# at 13 its text is at 51 dB, and the burst for the next page stays whole.
FINEST_QP = 13
# x264 codes the chroma of 4:4:4 six steps coarser than luma, and adds texture that pleases the eye in films:
# neither is wanted for text. 5 dB of RGB on slides for a key frame 1.45 times as large.
FULL_CHROMA_PARAMS = ":chroma-qp-offset=-6:no-psy=1"
NO_PERIODIC_KEY = 1 << 30

# Below one megapixel a second slice brings no speed, and every slice costs a little compression.
PIXELS_PER_THREAD = 1_000_000
MAX_THREADS = 4
# A third less time for a third more bits, the same text: worth it where the matting has no core to spare.
FEW_CORES = 2
# From this ceiling on 4:4:4 text is at 47 dB with x264's quickest preset, too, for half the time again, and
# for less time of whoever decodes it. Below, that preset's larger key frame would cost the text decibels.
QUICK_BPS = 6_000_000


class EncoderUnavailable(Exception):
    """The encoder asked for does not start here. `reason` is one sentence: what, and how to mend it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def choose_encoder(
    size_wh: SizeWh, rate_hz: float, settings: EncodingSettings, form: str = HALF
) -> EncoderName:
    """Settles `auto` by starting NVENC for real. Raises EncoderUnavailable where "nvenc" does not start."""
    if settings.encoder == "x264":
        return "x264"
    reason = _try_nvenc(size_wh, rate_hz, settings.video_bps, form)
    if not reason:
        return "nvenc"
    if settings.encoder == "nvenc":
        raise EncoderUnavailable(
            f"NVENC does not start ({reason}); "
            'set encoding.encoder = "auto" or "x264" to encode on the CPU, or mend the NVIDIA driver'
        )
    return "x264"


def open_encoder(
    name: EncoderName, size_wh: SizeWh, rate_hz: float, video_bps: int, cores: int = 1, form: str = HALF
) -> VideoCodecContext:
    """An open encoder for frames of `form` (colour.HALF or FULL), pts in 1/90000 s.

    Raises FFmpegError, UnknownCodecError.
    """
    codec = "libx264" if name == "x264" else "h264_nvenc"
    context = cast(VideoCodecContext, av.CodecContext.create(codec, "w"))
    context.width, context.height = size_wh
    context.pix_fmt = form
    context.time_base = Fraction(1, PTS_HZ)
    context.framerate = Fraction(rate_hz).limit_denominator(1001)
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.thread_count = threads_for(size_wh, cores)
    options = _x264_options(form, cores, video_bps) if name == "x264" else _nvenc_options(form)
    context.options = options | {
        "maxrate": str(video_bps),
        "bufsize": str(round(video_bps * buffer_s(form))),
        "g": str(NO_PERIODIC_KEY),
        "bf": "0",
        "forced-idr": "1",
    }
    context.open()
    return context


def buffer_s(form: str) -> float:
    """How many seconds of the ceiling the rate model's buffer holds."""
    return BUFFER_S if form == HALF else FULL_BUFFER_S


def threads_for(size_wh: SizeWh, cores: int) -> int:
    """Slices coded side by side: zerolatency cuts the frame, it never waits for a later one."""
    wanted = round(size_wh[0] * size_wh[1] / PIXELS_PER_THREAD)
    return max(1, min(wanted, cores, MAX_THREADS))


def _x264_options(form: str, cores: int, video_bps: int) -> dict[str, str]:
    params = f"aq-mode=0:qpmin={FINEST_QP}:scenecut=0:keyint=infinite:repeat-headers=1:chromaloc=1"
    if form != HALF:
        params += FULL_CHROMA_PARAMS
    return {
        "preset": _preset(form, cores, video_bps),
        "tune": "zerolatency",
        "profile": "baseline" if form == HALF else "high444",
        "crf": str(QUALITY_CRF),
        "x264-params": params,
    }


def _preset(form: str, cores: int, video_bps: int) -> str:
    if cores > FEW_CORES:
        return "veryfast"
    return "ultrafast" if form != HALF and video_bps >= QUICK_BPS else "superfast"


def _nvenc_options(form: str) -> dict[str, str]:
    """FFmpeg's wrapper repeats SPS and PPS with each IDR as long as no global header is asked for."""
    return {
        "preset": "p4",
        "tune": "ull",
        "profile": "baseline" if form == HALF else "high444p",
        "rc": "vbr",
        "cq": str(QUALITY_CRF),
        "b": "0",
        "delay": "0",
        "zerolatency": "1",
        "spatial-aq": "0",
        "no-scenecut": "1",
    }


def _try_nvenc(size_wh: SizeWh, rate_hz: float, video_bps: int, form: str) -> str:
    """Empty when NVENC opens and codes a picture; else why not."""
    try:
        context = open_encoder("nvenc", size_wh, rate_hz, video_bps, form=form)
        frame = av.VideoFrame(*size_wh, form)
        frame.pts = 0
        context.encode(frame)
    except UnknownCodecError:
        return "this build of FFmpeg has no h264_nvenc"
    except FFmpegError as error:
        return error.strerror or type(error).__name__
    return ""
