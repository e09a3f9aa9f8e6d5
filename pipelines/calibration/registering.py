"""How far the camera has moved: the picture held against what it should show.

Inverse compositional least squares over a homography of the flat plane: Baker and Matthews, "Lucas-Kanade 20
Years On" (2004); with weights that outliers lose (Cauchy), light free by a gain and an offset, and a prior
that says what a knock looks like, so that a page with one line on it moves nothing that it does not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.calibration.template import LEVELS, Ground, Level, Template
from pipelines.media import F32, F64, U8, SizeWh

FAR_STEP = 8  # of the map of what is surely background
LEAST_SAMPLES = 60
ALIKE = 0.8  # correlation of the samples with the picture: less is another page, or a wrong place
_FOUND = 0.9
# Deviations of the unknowns at the picture's border, in camera pixels of a picture whose longer side
# has 1280: shift, turn and scale, perspective.
_PRIOR_PX = np.array([20.0, 20.0, 40.0, 20.0, 20.0, 40.0, 6.0, 6.0])
_PRIOR = np.diag((640 / _PRIOR_PX) ** 2)
_NOISE_CODES = 6.0  # at least: neighbouring samples err alike
_ROUNDS = 6
_TRACK_ROUNDS = 8
_STILL_PX = 0.003
_COARSE = 4  # of the picture, for the search by phase

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture to measure in. codes: u8, green, whole, half, quarter and eighth. far: u8, 1/FAR_STEP of
    the picture, above 0 where nobody is near.
    """

    codes: tuple[U8, ...]
    far: U8
    size_wh: SizeWh


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """moved: f64 (3, 3), homography of the plane, from where things should be to where they are seen.

    shift_px, std_px: root mean square over the LCD, camera pixels, and its uncertainty. alike: correlation.
    """

    moved: F64
    shift_px: float
    std_px: float
    alike: float
    samples: int


def view_of(rgb: U8, far: U8) -> View:
    """The picture's green, halved again and again."""
    codes = [np.ascontiguousarray(rgb[..., 1])]
    for _ in range(LEVELS - 1):
        codes.append(np.asarray(cv2.pyrDown(codes[-1]), np.uint8))
    return View(tuple(codes), far, (rgb.shape[1], rgb.shape[0]))


def register(template: Template, view: View, guess: F64 | None = None) -> Registration:
    """The movement since the template's calibration, the nearest that explains the picture.

    First from where the camera was; then, if that finds nothing, from a guess f64 (3, 3), from coarse to
    fine, and from where the pages' shapes agree best as a whole (Kuglin and Hines, phase correlation, 1975).
    """
    best = _measured(template, view, _refined(template, view, np.eye(3), (0,), _TRACK_ROUNDS))
    if best.alike > ALIKE and best.shift_px < 1:
        return best
    starts: list[tuple[Callable[[], F64], tuple[int, ...]]] = [
        (lambda: np.eye(3), (3, 2, 1, 0)),
        (lambda: _by_phase(template, view), (2, 1, 0)),
    ]
    if guess is not None:
        starts.insert(0, (lambda: guess, (1, 0)))
    for start, numbers in starts:
        found = _measured(template, view, _refined(template, view, start(), numbers, _ROUNDS))
        if found.alike > best.alike:
            best = found
        if best.alike > _FOUND:
            break
    return best


def stands_still(template: Template, view: View) -> bool:
    """Does what stands around the LCD say that the camera has not moved?"""
    level = template.levels[0]
    code, seen = _sampled(template.ground, level, view, np.eye(3))
    around = seen & (level.group == 1)
    if np.count_nonzero(around) < LEAST_SAMPLES:
        return False
    return float(np.corrcoef(code[around], level.code[around])[0, 1]) >= ALIKE


def _refined(template: Template, view: View, moved: F64, numbers: tuple[int, ...], rounds: int) -> F64:
    for number in numbers:
        level = template.levels[number]
        for _ in range(rounds):
            step = _step(template.ground, level, view, moved)
            if step is None:
                break
            moved = moved @ np.linalg.inv(step)
            moved = moved / moved[2, 2]
            if _length_px(template, step) < _STILL_PX * level.step:
                break
    return moved


def _step(ground: Ground, level: Level, view: View, moved: F64) -> F64 | None:
    """One Gauss-Newton step: the homography to take off, f64 (3, 3); None where too little is in sight."""
    code, seen = _sampled(ground, level, view, moved)
    if np.count_nonzero(seen) < LEAST_SAMPLES:
        return None
    rest, weight = _rest(code, level, seen)
    normal, pull = _normal(level, rest, weight)
    gone = _unknowns(moved)
    found = np.linalg.solve(normal + _PRIOR, pull + _PRIOR @ gone)
    step = np.eye(3)
    step.flat[:8] += found
    return step if abs(np.linalg.det(step)) > 0.1 else None


def _measured(template: Template, view: View, moved: F64) -> Registration:
    """The movement, with how sure it is."""
    level, ground = template.levels[0], template.ground
    code, seen = _sampled(ground, level, view, moved)
    shift_px = _length_px(template, moved)
    count = int(np.count_nonzero(seen))
    if count < LEAST_SAMPLES:
        return Registration(moved, shift_px, 99.0, 0.0, count)
    rest, weight = _rest(code, level, seen)
    normal, _ = _normal(level, rest, weight)
    spread = np.linalg.inv(normal + _PRIOR)
    x, y = template.lcd[:, 0], template.lcd[:, 1]
    nought, one = np.zeros_like(x), np.ones_like(x)
    across = np.column_stack([x, y, one, nought, nought, nought, -x * x, -x * y])
    down = np.column_stack([nought, nought, nought, x, y, one, -x * y, -y * y])
    variance = sum(np.einsum("ni,ij,nj->n", part, spread, part).mean() for part in (across, down))
    expected = level.code[seen]
    alike = float(np.corrcoef(expected, expected + rest[seen])[0, 1]) if expected.std() > 1 else 0.0
    return Registration(moved, shift_px, float(np.sqrt(variance)) * ground.half_px, alike, count)


def _sampled(ground: Ground, level: Level, view: View, moved: F64) -> tuple[F32, Mask]:
    """The picture's codes f32 (n,) where the samples are seen, and whether they are, bool (n,)."""
    if len(level.at) == 0:
        return level.code, np.zeros(0, np.bool_)
    ahead = level.at @ moved[:, :2].T + moved[:, 2]
    pixels = ground.pixels(ahead[:, :2] / ahead[:, 2:])
    width, height = view.size_wh
    inside = ((pixels > 1) & (pixels < (width - 2, height - 2))).all(axis=1) & (ahead[:, 2] > 0.1)
    safe = np.where(inside[:, None], pixels, 1.0)
    far = view.far[(safe[:, 1] / FAR_STEP).astype(np.intp), (safe[:, 0] / FAR_STEP).astype(np.intp)] > 0
    picture = view.codes[level.step.bit_length() - 1]
    x, y = (np.ascontiguousarray(safe[:, k : k + 1] / level.step, np.float32) for k in (0, 1))
    code = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(code.reshape(-1), np.float32), np.asarray(inside & far)


def _rest(code: F32, level: Level, seen: Mask) -> tuple[F64, F64]:
    """What the picture has beyond the expected, its light fitted by a gain and an offset for each group,
    f64 (n,); and the samples' weights.
    """
    rest, weight = np.zeros(len(code)), np.zeros(len(code))
    for group in (0, 1):
        mine = np.flatnonzero(seen & (level.group == group))
        if len(mine) < 20:
            continue
        found, expected = code[mine].astype(np.float64), level.code[mine].astype(np.float64)
        say = np.ones(len(mine))
        for _ in range(3):
            total = say.sum()
            mean_found, mean_expected = (say @ found) / total, (say @ expected) / total
            off = found - mean_found
            gain = (say @ (off * (expected - mean_expected)) + 1e3) / (say @ (off * off) + 1e3)
            gain = min(max(gain, 0.6), 1.7)
            missed = gain * off + mean_expected - expected
            scale = max(_NOISE_CODES, 2 * float(np.median(np.abs(missed))))
            say = 1 / (1 + (missed / scale) ** 2)
        rest[mine], weight[mine] = missed, say / scale**2
    return rest, weight


def _normal(level: Level, rest: F64, weight: F64) -> tuple[F64, F64]:
    weighted = level.slopes * weight[:, None]
    return np.asarray(weighted.T @ level.slopes), np.asarray(weighted.T @ rest)


def _unknowns(moved: F64) -> F64:
    return np.asarray((moved / moved[2, 2] - np.eye(3)).ravel()[:8])


def _length_px(template: Template, moved: F64) -> float:
    ahead = template.lcd @ moved[:, :2].T + moved[:, 2]
    off = ahead[:, :2] / ahead[:, 2:] - template.lcd
    return float(np.sqrt((off**2).sum(axis=1).mean())) * template.ground.half_px


def _by_phase(template: Template, view: View) -> F64:
    """A shift of the whole, from where samples should be and where the picture is steep."""
    width, height = view.size_wh
    size = (height // _COARSE, width // _COARSE)
    level = template.levels[0]
    pixels = template.ground.pixels(level.at)
    drawn = np.zeros(size, np.float32)
    at = (pixels / _COARSE).astype(np.intp)
    inside = (at >= 0).all(axis=1) & (at < (size[1], size[0])).all(axis=1)
    steepness = np.hypot(level.slopes[:, 2], level.slopes[:, 5]) / template.ground.half_px
    np.maximum.at(drawn, (at[inside, 1], at[inside, 0]), steepness[inside].astype(np.float32))
    small = view.codes[_COARSE.bit_length() - 1][: size[0], : size[1]].astype(np.float32)
    across, down = (cv2.Sobel(small, cv2.CV_32F, dx, dy, scale=1 / 8) for dx, dy in ((1, 0), (0, 1)))
    slope = np.hypot(across, down)
    far = cv2.resize(view.far, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
    slope = np.where(far > 0, slope, np.float32(0))
    window = cv2.createHanningWindow((size[1], size[0]), cv2.CV_32F)
    soft = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.8), np.float32)
    (dx, dy), _ = cv2.phaseCorrelate(soft, np.asarray(slope, np.float32), window)
    moved = np.eye(3)
    moved[:2, 2] = np.array([dx, dy]) * _COARSE / template.ground.half_px
    return moved
