"""SheetCoder: the programme without the teacher as lossless pictures, and only what changed of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.media import U8, Box, Patch, SheetUpdate
from pipelines.timing import NS_PER_S

TILE_PX = 64
MOST_PATCHES = 8
WHOLE_SHARE = 0.5  # more than this changed: a whole sheet costs little more
# More than this is no page of writing: the composed video carries it better than a wait of seconds.
MOST_BYTES = 6_000_000
# What changes must not pile up for somebody who joins: then a whole sheet begins anew.
CHAIN_BYTES = 2_000_000
CHAIN_UPDATES = 400
# Deflate's fastest: level 6 saves a tenth on text, and takes twice the time at a page turn.
_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """rgb: u8 (H, W, 3), frozen; None: there is none, as in the camera's layout. number, scene, layout: as
    in SheetUpdate."""

    number: int
    rgb: U8 | None
    scene: int
    layout: str


class Movement:
    """Tells a page that changes now and then from a film. Counts in whole pages.

    A turn, ink, a pointer and typing stay within the allowance; a film spends it in the first instant, and
    then moves until it has stood still for STILL_S.
    """

    ALLOWANCE = 3.0
    PER_S = 1.0
    STILL_S = 1.0

    def __init__(self) -> None:
        self.moves = False
        self._left = self.ALLOWANCE
        self._counted_ns: int | None = None
        self._changed_ns = 0

    def spend(self, share: float, now_ns: int) -> None:
        """The sheet changed by this share of its area, 0 to 1."""
        if self._counted_ns is not None:
            earned = (now_ns - self._counted_ns) / NS_PER_S * self.PER_S
            self._left = min(self.ALLOWANCE, self._left + earned)
        self._counted_ns = self._changed_ns = now_ns
        self._left = max(self._left - share, -share)
        if self._left < 0:
            self.moves = True

    def is_over(self, now_ns: int) -> bool:
        """Does a sheet that moved stand again?"""
        return self.moves and now_ns - self._changed_ns >= self.STILL_S * NS_PER_S

    def stand(self) -> None:
        self.moves, self._left = False, self.ALLOWANCE - 1.0


class SheetCoder:
    """Use from one thread. `code` for every new sheet, and without one a few times a second."""

    def __init__(self) -> None:
        self._movement = Movement()
        self._sheet: Sheet | None = None  # the newest
        self._sent: SheetUpdate | None = None
        self._sent_rgb: U8 | None = None  # what whoever has all updates sees
        self._seen_rgb: U8 | None = None  # the newest that was counted
        self._unfit: U8 | None = None  # too large as a picture
        self._chain = [0, 0]  # bytes, updates since the last whole sheet

    def begin(self) -> None:
        """Nobody has anything: the next update is a whole sheet."""
        self._sent = self._sent_rgb = None

    def code(self, sheet: Sheet | None, now_ns: int) -> SheetUpdate | None:
        """What viewers must be told, None for nothing. sheet: None while it is the one before."""
        if sheet is not None:
            self._sheet = sheet
        newest = self._sheet
        if newest is None:
            return None
        if newest.rgb is None:
            self._seen_rgb = None
            return self._told_moving(newest)
        if self._seen_rgb is not newest.rgb:
            self._movement.spend(_share(self._seen_rgb, newest.rgb), now_ns)
            self._seen_rgb = newest.rgb
        if self._movement.is_over(now_ns):
            self._movement.stand()
        if self._movement.moves or self._unfit is newest.rgb:
            return self._told_moving(newest)
        return self._changes(newest, newest.rgb)

    def _changes(self, sheet: Sheet, rgb: U8) -> SheetUpdate | None:
        if self._sent is not None and not self._sent.moves and self._sent.number == sheet.number:
            return None
        before = self._sent_rgb
        boxes = None if before is None or before.shape != rgb.shape else changed_boxes(before, rgb)
        is_whole = (
            boxes is None
            or self._chain[0] > CHAIN_BYTES
            or self._chain[1] > CHAIN_UPDATES
            or sum(box.w * box.h for box in boxes) > WHOLE_SHARE * rgb.shape[0] * rgb.shape[1]
        )
        if is_whole or boxes is None:
            boxes = [Box(0, 0, rgb.shape[1], rgb.shape[0])]
        patches = tuple(Patch(box, encode_png(rgb[box.slices])) for box in boxes)
        base = None if is_whole or self._sent is None else self._sent.number
        update = SheetUpdate(sheet.number, sheet.scene, sheet.layout, base, False, patches)
        if update.size_bytes > MOST_BYTES:
            self._unfit = rgb
            return self._told_moving(sheet)
        self._chain = [0, 0] if is_whole else [self._chain[0] + update.size_bytes, self._chain[1] + 1]
        self._sent, self._sent_rgb = update, rgb
        return update

    def _told_moving(self, sheet: Sheet) -> SheetUpdate | None:
        """Once, for all that moves from here on."""
        self._sent_rgb = None
        if self._sent is not None and self._sent.moves and self._sent.scene == sheet.scene:
            return None
        self._sent = SheetUpdate(sheet.number, sheet.scene, sheet.layout, moves=True)
        return self._sent


def encode_png(rgb: U8) -> bytes:
    """u8 (H, W, 3) as PNG: no gamma, no profile, so that what comes out is what went in."""
    coded, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), _PNG)
    if not coded:
        raise RuntimeError(f"a picture of shape {rgb.shape} could not be written as PNG")
    return bytes(png)


def changed_boxes(before: U8, after: U8) -> list[Box]:
    """At most MOST_PATCHES boxes, whole tiles, that hold every pixel in which two u8 (H, W, 3) differ."""
    tiles = _changed_tiles(before, after)
    count, _, stats, _ = cv2.connectedComponentsWithStats(tiles, connectivity=8)
    found = [tuple(int(v) for v in row[:4]) for row in stats[1:count]]
    if len(found) > MOST_PATCHES:
        found = [tuple(int(v) for v in cv2.boundingRect(tiles))]
    height, width = after.shape[:2]
    boxes = []
    for x, y, w, h in found:
        left, top = x * TILE_PX, y * TILE_PX
        right, bottom = min((x + w) * TILE_PX, width), min((y + h) * TILE_PX, height)
        boxes.append(Box(left, top, right - left, bottom - top))
    return boxes


def _changed_tiles(before: U8, after: U8) -> U8:
    """u8 (rows, columns) of tiles, 1 where anything differs."""
    height, width = after.shape[:2]
    differing = np.bitwise_xor(before, after).reshape(height, width * 3)
    rows = np.bitwise_or.reduceat(differing, np.arange(0, height, TILE_PX), axis=0)
    tiles = np.bitwise_or.reduceat(rows, np.arange(0, width * 3, TILE_PX * 3), axis=1)
    return np.asarray(tiles != 0, np.uint8)


def _share(before: U8 | None, after: U8) -> float:
    if before is None or before.shape != after.shape:
        return 1.0
    return float(_changed_tiles(before, after).mean())
