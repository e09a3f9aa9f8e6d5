"""Calibration without a pattern: the lesson's own page is found in the camera's picture.

First by features (SIFT: Lowe, "Distinctive image features from scale-invariant keypoints", 2004) that page
and picture share, then by optical flow between the predicted plate and the picture (Lucas and Kanade; in
pyramids: Bouguet, 2001), solved anew until plate and picture agree. Where the operator gave the LCD's
corners, these are the start, and no features are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.alignment import Calibration
from pipelines.calibration.figures import photometric
from pipelines.calibration.measuring import NotMeasured, unheard
from pipelines.calibration.outcome import Outcome, geometry_report, judged
from pipelines.calibration.report import finite
from pipelines.calibration.solving import Solution, Unsolvable, solve
from pipelines.media import F32, F64, U8, length_scale
from pipelines.plate.geometry import PageView
from pipelines.plate.photometry import LEVELS, Blocks, Photometry, first_guess, fit, seen_light
from pipelines.reports import Progress
from pipelines.saying import reason_of, said

ROUNDS = 4
MIN_MATCHES = 24
MIN_TRACKED = 40
_FEATURES = 4_000
_RATIO = 0.8  # Lowe's: the best match against the second best
_RANSAC_PX = 4.0  # for a picture of 720 rows; a homography alone, before the lens is known
_MATCH_PX, _FLOW_PX = 0.3, 0.1  # expected error of one point
_CORNERS = 1_500
_WINDOW_PX = 17
_RETURN_PX = 0.2  # there and back again
_FAR_PX = 30.0  # for such a picture: of a start by corners; later a tenth of it
_OTHER_CODES = (20.0, 10.0)  # off the prediction: somebody stands there; in the first round, and later
_MOVES = 2.0  # how much more than usual a pixel changes where somebody moves
_MOVES_PX = 9
_LEVEL_PX, _LEAST_CONTRAST = 8.0, 6.0  # codes

_EMPTIER = said(
    "fuller_page", "turn to a page with more on it, up to its borders, or calibrate with the pattern"
)


class Tracked(NamedTuple):
    """Points of the page and where the camera sees them, f64 (n, 2) each."""

    page_xy: F64
    camera_xy: F64


def from_courseware(
    page_rgb: U8,
    pictures: list[U8],
    start: Calibration | None = None,
    heard: Callable[[Progress], None] = unheard,
) -> Outcome:
    """page_rgb: u8 (H, W, 3), what the LCD shows. pictures: u8 (H, W, 3) each, of the camera while it shows
    it, some tenths of a second apart. start: a rough calibration, from the operator's corners. heard: called
    after each round.

    Raises NotMeasured.
    """
    seen, still = settle(pictures)
    camera_wh, page_wh = (seen.shape[1], seen.shape[0]), (page_rgb.shape[1], page_rgb.shape[0])
    picture: U8 = np.asarray(np.clip(np.rint(seen), 0, 255), np.uint8)
    guess = start

    def told(solution: Solution, tracked: Tracked) -> None:
        heard(Progress(len(pictures), len(tracked.page_xy), solution.rms_px))

    try:
        if guess is None:
            matched = match(page_rgb, picture)
            guess = solve(*matched, page_wh, camera_wh, "courseware", _MATCH_PX).calibration
        solution, tracked = _refine(guess, page_rgb, picture, still, start is not None, told)
    except Unsolvable as error:
        raise NotMeasured(
            said(
                "page_not_found",
                "the page was not found in the camera's picture ({why}): {mend}",
                why=reason_of(error),
                mend=_EMPTIER,
            )
        ) from error
    light = photometric(solution.calibration, page_rgb, seen)
    report = geometry_report("courseware", solution, len(tracked.page_xy), camera_wh, page_wh).model_copy(
        update={"photometric_codes": finite(light.residual_codes)}
    )
    return judged(report, solution, seen, tracked.camera_xy, light.tone)


def settle(pictures: list[U8]) -> tuple[F32, U8]:
    """The median f32 (H, W, 3), codes, and u8 (H, W), 255 where nobody moved."""
    stack = np.stack(pictures)
    green = np.sort(stack[..., 1], axis=0)
    # The median does not mind what passed by in a few of the pictures.
    few = len(green) // 4
    spread = (green[len(green) - 1 - few] - green[few]).astype(np.float32)
    soft = cv2.boxFilter(spread, -1, (_MOVES_PX, _MOVES_PX))
    moving = np.asarray(soft > _MOVES * max(float(np.median(soft)), 1.0), np.uint8)
    wide = cv2.dilate(moving, np.ones((2 * _MOVES_PX + 1, 2 * _MOVES_PX + 1), np.uint8))
    return np.asarray(np.median(stack, axis=0), np.float32), np.asarray((1 - wide) * 255, np.uint8)


def match(page_rgb: U8, picture: U8) -> Tracked:
    """Features of the page found in the picture, one homography's worth. Raises NotMeasured."""
    sift = cv2.SIFT.create(_FEATURES, contrastThreshold=0.02)
    page_points, page_marks = sift.detectAndCompute(_even(page_rgb), None)
    camera_points, camera_marks = sift.detectAndCompute(_even(picture), None)
    few = said("page_too_empty", "the page shows too little to find it by: {mend}", mend=_EMPTIER)
    if min(len(page_points), len(camera_points)) < MIN_MATCHES:
        raise NotMeasured(few)
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(page_marks, camera_marks, 2)
    good = [first for first, second in pairs if first.distance < _RATIO * second.distance]
    if len(good) < MIN_MATCHES:
        raise NotMeasured(few)
    page = np.array([page_points[m.queryIdx].pt for m in good], np.float64)
    camera = np.array([camera_points[m.trainIdx].pt for m in good], np.float64)
    reach = _RANSAC_PX * length_scale((picture.shape[1], picture.shape[0]))
    _, inliers = cv2.findHomography(page, camera, cv2.USAC_MAGSAC, reach, maxIters=5_000)
    chosen = np.asarray(inliers).ravel() > 0
    if np.count_nonzero(chosen) < MIN_MATCHES:
        raise NotMeasured(
            said(
                "page_not_seen",
                "the camera does not see this page: {count} features agree. Does the LCD show the page that "
                "the box holds, and is it in the picture? Or {mend}",
                count=int(np.count_nonzero(chosen)),
                mend=_EMPTIER,
            )
        )
    return Tracked(page[chosen], camera[chosen])


def _refine(
    guess: Calibration,
    page_rgb: U8,
    picture: U8,
    still: U8,
    is_rough: bool,
    told: Callable[[Solution, Tracked], None],
) -> tuple[Solution, Tracked]:
    """Solves from the flow between plate and picture, again and again, and tells each solution."""
    camera_wh, page_wh = (picture.shape[1], picture.shape[0]), (page_rgb.shape[1], page_rgb.shape[0])
    solution: Solution | None = None
    tracked = Tracked(np.zeros((0, 2)), np.zeros((0, 2)))
    for number in range(ROUNDS):
        reach = _FAR_PX if is_rough and number == 0 else _FAR_PX / 10
        other = _OTHER_CODES[min(number, 1)]
        tracked = _track(guess, page_rgb, picture, still, reach * length_scale(camera_wh), other)
        if len(tracked.page_xy) < MIN_TRACKED:
            raise NotMeasured(
                said(
                    "few_places",
                    "only {count} places of the page can be followed in the picture: {mend}",
                    count=len(tracked.page_xy),
                    mend=_EMPTIER,
                )
            )
        solution = solve(*tracked, page_wh, camera_wh, "courseware", _FLOW_PX)
        guess = solution.calibration
        told(solution, tracked)
    assert solution is not None
    return solution, tracked


def _track(
    guess: Calibration, page_rgb: U8, picture: U8, still: U8, reach_px: float, other_codes: float
) -> Tracked:
    """Textured places of the plate, found in the picture by flow, there and back."""
    camera_wh, page_wh = (picture.shape[1], picture.shape[0]), (page_rgb.shape[1], page_rgb.shape[0])
    view = PageView(guess, camera_wh, page_wh)
    if view.box.is_empty:
        return Tracked(np.zeros((0, 2)), np.zeros((0, 2)))
    around = _crop(picture, view)
    plate, fits = _plate(page_rgb, around, view, other_codes)
    mask = cv2.min(fits, _crop(still, view))
    here, there = (_levelled(rgb) for rgb in (plate, around))
    # Beside the LCD the prediction knows nothing: the picture itself stands in, so that pyramids see no edge.
    here = np.where(view.lcd > 0, here, there)
    points = cv2.goodFeaturesToTrack(here, _CORNERS, 0.004, 5, mask=mask, blockSize=5)
    if not isinstance(points, np.ndarray):  # OpenCV gives None, which its types do not tell
        return Tracked(np.zeros((0, 2)), np.zeros((0, 2)))
    levels = 4 if reach_px > _FAR_PX / 5 else 1
    window = (_WINDOW_PX, _WINDOW_PX)
    moved, ok, _ = cv2.calcOpticalFlowPyrLK(
        here, there, points, points.copy(), winSize=window, maxLevel=levels
    )
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(
        there, here, moved, moved.copy(), winSize=window, maxLevel=levels
    )
    before, after, again = (array.reshape(-1, 2).astype(np.float64) for array in (points, moved, back))
    kept = (ok.ravel() > 0) & (ok_back.ravel() > 0)
    kept &= (np.hypot(*(again - before).T) < _RETURN_PX) & (np.hypot(*(after - before).T) < reach_px)
    corner = np.array([view.box.x, view.box.y], np.float64)
    page_xy = guess.to_page(before[kept] + corner, camera_wh, page_wh)
    return Tracked(page_xy, np.asarray(after[kept] + corner, np.float64))


def _plate(page_rgb: U8, around: U8, view: PageView, other_codes: float) -> tuple[U8, U8]:
    """The plate u8 (h, w, 3) of the view's box, and where it may be trusted, u8 (h, w)."""
    light, blocks = view.light(page_rgb), view.blocks
    page, target = blocks.means(light), blocks.means(seen_light(around))
    sure = np.asarray(blocks.means(view.inside) == 255, np.uint8)
    model, strange = _plain(blocks), np.zeros_like(sure)
    for _ in range(2):
        model = fit(page, target, sure & (1 - strange), blocks, None) or model
        strange = _strangers(model.off_codes(page, target, blocks), sure, other_codes)
    fits: U8 = np.asarray((1 - strange) * 255, np.uint8)
    mask: U8 = np.asarray(np.minimum(blocks.spread(fits), view.inside) > 127, np.uint8) * np.uint8(255)
    return model.plate(light), mask


def _strangers(off: F64, sure: U8, other_codes: float) -> U8:
    """1 where a block is off the prediction, or has such blocks beside it, u8 (bh, bw)."""
    usual = float(np.median(off[sure > 0])) if sure.any() else 0.0
    strange = np.asarray(off > max(other_codes, 4 * usual), np.uint8)
    # A block or two around a person: their shadow, and the lens's blur.
    strange = np.asarray(cv2.morphologyEx(strange, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    return np.asarray(cv2.dilate(strange, np.ones((5, 5), np.uint8)), np.uint8)


def _plain(blocks: Blocks) -> Photometry:
    """A camera that sees the page's colours as they are."""
    return Photometry(first_guess(), np.zeros((*blocks.grid_hw, 3)), np.zeros((3, LEVELS)))


def _crop(picture: U8, view: PageView) -> U8:
    return np.ascontiguousarray(picture[view.box.slices])


def _levelled(rgb: U8) -> U8:
    """Grey with the local level taken off and the local contrast made alike: flow minds no light."""
    codes = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    level = codes - cv2.GaussianBlur(codes, (0, 0), _LEVEL_PX)
    contrast = np.sqrt(cv2.GaussianBlur(level * level, (0, 0), _LEVEL_PX)) + np.float32(_LEAST_CONTRAST)
    return np.asarray(np.clip(128 + 40 * level / contrast, 0, 255), np.uint8)


def _even(rgb: U8) -> U8:
    """Grey, with the contrast of dark parts lifted: features of dark pages count too."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(grey), np.uint8)
