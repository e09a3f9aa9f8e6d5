"""TeacherEncoder: the teacher alone as H.264, colour above, alpha below, the sheet's number at the foot.

For viewers who have the sheet (the programme without the teacher) as lossless pictures and lay the two
together themselves. No browser decodes H.264 with alpha; two pictures in one do, and stay in step.

    +-----------------+
    | colour          |  height of the programme: sRGB codes of light premultiplied by alpha
    +-----------------+
    | alpha, as grey  |  height of the programme: linear, 0 to 255
    +-----------------+
    | number, place   |  STRIP_PX: NUMBER_BITS black or white cells of CELL_PX, most significant first,
    +-----------------+  then CHECK_BITS of `check_of`; where the width allows, PLACE_BITS and CHECK_BITS more

In the picture, a number survives every way of sending and every player; RTP timestamps do not. The place
tells where the teacher is, stick and all, so that a player without a graphics card need not look everywhere:
of each of COLUMNS upright parts of the picture the first and the last 16th that hold any of them, in 4 bits
each; first beyond last where none does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from operator import xor

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
COLUMNS = 10
PLACE_BITS = 8 * COLUMNS
NOWHERE = int.from_bytes(COLUMNS * b"\xf0")
NUMBERS = 1 << NUMBER_BITS
_SHARES = 16


def packed_wh(size_wh: SizeWh) -> SizeWh:
    """Size of the packed picture for a programme of size_wh."""
    return size_wh[0], 2 * size_wh[1] + STRIP_PX


def check_of(number: int) -> int:
    """Eight bits that tell a number from a picture that merely looks like one."""
    return (number ^ number >> 8 ^ number >> 16 ^ 0xA5) & 0xFF


def place_of(alpha: U8) -> int:
    """PLACE_BITS of what is above 0 in alpha, u8 (H, W)."""
    height, width = alpha.shape
    edges = [-(-width * k // COLUMNS) for k in range(COLUMNS + 1)]
    place = bytearray(NOWHERE.to_bytes(COLUMNS))
    for k, (left, right) in enumerate(pairwise(edges)):
        rows = np.flatnonzero(cv2.reduce(alpha[:, left:right], 1, cv2.REDUCE_MAX))
        if rows.size:
            first, last = (int(row) * _SHARES // height for row in (rows[0], rows[-1]))
            place[k] = first << 4 | last
    return int.from_bytes(place)


def check_of_place(place: int) -> int:
    """Eight bits, as `check_of`."""
    return reduce(xor, place.to_bytes(COLUMNS), 0x5A)


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
        height, packed, place = self._height, self._packed, NOWHERE
        if rgba is not None:
            cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB, dst=packed[:height])
            alpha = np.asarray(cv2.extractChannel(rgba, 3), np.uint8)
            place = place_of(alpha)
            cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB, dst=packed[height : 2 * height])
        elif not self._is_empty:
            packed[: 2 * height] = 0
        self._is_empty = rgba is None
        draw_strip(packed[2 * height :], number, place)


def draw_strip(strip: U8, number: int, place: int) -> None:
    """Writes the cells into strip, u8 (STRIP_PX, W, 3); the place only where it fits."""
    number %= NUMBERS
    coded, bits = number << CHECK_BITS | check_of(number), NUMBER_BITS + CHECK_BITS
    if strip.shape[1] >= (bits + PLACE_BITS + CHECK_BITS) * CELL_PX:
        coded = (coded << PLACE_BITS | place) << CHECK_BITS | check_of_place(place)
        bits += PLACE_BITS + CHECK_BITS
    for cell in range(bits):
        strip[:, cell * CELL_PX : (cell + 1) * CELL_PX] = 255 * (coded >> (bits - 1 - cell) & 1)


def _opened(size_wh: SizeWh, rate_hz: float, settings: EncodingSettings) -> tuple[Canvas, VideoEncoder]:
    canvas = Canvas(size_wh)
    return canvas, VideoEncoder(size_wh, rate_hz, settings, TEACHER_LAYER, canvas)
