"""TeacherEncoder: the teacher alone as H.264, colour above, alpha below, the sheet's number at the foot.

For viewers who have the sheet (the programme without the teacher) as lossless pictures and lay the two
together themselves. No browser decodes H.264 with alpha; two pictures in one do, and stay in step.

    +-----------------+
    | colour          |  height of the programme: sRGB codes of light premultiplied by alpha
    +-----------------+
    | alpha, as grey  |  height of the programme: linear, 0 to 255
    +-----------------+
    | number          |  STRIP_PX: NUMBER_BITS black or white cells of CELL_PX, most significant first,
    +-----------------+  then CHECK_BITS of `check_of`

In the picture, a number survives every way of sending and every player; RTP timestamps do not.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from pipelines.encoding.colour import Canvas
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.video import VideoEncoder
from pipelines.media import TEACHER_LAYER, U8, Packet, SizeWh

STRIP_PX = 16
CELL_PX = 8
NUMBER_BITS = 24
CHECK_BITS = 8
NUMBERS = 1 << NUMBER_BITS


def packed_wh(size_wh: SizeWh) -> SizeWh:
    """Size of the packed picture for a programme of size_wh."""
    return size_wh[0], 2 * size_wh[1] + STRIP_PX


def check_of(number: int) -> int:
    """Eight bits that tell a number from a picture that merely looks like one."""
    return (number ^ number >> 8 ^ number >> 16 ^ 0xA5) & 0xFF


class TeacherEncoder:
    """One layer, opened with the first picture after `watch(True)`. Use from one thread."""

    def __init__(self, size_wh: SizeWh, rate_hz: float, settings: EncodingSettings) -> None:
        width, height = packed_wh(size_wh)
        self._height = size_wh[1]
        self._packed = np.zeros((height, width, 3), np.uint8)
        self._is_empty = True
        self._open: Callable[[], tuple[Canvas, VideoEncoder]] = lambda: _opened(
            (width, height), rate_hz, settings
        )
        self._encoder: VideoEncoder | None = None
        self._canvas: Canvas | None = None
        self.is_watched = False

    def watch(self, wanted: bool) -> None:
        """False frees the encoder; the next picture after True is a key frame."""
        if self._encoder is not None and not wanted:
            self._encoder.close()
            self._encoder = self._canvas = None
        self.is_watched = wanted

    def encode(
        self, rgba: U8 | None, number: int, pts: int, captured_ns: int, want_key: bool
    ) -> list[Packet]:
        """Codes one picture: rgba u8 (H, W, 4) as `Compositor.teacher` gives it, None for nobody.

        number: of the sheet that the picture belongs to. Nothing while unwatched. Raises as VideoEncoder.
        """
        if not self.is_watched:
            return []
        if self._encoder is None or self._canvas is None:
            self._canvas, self._encoder = self._open()
        self._pack(rgba, number)
        self._canvas.draw(self._packed)
        return self._encoder.encode_drawn(pts, captured_ns, want_key)

    def _pack(self, rgba: U8 | None, number: int) -> None:
        height, packed = self._height, self._packed
        if rgba is not None:
            cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB, dst=packed[:height])
            alpha = cv2.extractChannel(rgba, 3)
            cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB, dst=packed[height : 2 * height])
        elif not self._is_empty:
            packed[: 2 * height] = 0
        self._is_empty = rgba is None
        draw_number(packed[2 * height :], number)


def draw_number(strip: U8, number: int) -> None:
    """Writes the cells into strip, u8 (STRIP_PX, W, 3)."""
    number %= NUMBERS
    coded = number << CHECK_BITS | check_of(number)
    bits = NUMBER_BITS + CHECK_BITS
    for cell in range(bits):
        strip[:, cell * CELL_PX : (cell + 1) * CELL_PX] = 255 * (coded >> (bits - 1 - cell) & 1)


def _opened(size_wh: SizeWh, rate_hz: float, settings: EncodingSettings) -> tuple[Canvas, VideoEncoder]:
    canvas = Canvas(size_wh)
    return canvas, VideoEncoder(size_wh, rate_hz, settings, TEACHER_LAYER, canvas)
