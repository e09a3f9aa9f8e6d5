"""How good a matte is, measured against the true alpha. Smaller is better for all but `psnr_db`.

Alphas are u8 (H, W), full scale 255; results are in shares of full scale, so times 1000 they read as in
the papers. `where`: bool (H, W), or None for the whole picture.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.media import F32, U8, Matte

Mask = npt.NDArray[np.bool_]


def full_pha(matte: Matte) -> U8:
    """The matte's alpha over the whole picture of its frame, u8 (H, W)."""
    width, height = matte.frame.size_wh
    pha = np.zeros((height, width), np.uint8)
    pha[matte.box.slices] = matte.pha
    return pha


def mad(pha: U8, truth: U8, where: Mask | None = None) -> float:
    """Mean absolute difference."""
    return float(_difference(pha, truth, where).mean() / 255)


def mse(pha: U8, truth: U8, where: Mask | None = None) -> float:
    """Mean squared error."""
    return float(np.square(_difference(pha, truth, where) / 255.0).mean())


def gradient(pha: U8, truth: U8) -> float:
    """Gradient error, sum over the picture in thousands: sigma 1.4 (Rhemann et al., CVPR 2009)."""
    return float(np.square(_gradient_size(pha) - _gradient_size(truth)).sum() / 1000)


def dtssd(pha: U8, truth: U8, pha_before: U8, truth_before: U8) -> float:
    """Flicker: root mean square of alpha's change beyond the truth's change (Erofeev et al., BMVC 2015)."""
    change = pha.astype(np.float32) - pha_before
    true_change = truth.astype(np.float32) - truth_before
    return float(np.sqrt(np.square(change - true_change).mean()) / 255)


def psnr_db(composite: U8, truth: U8, where: Mask | None = None) -> float:
    """Peak signal to noise ratio of a composite u8 (H, W, 3), in dB, at most 99."""
    error = np.square(_difference(composite, truth, where).astype(np.float32)).mean()
    return float(min(10 * np.log10(255**2 / max(error, 1e-9)), 99.0))


def edge_band(truth: U8, radius_px: int = 4) -> Mask:
    """Where the truth is neither 0 nor 1, and so many pixels around."""
    soft = ((truth > 5) & (truth < 250)).astype(np.uint8)
    size = 2 * radius_px + 1
    return np.asarray(cv2.dilate(soft, np.ones((size, size), np.uint8)) > 0)


def near(points_xy: list[tuple[float, float]], radius_px: float, truth: U8) -> Mask:
    """Discs around points, as far as the teacher or their close surroundings reach: a hand."""
    discs = np.zeros(truth.shape, np.uint8)
    for x, y in points_xy:
        cv2.circle(discs, (round(x), round(y)), round(radius_px), 1, -1)
    around = cv2.dilate((truth > 2).astype(np.uint8), np.ones((13, 13), np.uint8))
    return np.asarray((discs > 0) & (around > 0))


def _difference(one: U8, other: U8, where: Mask | None) -> U8:
    difference = np.asarray(cv2.absdiff(one, other), np.uint8)
    return difference if where is None else difference[where]


def _gradient_size(pha: U8) -> F32:
    reach = np.arange(-4, 5, dtype=np.float64)
    smooth = np.exp(-(reach**2) / (2 * 1.4**2))
    smooth /= smooth.sum()
    slope = -reach * smooth / 1.4**2
    scaled = pha.astype(np.float32) / np.float32(255)
    along_x = cv2.sepFilter2D(scaled, cv2.CV_32F, slope, smooth)
    along_y = cv2.sepFilter2D(scaled, cv2.CV_32F, smooth, slope)
    return np.asarray(cv2.magnitude(along_x, along_y), np.float32)


def connectivity(pha: U8, truth: U8) -> float:
    """Connectivity error, sum over the picture in thousands: step 0.1, theta 0.15 (Rhemann, CVPR 2009).

    A pixel's degree of connectivity falls with the distance between its alpha and the largest threshold at
    which it still hangs together with what is above that threshold in both alphas.
    """
    levels = np.arange(1, 11) / 10
    one, other = pha.astype(np.float32) / np.float32(255), truth.astype(np.float32) / np.float32(255)
    lambdas: F32 = np.full(pha.shape, -1, np.float32)
    for level in levels:
        both = np.asarray((one >= level) & (other >= level), np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=4)
        omega = np.zeros(pha.shape, np.bool_)
        if count > 1:
            omega = np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))
        lambdas[(lambdas == -1) & ~omega] = np.float32(level - 0.1)
    lambdas[lambdas == -1] = 1
    degrees = []
    for alpha in (one, other):
        distance = alpha - lambdas
        degrees.append(1 - distance * (distance >= 0.15))
    return float(np.abs(degrees[0] - degrees[1]).sum() / 1000)


def ssim(one: U8, other: U8, where: Mask | None = None) -> float:
    """Mean structural similarity of lightness: 11 x 11 Gaussian of 1.5 (Wang et al., IEEE TIP 2004).

    where: the pixels whose windows count, bool (H, W).
    """
    x, y = (cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) for rgb in (one, other))

    def blurred(picture: npt.NDArray[np.floating]) -> F32:
        return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5), np.float32)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mx, my = blurred(x), blurred(y)
    vx, vy, vxy = blurred(x * x) - mx * mx, blurred(y * y) - my * my, blurred(x * y) - mx * my
    quality = ((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return float((quality if where is None else quality[where]).mean())


def colour_error(fgr: U8, truth: U8, pha: U8) -> float:
    """Mean absolute error of the foreground's colour u8 (h, w, 3), weighted by the true alpha u8 (h, w)."""
    weight = pha.astype(np.float32)
    off = cv2.absdiff(fgr, truth).astype(np.float32).mean(axis=2)
    return float((off * weight).sum() / max(float(weight.sum()), 1.0) / 255)


def pointing_px(pha: U8, base: tuple[float, float], tip: tuple[float, float]) -> float:
    """How far from the true tip of a pointer its alpha ends, along its axis from the base, in pixels.

    Followed from the base as long as alpha above 0.5 is within two pixels of the axis, gaps of up to six
    pixels allowed; a pointer that is not seen at all is off by its whole length.
    """
    start, end = np.array(base), np.array(tip)
    length = float(np.hypot(*(end - start)))
    if length < 1:
        return 0.0
    along, seen = (end - start) / length, 0.0
    beyond = min(length * 0.15, 12.0)
    near = cv2.dilate(pha, np.ones((5, 5), np.uint8))
    for step in np.arange(0.0, length + beyond):
        x, y = (round(float(v)) for v in start + along * step)
        if not (0 <= x < pha.shape[1] and 0 <= y < pha.shape[0]):
            break
        if near[y, x] > 127:
            seen = float(step)
        elif step - seen > 6:
            break
    return abs(length - seen)
