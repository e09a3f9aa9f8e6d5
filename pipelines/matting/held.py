"""Held objects over the LCD: what the network does not know (a stick, a book's edge) but the page gives away.

Where the camera's picture of the LCD lies outside the envelope of what the page explains, something stands
before it. What hangs together with the teacher and has the shape of a stick or of something held is added to
the matte. Envelope tests against a known screen: see docs/why.md.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.matting.lifting import draw_held, find_held, lift, teacher_colours
from pipelines.matting.stick import Stick, draw_stick, find_stick
from pipelines.media import F64, U8, Box, Envelope, Frame, Matte, SizeWh, freeze

CELL_PX = 4  # for a picture of 720 rows
AROUND_PX = 40  # of the teacher: no pixel there says whether the plate is right
UNEXPLAINED_SHARE = 0.01  # of the LCD in sight
HEM_PX = 24  # that colour is spread beyond
_EVIDENT = 45  # of 255: three of 16 pixels
_FULL = 240
_BODY = 128
_LASTING = 0.6  # of something held, where it was in the frame before
_STICK_CELLS = 7  # across, that a stick accounts for
_SEEN_SHARE = 0.05  # of the LCD: less in sight, and nobody can say whether the plate is right


class HeldObjects:
    """A refinement of the keyer. For one thread, one camera.

    envelope: what the camera may see of the LCD in this matte's frame, None when that is not known.
    trust: 0 to 1, how well the LCD in sight agreed with the envelope in the newest frame; at 0 nothing is
    added. frames, trusted, with_stick: counts.
    """

    def __init__(self, envelope: Callable[[Matte], Envelope | None]) -> None:
        self._envelope = envelope
        self._stick: Stick | None = None
        self._held: npt.NDArray[np.bool_] | None = None
        # Kept, because fresh memory costs more than what is done with it.
        self._ycc: U8 = np.empty((0, 0, 3), np.uint8)
        self._grey: U8 = np.empty((2, 0, 0), np.uint8)
        self.trust = 0.0
        self.frames = self.trusted = self.with_stick = 0

    def __call__(self, matte: Matte) -> Matte:
        self.frames += 1
        envelope = None if matte.box.is_empty else self._envelope(matte)
        stick = None
        if envelope is None:
            self.trust = 0.0
        else:
            stick, matte = self._refine(matte, envelope)
        self._stick = stick
        self.with_stick += stick is not None
        return matte

    def _refine(self, matte: Matte, envelope: Envelope) -> tuple[Stick | None, Matte]:
        scale = matte.frame.size_wh[1] / 720
        cell_px = max(2, round(CELL_PX * scale))
        rgb = matte.frame.rgb[envelope.box.slices]
        if self._ycc.shape != rgb.shape:
            self._ycc, self._grey = np.empty(rgb.shape, np.uint8), np.empty((2, *rgb.shape[:2]), np.uint8)
        beyond = _beyond(rgb, envelope, self._ycc, self._grey[0])
        evidence = _cell_means(beyond, cell_px)
        cells = np.asarray(evidence >= _EVIDENT, np.uint8)
        if not cells.any():
            self.trust = 1.0
            self.trusted += 1
            return None, matte
        shares = _thinned(_inside(matte, envelope.box, self._grey[1]), cell_px)
        body = np.asarray(shares >= _BODY, np.uint8)
        stick = find_stick(beyond, rgb, envelope.plate, cells, body, cell_px, scale, self._stick)
        along = np.zeros_like(cells)
        if stick is not None:
            ends = (np.stack([stick.foot, stick.tip_xy]) / cell_px).round().astype(int).tolist()
            cv2.line(along, ends[0], ends[1], (1,), _STICK_CELLS)
        full = np.asarray((evidence >= _FULL) & (along == 0), np.uint8)
        held = self._lasting(find_held(full, body, rgb, envelope.plate, cell_px))
        self.trust = _agreement(cells, shares, (along > 0) | held, envelope, cell_px, scale)
        if self.trust <= 0:
            return None, matte
        self.trusted += 1
        out = _Growing(matte, envelope.box, _bounds(stick, held, cell_px, scale))
        colours = teacher_colours(_thinned(rgb, cell_px), shares)
        lift(rgb, beyond, envelope.plate, evidence, colours, cell_px, out.x0, out.y0, out.pha, out.fgr)
        if held.any():
            draw_held(held, rgb, beyond, cell_px, out.x0, out.y0, out.pha, out.fgr)
        if stick is not None:
            draw_stick(stick, rgb, out.x0, out.y0, out.pha, out.fgr, scale)
        return stick, out.matte()

    def _lasting(self, held: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Of held things those that were there in the frame before: hair in the wind comes and goes."""
        before, self._held = self._held, held
        if not held.any() or before is None or before.shape != held.shape:
            return np.zeros_like(held)
        count, labels = cv2.connectedComponents(held.view(np.uint8))
        stays = np.zeros(count, np.bool_)
        for label in range(1, count):
            part = labels == label
            stays[label] = np.count_nonzero(part & before) >= _LASTING * np.count_nonzero(part)
        return np.asarray(stays[labels])


class _Growing:
    """A copy of a matte with room for more. x0, y0: its corner, in pixels of the LCD's box."""

    def __init__(self, matte: Matte, lcd: Box, more: Box | None) -> None:
        self._frame, box = matte.frame, matte.box
        if more is not None:
            box = _around(box, more._replace(x=more.x + lcd.x, y=more.y + lcd.y), matte.frame.size_wh)
        self.box, self.x0, self.y0 = box, box.x - lcd.x, box.y - lcd.y
        part = Box(matte.box.x - box.x, matte.box.y - box.y, matte.box.w, matte.box.h).slices
        self.pha: U8 = np.zeros((box.h, box.w), np.uint8)
        self.fgr: U8 = np.zeros((box.h, box.w, 3), np.uint8)
        self.pha[part], self.fgr[part] = matte.pha, matte.fgr

    def matte(self) -> Matte:
        freeze(self.pha)
        freeze(self.fgr)
        return Matte(self._frame, self.box, self.pha, self.fgr)


def warm_up_held() -> None:
    """Compiles the loops over pixels, or loads them from the cache: call it before the first frame is due."""
    white: U8 = np.full((180, 320, 3), 235, np.uint8)
    rgb, box = white.copy(), Box(0, 0, 320, 180)
    rgb[40:180, 200:300] = (160, 40, 50)
    rgb[99:102, 40:200] = (150, 100, 50)
    pha: U8 = np.zeros((180, 320), np.uint8)
    pha[44:180, 204:300] = 255
    grey = np.asarray(cv2.cvtColor(white, cv2.COLOR_RGB2YCrCb), np.uint8)
    envelope = Envelope(box, white, grey - np.uint8(9), grey + np.uint8(9))
    for array in (rgb, pha, white, envelope.low, envelope.high):
        freeze(array)
    HeldObjects(lambda _: envelope)(Matte(Frame(rgb, 0, 0), box, pha, rgb))


def _agreement(
    cells: U8, shares: U8, known: npt.NDArray[np.bool_], envelope: Envelope, cell_px: int, scale: float
) -> float:
    """How well the LCD agrees with the envelope where neither teacher nor anything known is near, 0 to 1."""
    near = 2 * round(AROUND_PX * scale / cell_px) + 1
    covered = cv2.dilate(np.asarray(shares > 2, np.uint8), np.ones((near, near), np.uint8)) > 0
    middle = slice(cell_px // 2, None, cell_px)
    lcd = envelope.high[middle, middle, 0][: cells.shape[0], : cells.shape[1]] < 255
    sight = lcd & ~covered & ~known
    seen = np.count_nonzero(sight)
    if seen < _SEEN_SHARE * cells.size:
        return 0.0
    return max(0.0, 1 - np.count_nonzero(cells[sight]) / (UNEXPLAINED_SHARE * seen))


def _beyond(rgb: U8, envelope: Envelope, ycc: U8, beyond: U8) -> U8:
    """255 where the LCD's box is outside the envelope. Writes ycc u8 (h, w, 3) and beyond u8 (h, w)."""
    cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb, dst=ycc)
    cv2.inRange(ycc, envelope.low, envelope.high, dst=beyond)
    cv2.bitwise_not(beyond, dst=beyond)
    return beyond


def _cell_means(picture: U8, cell_px: int) -> U8:
    """Means over squares of cell_px, u8 (h // cell_px, w // cell_px)."""
    return _shrunk(picture, cell_px, cv2.INTER_AREA)


def _thinned(picture: U8, cell_px: int) -> U8:
    """As the means, from the pixels in the middle of each square alone: where that is good enough."""
    return _shrunk(picture, cell_px, cv2.INTER_LINEAR)


def _shrunk(picture: U8, cell_px: int, how: int) -> U8:
    rows, columns = picture.shape[0] // cell_px, picture.shape[1] // cell_px
    whole = picture[: rows * cell_px, : columns * cell_px]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=how), np.uint8)


def _inside(matte: Matte, box: Box, pha: U8) -> U8:
    """The matte's alpha in a box of the camera's picture. Writes pha, u8 (box.h, box.w)."""
    pha[:] = 0
    x0, y0 = max(matte.box.x, box.x), max(matte.box.y, box.y)
    x1 = min(matte.box.x + matte.box.w, box.x + box.w)
    y1 = min(matte.box.y + matte.box.h, box.y + box.h)
    if x1 > x0 and y1 > y0:
        part = Box(x0 - matte.box.x, y0 - matte.box.y, x1 - x0, y1 - y0)
        pha[Box(x0 - box.x, y0 - box.y, x1 - x0, y1 - y0).slices] = matte.pha[part.slices]
    return pha


def _bounds(stick: Stick | None, held: npt.NDArray[np.bool_], cell_px: int, scale: float) -> Box | None:
    """The pixels of the LCD's box that a stick and held things need, with a hem for their colour."""
    points: list[F64] = []
    if stick is not None:
        points += [stick.foot, stick.tip_xy]
    if held.any():
        rows, columns = np.nonzero(held)
        points += [np.array([f(columns), f(rows)]) * float(cell_px) for f in (np.min, np.max)]
    if not points:
        return None
    low = np.floor(np.min(points, axis=0) - HEM_PX * scale).astype(int)
    high = np.ceil(np.max(points, axis=0) + HEM_PX * scale).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _around(one: Box, other: Box, size_wh: SizeWh) -> Box:
    """The box that holds both, inside the picture."""
    x0, y0 = max(min(one.x, other.x), 0), max(min(one.y, other.y), 0)
    x1 = min(max(one.x + one.w, other.x + other.w), size_wh[0])
    y1 = min(max(one.y + one.h, other.y + other.h), size_wh[1])
    return Box(x0, y0, x1 - x0, y1 - y0)
