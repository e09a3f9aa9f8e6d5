"""Points on the page and where the camera sees them -> where the page is, and how the lens bends.

Model: a homography, then radial distortion about a centre (alignment.Lens). Robust least squares: Levenberg
and Marquardt's steps, Cauchy's weights; weak expectations hold what one flat view cannot tell (the middle of
the distortion). Focal length and pose follow from the homography as in Zhang, "A flexible new technique for
camera calibration" (2000), with page pixels taken as square.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.alignment import Calibration, Lens
from pipelines.media import F64, SizeWh
from pipelines.saying import said

Flags = npt.NDArray[np.bool_]
MIN_POINTS = 16
_START_PX = 0.004  # of the picture's width: a homography alone, before the lens is known
_STEPS = 25
_LEAST_SPREAD_PX = 0.02
_MOST_SPREAD = 0.0025  # of the picture's width
_EXPECTED = np.concatenate([np.full(8, 1e3), [0.5, 1.0, 0.006, 0.006]])  # of each unknown; 1e3: nothing
_EXPECTATION_PX = 0.05  # what being off by as much counts
_FOCALS = np.exp(np.linspace(np.log(0.35), np.log(6), 240))
_FOCAL_GUESS, _FOCAL_SPREAD = 1.2, 0.6  # in the logarithm
_SQUARE = 0.001  # how far page pixels may be off square


class Pose(NamedTuple):
    """How the camera looks at the LCD. Angles in degrees, seen from the LCD's middle, from its normal.

    off_deg: in all. right_deg, down_deg: where the camera is, as the audience sees it. sigma_deg: of off_deg.
    focal: share of the picture's width.
    """

    off_deg: float
    right_deg: float
    down_deg: float
    sigma_deg: float
    focal: float


class Solution(NamedTuple):
    """kept: bool (n,), points that agree. missed_px: f64 (n, 2), camera pixels seen minus predicted.

    rms_px: of kept points, both axes together. outline_px: expected error (one sigma, both axes) along the
    LCD's border, where the points may be far.
    """

    calibration: Calibration
    kept: Flags
    missed_px: F64
    rms_px: float
    outline_px: float
    pose: Pose


class Unsolvable(ValueError):
    """The points do not tell where the page is; the text says why."""


def solve(
    page_xy: F64, camera_xy: F64, page_wh: SizeWh, camera_wh: SizeWh, source: str, noise_px: float = 0.0
) -> Solution:
    """page_xy, camera_xy: f64 (n, 2), pixels of a page and of a picture of these sizes.

    noise_px: expected error of a point, if it is known to exceed what the fit leaves. Raises Unsolvable.
    """
    if len(page_xy) < MIN_POINTS:
        raise Unsolvable(
            said(
                "few_points",
                "{seen} points in sight; {needed} are needed",
                seen=len(page_xy),
                needed=MIN_POINTS,
            )
        )
    page, camera = _shares(page_xy, page_wh), _shares(camera_xy, camera_wh)
    matrix, _ = cv2.findHomography(page, camera, cv2.RANSAC, _START_PX)
    if not _is_sound(matrix):
        raise Unsolvable(said("points_on_a_line", "the points lie on a line, or belong to no flat page"))
    guess = np.concatenate([(matrix / matrix[2, 2]).ravel()[:8], np.zeros(4)])
    found, weight, normal = _fit(page, camera, guess, float(camera_wh[0]))
    missed = (camera - _seen(found, page)) * camera_wh[0]
    off = np.hypot(*missed.T)
    spread = max(_spread(missed, weight > 0.5), _LEAST_SPREAD_PX)
    kept = np.asarray(off < 5 * spread, np.bool_)
    if np.count_nonzero(kept) < MIN_POINTS or spread > _MOST_SPREAD * camera_wh[0]:
        raise Unsolvable(said("points_not_flat", "the points belong to no flat page"))
    rms = float(np.sqrt((off[kept] ** 2).mean()))
    variance = max(rms**2 / 2, _LEAST_SPREAD_PX**2 / 2, noise_px**2)
    covariance = np.asarray(np.linalg.inv(normal) * variance, np.float64)
    pose = _pose(found, covariance)
    calibration = _calibration(found, page_wh, camera_wh, source, pose.focal)
    outline = _outline_error(found, covariance, page_wh, camera_wh)
    return Solution(calibration, kept, missed, rms, outline, pose)


def _is_sound(matrix: object) -> bool:
    """OpenCV gives None, which its types do not tell, for points that agree on nothing."""
    return isinstance(matrix, np.ndarray) and abs(float(matrix[2, 2])) > 1e-9


def _shares(pixels: F64, size_wh: SizeWh) -> F64:
    """Pixels as shares of the picture's width from its middle; both axes in the same unit."""
    return np.asarray((pixels - (np.array(size_wh) - 1) / 2) / size_wh[0], np.float64)


def _seen(found: F64, page: F64) -> F64:
    """Where the camera sees page points; the twelve unknowns are homography, k1, k2 and centre."""
    matrix = np.append(found[:8], 1.0).reshape(3, 3)
    moved = page @ matrix[:, :2].T + matrix[:, 2]
    from_centre = moved[:, :2] / moved[:, 2:] - found[10:]
    r2 = (from_centre**2).sum(1, keepdims=True)
    return np.asarray(from_centre * (1 + found[8] * r2 + found[9] * r2 * r2) + found[10:])


def _slopes(found: F64, of: Callable[[F64], F64]) -> F64:
    """Central differences of a vector function of the unknowns, f64 (m, 12)."""
    step = 1e-6
    sides = [(of(found + step * axis) - of(found - step * axis)).ravel() for axis in np.eye(len(found))]
    return np.asarray(np.stack(sides, axis=1) / (2 * step))


def _fit(page: F64, camera: F64, guess: F64, width: float) -> tuple[F64, F64, F64]:
    """Unknowns f64 (12,), weights of points f64 (n,), weighted normal matrix f64 (12, 12) in px^-2."""
    hold = np.diag((_EXPECTATION_PX / _EXPECTED) ** 2)

    def cost(at: F64, weight: F64) -> float:
        missed = (camera - _seen(at, page)) * width
        return float((weight * (missed**2).sum(1)).sum() + at @ hold @ at)

    found, damping = guess, 1e-3
    weight, normal = np.ones(len(page)), np.eye(len(guess))
    for _ in range(_STEPS):
        missed = (camera - _seen(found, page)) * width
        spread = max(_spread(missed, np.ones(len(page), bool)), _LEAST_SPREAD_PX)
        weight = 1 / (1 + (missed**2).sum(1) / (3 * spread) ** 2)
        slopes = _slopes(found, lambda at: _seen(at, page) * width)
        twice = np.repeat(weight, 2)[:, None]
        normal = slopes.T @ (slopes * twice) + hold
        pull = slopes.T @ (twice[:, 0] * missed.ravel()) - hold @ found
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), pull)
        if cost(found + step, weight) < cost(found, weight):
            found, damping = found + step, damping / 10
        else:
            damping *= 10
        if damping > 1e6 or np.abs(step).max() < 1e-9:
            break
    return found, weight, normal


def _spread(missed: F64, chosen: Flags) -> float:
    """Standard deviation per axis, from the median: outliers do not count."""
    return float(1.4826 * np.median(np.abs(missed[chosen]))) if chosen.any() else 0.0


def _outline_error(found: F64, covariance: F64, page_wh: SizeWh, camera_wh: SizeWh) -> float:
    width, height = page_wh
    x, y = np.meshgrid(np.linspace(0, width, 9) - 0.5, np.linspace(0, height, 5) - 0.5)
    border = _shares(np.stack([x.ravel(), y.ravel()], axis=1), page_wh)
    slopes = _slopes(found, lambda at: _seen(at, border) * camera_wh[0])
    variance = np.einsum("ij,jk,ik->i", slopes, covariance, slopes).reshape(-1, 2).sum(1)
    return float(np.sqrt(variance.max()))


def _axes(found: F64, focals: F64) -> F64:
    """The homography's columns in the camera's own axes, for each of k focal lengths: the page's x and y, and
    its middle, f64 (k, 3, 3).
    """
    matrix = np.append(found[:8], 1.0).reshape(3, 3)
    to_rays = np.zeros((len(focals), 3, 3))
    to_rays[:, 0, 0] = to_rays[:, 1, 1] = 1 / focals
    to_rays[:, :2, 2] = -found[10:12] / focals[:, None]
    to_rays[:, 2, 2] = 1
    return np.asarray(to_rays @ matrix)


def _skewness(found: F64, focals: F64) -> F64:
    """What a wrong focal length shows: the page's axes are not at right angles, or not of one length.

    f64 (k, 2).
    """
    x, y, _ = np.moveaxis(_axes(found, focals), -1, 0)
    across, down = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
    return np.stack([(x * y).sum(1) / (across * down), np.log(across / down)], axis=1)


def _pose(found: F64, covariance: F64) -> Pose:
    """Weighs all focal lengths: a camera straight ahead does not tell its own, nor needs it to."""
    slopes = _slopes(found, lambda at: _skewness(at, _FOCALS)).reshape(len(_FOCALS), 2, len(found))
    spread = slopes @ covariance @ slopes.transpose(0, 2, 1) + _SQUARE**2 * np.eye(2)
    skew = _skewness(found, _FOCALS)
    unlikely = (skew * np.linalg.solve(spread, skew[..., None])[..., 0]).sum(1)
    expected = (np.log(_FOCALS / _FOCAL_GUESS) / _FOCAL_SPREAD) ** 2
    logs = -0.5 * (unlikely + np.linalg.slogdet(spread)[1] + expected)
    angles = np.array([_angles(axes) for axes in _axes(found, _FOCALS)])
    share = np.exp(logs - logs.max())
    share /= share.sum()
    off, right, down = share @ angles
    sigma = np.sqrt(share @ (angles[:, 0] - off) ** 2)
    return Pose(float(off), float(right), float(down), float(sigma), float(np.exp(share @ np.log(_FOCALS))))


def _angles(axes: F64) -> F64:
    """off, right, down in degrees; see Pose."""
    x, y, middle = axes.T
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    normal = np.cross(x, y)
    normal /= np.linalg.norm(normal)
    camera = -middle / np.linalg.norm(middle)  # seen from the LCD
    ahead = abs(camera @ normal)
    right, down = np.arctan2(camera @ x, ahead), np.arctan2(camera @ y, ahead)
    return np.rad2deg([np.arccos(min(ahead, 1.0)), right, down])


def _calibration(found: F64, page_wh: SizeWh, camera_wh: SizeWh, source: str, focal: float) -> Calibration:
    centre_xy = (float(found[10]), float(found[11]))
    lens = Lens(focal, float(found[8] * focal**2), float(found[9] * focal**4), centre_xy)
    flat_from_page = np.linalg.inv(_to_shares(camera_wh)) @ np.append(found[:8], 1.0).reshape(3, 3)
    page_from_flat = np.linalg.inv(flat_from_page @ _to_shares(page_wh))
    page_from_flat /= page_from_flat[2, 2]
    return Calibration(
        _best_homography(page_from_flat, lens, page_wh, camera_wh),
        camera_wh,
        page_wh,
        source,
        lens,
        page_from_flat,
    )


def _best_homography(page_from_flat: F64, lens: Lens, page_wh: SizeWh, camera_wh: SizeWh) -> F64:
    """The page_from_camera without a lens that errs least over the LCD, f64 (3, 3)."""
    width, height = page_wh
    x, y = np.meshgrid(np.linspace(0, width, 17) - 0.5, np.linspace(0, height, 11) - 0.5)
    page = np.stack([x.ravel(), y.ravel()], axis=1)
    flat = cv2.perspectiveTransform(page[None], np.linalg.inv(page_from_flat))[0]
    matrix, _ = cv2.findHomography(lens.bend(np.asarray(flat, np.float64), camera_wh), page, 0)
    return np.asarray(matrix, np.float64)


def _to_shares(size_wh: SizeWh) -> F64:
    width, height = size_wh
    return np.array(
        [[1 / width, 0, (1 - width) / 2 / width], [0, 1 / width, (1 - height) / 2 / width], [0, 0, 1]]
    )
