"""The pages that the LCD shows while the box calibrates: a ChArUco board, its inverse, a mosaic of colours.

ChArUco: a chessboard whose white squares carry markers, so that each corner in sight has a name even when a
person hides others. Garrido-Jurado et al., "Automatic generation and detection of highly reliable fiducial
markers under occlusion" (2014); drawn and detected by cv2.aruco.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.media import F32, F64, U8, SizeWh, freeze

ROWS = 9
MARKER_MODULES = 6  # 4x4 bits and the border
MARKER_SHARE = 0.75  # of a square: the rest keeps the corners' surroundings free
INK, PAPER = 20, 235  # neither is clipped by a camera that is exposed for a white page
_ENOUGH = 0.8  # of the corners
# Of the camera's picture: markers of smaller squares can hardly be read. Blurred larger ones are no reason
# to guess: the camera is to be focused.
_SMALL_SQUARE_PX = 30
_MIN_SQUARE_PX = 3 * MARKER_MODULES  # of the page
_DICTIONARY = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_250)
Index = npt.NDArray[np.intp]
_GREYS = np.linspace(0, 255, 12)
_STEPS = (0, 96, 176, 255)


class Corners(NamedTuple):
    """Chessboard corners in sight. ids: (n,). camera_xy: f64 (n, 2). squares_px: side of a square there."""

    ids: Index
    camera_xy: F64
    square_px: float


class Pattern:
    """The pages of one programme size. board, inverse, mosaic: u8 (H, W, 3), frozen.

    Raises ValueError for a page that is too small to hold the board.
    """

    def __init__(self, page_wh: SizeWh) -> None:
        width, height = page_wh
        columns = max(3, round(ROWS * width / height))
        self.page_wh = page_wh
        self.square_px = min(width // columns, height // ROWS)
        if self.square_px < _MIN_SQUARE_PX:
            raise ValueError(f"a page of {width}x{height} is too small for the calibration pattern")
        marker_px = max(1, round(MARKER_SHARE * self.square_px / MARKER_MODULES)) * MARKER_MODULES
        self.columns = columns
        self._board = cv2.aruco.CharucoBoard((columns, ROWS), self.square_px, marker_px, _DICTIONARY)
        self._left = (width - columns * self.square_px) // 2
        self._top = (height - ROWS * self.square_px) // 2
        plain = self._board.generateImage((columns * self.square_px, ROWS * self.square_px))
        grey = np.full((height, width), 255, np.uint8)
        down, across = plain.shape
        grey[self._top : self._top + down, self._left : self._left + across] = plain
        board = np.where(grey > 127, np.uint8(PAPER), np.uint8(INK))
        self.board: U8 = np.ascontiguousarray(np.repeat(board[..., None], 3, axis=2))
        self.inverse: U8 = np.uint8(INK + PAPER) - self.board
        self.mosaic: U8 = _mosaic(page_wh, columns)
        for rgb in (self.board, self.inverse, self.mosaic):
            freeze(rgb)

    @property
    def count(self) -> int:
        """Corners of the whole board."""
        return (self.columns - 1) * (ROWS - 1)

    def page_xy(self, ids: Index) -> F64:
        """Corners by id to page pixels, f64 (n, 2). They lie between four pixels, hence the half."""
        across, down = ids % (self.columns - 1) + 1, ids // (self.columns - 1) + 1
        at = np.stack([across * self.square_px + self._left, down * self.square_px + self._top], axis=1)
        return np.asarray(at - 0.5, np.float64)

    def find(self, rgb: F32 | U8) -> Corners:
        """The board's corners in a camera picture (H, W, 3) in codes, u8 or the f32 mean of several.

        To a few hundredths of a pixel: saddle points by gradients (cv2.cornerSubPix), in a window that stays
        clear of the markers.
        """
        grey = cv2.cvtColor(np.asarray(rgb, np.float32), cv2.COLOR_RGB2GRAY)
        codes = np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)
        names, at = self._detect(codes)
        if len(names) < _ENOUGH * self.count:
            # Small, slanted markers are read better from a larger picture, blurred ones from a smaller one.
            for scale in (2.0, 0.5):
                more, there = self._detect(codes, scale)
                if len(more) > len(names):
                    names, at = more, there
            if 0 < self._square_in(names, at.reshape(-1, 2).astype(np.float64)) < _SMALL_SQUARE_PX:
                more, there = self._detect(codes, 2.0, guesses=True)
                if len(more) > len(names):
                    names, at = more, there
        if len(names) < 4:
            return Corners(names, np.zeros((len(names), 2)), 0.0)
        square_px = self._square_in(names, at.reshape(-1, 2).astype(np.float64))
        reach = int(np.clip(round(0.11 * square_px), 2, 9))
        rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-3)
        exact = cv2.cornerSubPix(grey, at.copy(), (reach, reach), (-1, -1), rule)
        return Corners(names, exact.reshape(-1, 2).astype(np.float64), square_px)

    def _detect(self, codes: U8, scale: float = 1.0, *, guesses: bool = False) -> tuple[Index, F32]:
        """Ids (n,) and rough places f32 (n, 1, 2), looked for in a picture scaled by `scale`.

        guesses: markers that can hardly be read count where those that were read say that they must be.
        """
        if scale != 1:
            wide = cv2.resize(codes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            codes = np.asarray(wide, np.uint8)
        how = cv2.aruco.CharucoParameters()
        how.tryRefineMarkers = guesses
        found, ids, _, _ = cv2.aruco.CharucoDetector(self._board, how).detectBoard(codes)
        if not isinstance(ids, np.ndarray):  # OpenCV gives None, which its types do not tell
            return np.zeros(0, np.intp), np.zeros((0, 1, 2), np.float32)
        half, times = np.float32(0.5), np.float32(scale)
        at = (np.asarray(found, np.float32).reshape(-1, 1, 2) + half) / times - half if scale != 1 else found
        return np.asarray(ids, np.intp).ravel(), np.asarray(at, np.float32).reshape(-1, 1, 2)

    def _square_in(self, ids: Index, camera_xy: F64) -> float:
        """Side of a square in camera pixels: the median distance of neighbours in a row."""
        order = np.argsort(ids)
        ids, camera_xy = ids[order], camera_xy[order]
        is_next = (np.diff(ids) == 1) & (ids[1:] % (self.columns - 1) != 0)
        steps = np.hypot(*np.diff(camera_xy, axis=0)[is_next].T)
        return float(np.median(steps)) if len(steps) else 0.0


def _mosaic(page_wh: SizeWh, columns: int) -> U8:
    """Flat fields of greys and colours, mixed so that each part of the LCD shows some of all."""
    greys = np.repeat(_GREYS[:, None], 3, axis=1)
    colours = np.array([(r, g, b) for r in _STEPS for g in _STEPS for b in _STEPS if not r == g == b])
    kinds = np.concatenate([greys, greys, colours])
    count = columns * ROWS
    rng = np.random.default_rng(1)
    order = np.concatenate([rng.permutation(len(kinds)) for _ in range(-(-count // len(kinds)))])[:count]
    small = np.asarray(kinds[order].reshape(ROWS, columns, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(small, page_wh, interpolation=cv2.INTER_NEAREST), np.uint8)
