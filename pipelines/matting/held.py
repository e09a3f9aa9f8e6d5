"""Held objects over the LCD: what the network does not know (a stick, a book's edge) but the page gives away.

Where the camera's picture of the LCD lies outside the envelope of what the page explains, something stands
before it. What hangs together with the teacher and has the shape of a stick or of something held is added to
the matte. Envelope tests against a known screen: see docs/why.md.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from pipelines.matting.stick import Stick, draw_stick, find_stick
from pipelines.media import U8, Box, Envelope, Matte, freeze

CELL_PX = 4  # for a picture of 720 rows
AROUND_PX = 40  # of the teacher: no pixel there says whether the plate is right
UNEXPLAINED_SHARE = 0.01  # of the LCD in sight
_EVIDENT = 45  # of 255: three of 16 pixels
_BODY = 128
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
        beyond, cells = _evidence(rgb, envelope, cell_px)
        pha = _inside(matte, envelope.box)
        shares = _cell_means(pha, cell_px)
        body = np.asarray(shares >= _BODY, np.uint8)
        stick = None
        if np.count_nonzero(cells):
            stick = find_stick(
                beyond, rgb, envelope.plate, cells, body, cell_px, scale, self._stick
            )
        self.trust = self._judge(cells, shares, stick, envelope, cell_px, scale)
        if self.trust <= 0:
            return None, matte
        self.trusted += 1
        if stick is None:
            return None, matte
        return stick, _with_stick(matte, envelope.box, stick, scale)

    def _judge(self, cells: U8, shares: U8, stick: Stick | None, envelope: Envelope, cell_px: int, scale: float) -> float:
        """How well the LCD agrees with the envelope where neither teacher nor stick is near, 0 to 1."""
        near = 2 * round(AROUND_PX * scale / cell_px) + 1
        covered = np.asarray(shares > 2, np.uint8)
        covered = cv2.dilate(covered, np.ones((near, near), np.uint8))
        if stick is not None:
            ends = (np.stack([stick.foot, stick.tip_xy]) / cell_px).round().astype(int).tolist()
            cv2.line(covered, ends[0], ends[1], (1,), 7)
        middle = slice(cell_px // 2, None, cell_px)
        lcd = envelope.high[middle, middle, 0][: cells.shape[0], : cells.shape[1]] < 255
        sight = lcd & (covered == 0)
        seen = np.count_nonzero(sight)
        if seen < _SEEN_SHARE * cells.size:
            return 0.0
        return max(0.0, 1 - np.count_nonzero(cells[sight]) / (UNEXPLAINED_SHARE * seen))


def _evidence(rgb: U8, envelope: Envelope, cell_px: int) -> tuple[U8, U8]:
    """Where the picture lies outside the envelope, u8 (h, w), and cells that hold enough of that, u8 (gh, gw)."""
    ycc = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    beyond = cv2.bitwise_not(cv2.inRange(ycc, envelope.low, envelope.high))
    return np.asarray(beyond, np.uint8), np.asarray(_cell_means(beyond, cell_px) >= _EVIDENT, np.uint8)


def _cell_means(picture: U8, cell_px: int) -> U8:
    """Means over squares of cell_px, u8 (h // cell_px, w // cell_px)."""
    rows, columns = picture.shape[0] // cell_px, picture.shape[1] // cell_px
    whole = picture[: rows * cell_px, : columns * cell_px]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _inside(matte: Matte, box: Box) -> U8:
    """The matte's alpha in a box of the camera's picture, u8 (box.h, box.w)."""
    pha = np.zeros((box.h, box.w), np.uint8)
    x0, y0 = max(matte.box.x, box.x), max(matte.box.y, box.y)
    x1 = min(matte.box.x + matte.box.w, box.x + box.w)
    y1 = min(matte.box.y + matte.box.h, box.y + box.h)
    if x1 > x0 and y1 > y0:
        part = Box(x0 - matte.box.x, y0 - matte.box.y, x1 - x0, y1 - y0)
        pha[Box(x0 - box.x, y0 - box.y, x1 - x0, y1 - y0).slices] = matte.pha[part.slices]
    return pha


def _with_stick(matte: Matte, origin: Box, stick: Stick, scale: float) -> Matte:
    """The matte, its box grown, with the stick. The stick's points count from the origin's corner."""
    margin = 12 * scale
    ends = np.stack([stick.foot, stick.tip_xy]) + (origin.x, origin.y)
    low, high = np.floor(ends.min(axis=0) - margin), np.ceil(ends.max(axis=0) + margin)
    width, height = matte.frame.size_wh
    x0, y0 = max(min(int(low[0]), matte.box.x), 0), max(min(int(low[1]), matte.box.y), 0)
    x1 = min(max(int(high[0]), matte.box.x + matte.box.w), width)
    y1 = min(max(int(high[1]), matte.box.y + matte.box.h), height)
    box = Box(x0, y0, x1 - x0, y1 - y0)
    part = Box(matte.box.x - x0, matte.box.y - y0, matte.box.w, matte.box.h).slices
    pha, fgr = np.zeros((box.h, box.w), np.uint8), np.zeros((box.h, box.w, 3), np.uint8)
    pha[part], fgr[part] = matte.pha, matte.fgr
    rgb = matte.frame.rgb[box.slices]
    moved = Stick(
        stick.foot + (origin.x - x0, origin.y - y0), stick.along, stick.bend, stick.width_px, stick.way_px, stick.colours
    )
    draw_stick(moved, rgb, pha, fgr, scale)
    freeze(pha)
    freeze(fgr)
    return Matte(matte.frame, box, pha, fgr)
