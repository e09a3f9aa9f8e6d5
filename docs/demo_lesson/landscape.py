"""Renders the lesson's photograph-like picture: a mountain lake after rain, with a rainbow. All from noise.

    python docs/demo_lesson/landscape.py landscape.jpg

Units: kilometres; x right, y ahead, z up; the lake lies at z = 0. Light is linear until the last step.
Takes some minutes on two cores.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from numba import njit, prange
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 1600, 900
SAMPLES = 2  # squared, per pixel
HALF_FOV = math.tan(math.radians(33.0))
HORIZON = 0.60  # of the picture's height, from the top
EYE_Z = 0.012
FAR = 26.0

SUN_AZIMUTH, SUN_ELEVATION = math.radians(5.0), math.radians(24.0)
# The sun stands behind the camera, so that the bow stands ahead.
SUN = (
    -math.sin(SUN_AZIMUTH) * math.cos(SUN_ELEVATION),
    -math.cos(SUN_AZIMUTH) * math.cos(SUN_ELEVATION),
    math.sin(SUN_ELEVATION),
)
LIGHT = (-0.62, -0.58, 0.53)  # and lights the slopes a little more from the left than the bow would allow

fast = njit(cache=True, fastmath=True)


@fast
def lattice(ix: int, iy: int) -> float:
    """A fixed random number 0 .. 1 for each point of the grid."""
    n = (ix * 374761393 + iy * 668265263) & 0x7FFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0x7FFFFFFF
    n = ((n ^ (n >> 16)) * 2246822519) & 0x7FFFFFFF
    return (n & 0xFFFFFF) / 16777215.0


@fast
def noise(x: float, y: float) -> tuple[float, float, float]:
    """Value noise -1 .. 1 with its slopes, smooth to the second order."""
    ix, iy = math.floor(x), math.floor(y)
    u, v = x - ix, y - iy
    a, b = lattice(int(ix), int(iy)), lattice(int(ix) + 1, int(iy))
    c, d = lattice(int(ix), int(iy) + 1), lattice(int(ix) + 1, int(iy) + 1)
    su, sv = u * u * u * (u * (6 * u - 15) + 10), v * v * v * (v * (6 * v - 15) + 10)
    du, dv = 30 * u * u * (u * (u - 2) + 1), 30 * v * v * (v * (v - 2) + 1)
    k = a - b - c + d
    value = a + (b - a) * su + (c - a) * sv + k * su * sv
    return 2 * value - 1, 2 * du * ((b - a) + k * sv), 2 * dv * ((c - a) + k * su)


@fast
def cloudy(x: float, y: float, octaves: int) -> float:
    total, weight = 0.0, 0.5
    for _ in range(octaves):
        total += weight * noise(x, y)[0]
        x, y = 1.62 * x + 1.18 * y + 3.1, -1.18 * x + 1.62 * y + 7.7
        weight *= 0.5
    return total


@fast
def smooth(low: float, high: float, x: float) -> float:
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@fast
def ground(x: float, y: float, octaves: int) -> float:
    """Height. Where the slope is steep the finer octaves count less: ridges stay sharp, valleys fill."""
    px, py = 0.30 * x + 4.35, 0.30 * y + 1.15
    total, weight, sx, sy = 0.0, 0.5, 0.0, 0.0
    for _ in range(octaves):
        n, nx, ny = noise(px, py)
        sx, sy = sx + nx, sy + ny
        total += weight * n / (1 + sx * sx + sy * sy)
        px, py = 1.6 * px + 1.2 * py, -1.2 * px + 1.6 * py
        weight *= 0.5
    bay = 0.35 * noise(0.9 * x + 11.0, 0.9 * y + 5.0)[0] + 0.1 * noise(4.0 * x, 4.0 * y)[0]
    shore = y + 0.16 * x * x * smooth(0.2, 3.0, y) - 2.7 + bay
    rise = smooth(-0.2, 9.0, shore)
    high = 0.62 + 0.38 * math.exp(-((x + 0.28 * y) ** 2) / 9.0)
    hills = 0.16 * smooth(0.0, 1.5, shore) * (0.75 + cloudy(1.1 * x + 3, 1.1 * y + 9, 3))
    return 0.035 * min(shore, 1.0) + hills + rise * high * (1.0 + 3.4 * total)


@fast
def march(ox: float, oy: float, oz: float, dx: float, dy: float, dz: float) -> float:
    """Distance to the ground along a ray, or -1."""
    t, before, gap_before = 0.02, 0.0, 1.0
    for _ in range(420):
        z = oz + t * dz
        if t > FAR or z > 3.4:
            return -1.0
        gap = z - ground(ox + t * dx, oy + t * dy, 9)
        if gap < 0.0004 * t:
            return before + (t - before) * gap_before / (gap_before - gap + 1e-9) if gap < 0 else t
        before, gap_before = t, gap
        t += max(0.32 * gap, 0.0006 * t)
    return t


@fast
def bow(dx: float, dy: float, dz: float) -> tuple[float, float, float, float]:
    """Light of the two rainbows in a direction (r, g, b), and 0 .. 1 inside the first: the sky glows."""
    angle = math.degrees(math.acos(min(max(-(dx * SUN[0] + dy * SUN[1] + dz * SUN[2]), -1.0), 1.0)))
    r = math.exp(-(((angle - 42.1) / 0.42) ** 2)) + 0.30 * math.exp(-(((angle - 50.7) / 0.75) ** 2))
    g = math.exp(-(((angle - 41.55) / 0.50) ** 2)) + 0.30 * math.exp(-(((angle - 51.9) / 0.75) ** 2))
    b = math.exp(-(((angle - 40.75) / 0.50) ** 2)) + 0.30 * math.exp(-(((angle - 53.1) / 0.80) ** 2))
    r += 0.10 * math.exp(-(((angle - 40.3) / 0.5) ** 2))  # violet
    return r, g, b, 1.0 - smooth(39.5, 42.0, angle)


@fast
def sky(dx: float, dy: float, dz: float) -> tuple[float, float, float]:
    up = max(dz, 0.0)
    clear = smooth(0.0, 0.32, up)
    r, g, b = 0.50 - 0.36 * clear, 0.58 - 0.34 * clear, 0.66 - 0.25 * clear
    reach = 1.0 / (up + 0.10)
    u, v = dx * reach, dy * reach
    sheet = cloudy(0.75 * u + 2.0, 1.25 * v + 4.0, 7)
    lump = cloudy(1.9 * u + 9.0, 2.6 * v + 1.0, 6)
    cover = smooth(-0.22, 0.42, sheet + 0.35 * lump)
    side = sheet - cloudy(0.75 * (u - 0.18) + 2.0, 1.25 * (v - 0.06) + 4.0, 6)
    lit = 0.30 + 0.34 * smooth(-0.25, 0.5, lump) + 0.5 * max(side, -0.25)
    haze = math.exp(-up * 7.0)
    cr, cg, cb = lit * 0.98, lit * 1.00, lit * 1.06
    r, g, b = r + (cr - r) * 0.9 * cover, g + (cg - g) * 0.9 * cover, b + (cb - b) * 0.9 * cover
    r, g, b = r + (0.60 - r) * 0.75 * haze, g + (0.64 - g) * 0.75 * haze, b + (0.68 - b) * 0.75 * haze
    br, bg, bb, inside = bow(dx, dy, dz)
    rain = 0.21 * (0.55 + 0.45 * smooth(-0.5, 0.3, lump)) * smooth(-0.02, 0.04, dz)
    glow = 0.045 * inside
    return r + rain * br + glow, g + rain * 0.92 * bg + glow, b + rain * 1.05 * bb + glow


@fast
def lit_ground(x: float, y: float, distance: float) -> tuple[float, float, float]:
    step = 0.0005 + 0.0007 * distance
    z = ground(x, y, 10)
    nx, ny = (z - ground(x + step, y, 10)) / step, (z - ground(x, y + step, 10)) / step
    length = math.sqrt(nx * nx + ny * ny + 1)
    nx, ny, nz = nx / length, ny / length, 1 / length
    patch, fine = cloudy(3.0 * x, 3.0 * y, 5), cloudy(60.0 * x, 60.0 * y, 4)
    rock = 0.20 + 0.07 * fine + 0.05 * patch
    r, g, b = rock * 1.06, rock * 0.97, rock * 0.86
    wood = smooth(0.62, 0.80, nz + 0.10 * patch) * (1 - smooth(0.55, 1.0, z + 0.25 * patch))
    tree = 0.045 + 0.030 * fine + 0.02 * patch
    meadow = smooth(-0.05, 0.25, patch) * smooth(0.86, 0.96, nz)
    gr, gg, gb = tree * 0.9 + 0.14 * meadow, tree * 1.35 + 0.15 * meadow, tree * 0.50 + 0.035 * meadow
    r, g, b = r + (gr - r) * wood, g + (gg - g) * wood, b + (gb - b) * wood
    snow = smooth(1.02, 1.32, z + 0.30 * patch + 0.08 * fine) * smooth(0.50, 0.68, nz)
    r, g, b = r + (0.80 - r) * snow, g + (0.83 - g) * snow, b + (0.88 - b) * snow
    sand = smooth(0.012, 0.0, z)
    r, g, b = r + (0.26 - r) * sand, g + (0.23 - g) * sand, b + (0.18 - b) * sand
    direct = max(nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2], 0.0)
    t = 0.02
    for _ in range(22):  # shadows of ridges, and of clouds
        gap = z + 0.002 + t * LIGHT[2] - ground(x + t * LIGHT[0], y + t * LIGHT[1], 6)
        direct *= 1 - smooth(0.0, -0.03, gap)
        t *= 1.3
    direct *= 0.30 + 0.70 * smooth(-0.22, 0.12, cloudy(0.33 * x + 6.0, 0.33 * y + 2.0, 4))
    shade = 0.55 + 0.45 * nz
    return (
        r * (2.5 * direct + 0.36 * shade),
        g * (2.25 * direct + 0.42 * shade),
        b * (1.80 * direct + 0.54 * shade),
    )


@fast
def seen(ox: float, oy: float, oz: float, dx: float, dy: float, dz: float) -> tuple[float, float, float]:
    """Sky or ground along a ray, through the haze."""
    air = sky(dx, dy, dz)
    if dz > 0.36:
        return air
    t = march(ox, oy, oz, dx, dy, dz)
    if t < 0:
        return air
    r, g, b = lit_ground(ox + t * dx, oy + t * dy, t)
    clear = math.exp(-t / 15.0)
    br, bg, bb, _ = bow(dx, dy, dz)
    rain = 0.05 * (1 - clear)
    return (
        r * clear + 0.44 * (1 - clear) + rain * br,
        g * clear + 0.52 * (1 - clear) + rain * bg,
        b * clear + 0.62 * (1 - clear) + rain * bb,
    )


@fast
def water(t: float, dx: float, dy: float, dz: float) -> tuple[float, float, float]:
    x, y = t * dx, t * dy
    calm = 1.0 / (1.0 + 2.2 * t)
    wind = 0.35 + 0.65 * smooth(-0.25, 0.3, cloudy(1.3 * x, 3.2 * y + 5.0, 3))
    _, ax, ay = noise(240.0 * x, 520.0 * y)
    _, bx, by = noise(900.0 * x + 400.0 * y, 1500.0 * y - 300.0 * x)
    nx, ny = 0.0035 * (ax + 0.6 * bx) * wind * calm, 0.0075 * (ay + 0.6 * by) * wind * calm
    length = math.sqrt(nx * nx + ny * ny + 1)
    nx, ny, nz = nx / length, ny / length, 1 / length
    facing = dx * nx + dy * ny + dz * nz
    rx, ry, rz = dx - 2 * facing * nx, dy - 2 * facing * ny, abs(dz - 2 * facing * nz)
    fresnel = 0.02 + 0.98 * (1 - min(abs(facing), 1.0)) ** 5
    r, g, b = seen(x, y, 0.001, rx, ry, rz)
    near = math.exp(-t / 0.05)
    dr, dg, db = 0.030 + 0.05 * near, 0.075 + 0.06 * near, 0.085 + 0.04 * near
    keep = 0.12 + 0.88 * fresnel
    return r * keep + dr * (1 - keep), g * keep + dg * (1 - keep), b * keep + db * (1 - keep)


@njit(cache=True, fastmath=True, parallel=True)
def render(width: int, height: int, samples: int) -> Any:
    """Linear light, f32 (H, W, 3)."""
    picture = np.zeros((height, width, 3), np.float32)
    for row in prange(height):
        for column in range(width):
            for sub in range(samples * samples):
                px = (column + (sub % samples + 0.5) / samples) / width
                py = (row + (sub // samples + 0.5) / samples) / width
                dx, dz = (2 * px - 1) * HALF_FOV, (2 * HORIZON * height / width - 2 * py) * HALF_FOV
                length = math.sqrt(dx * dx + 1 + dz * dz)
                dx, dy, dz = dx / length, 1 / length, dz / length
                t_ground = march(0.0, 0.0, EYE_Z, dx, dy, dz) if dz < 0.36 else -1.0
                t_water = -EYE_Z / dz if dz < 0 else 1e9
                if t_water < FAR and (t_ground < 0 or t_water < t_ground):
                    colour = water(t_water, dx, dy, dz)
                else:
                    colour = seen(0.0, 0.0, EYE_Z, dx, dy, dz)
                for channel in range(3):
                    picture[row, column, channel] += colour[channel] / (samples * samples)
    return picture


def developed(linear: Any) -> Image.Image:
    """Exposure, a film-like shoulder, vignette, a trace of grain, sRGB."""
    h, w = linear.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    light = linear * 1.12 * (1 - 0.16 * (x * x + 0.6 * y * y))[..., None]
    shoulder = light * (1 + light / 4.0) / (1 + light)
    coded = np.where(
        shoulder <= 0.0031308, 12.92 * shoulder, 1.055 * np.maximum(shoulder, 1e-9) ** (1 / 2.4) - 0.055
    )
    coded = np.clip(coded, 0, 1)
    contrast = coded + 0.10 * np.sin(2 * np.pi * (coded - 0.5)) * 0.5
    picture = Image.fromarray((np.clip(contrast, 0, 1) * 255 + 0.5).astype(np.uint8))
    sharp = np.asarray(picture.filter(ImageFilter.UnsharpMask(1.2, 40, 2)), np.float64)
    grain = np.random.default_rng(7).normal(0, 1.3, (h, w, 1))
    return Image.fromarray(np.clip(sharp + grain + 0.5, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    size = (int(sys.argv[2]), int(sys.argv[2]) * 9 // 16) if len(sys.argv) > 2 else (WIDTH, HEIGHT)
    developed(render(*size, SAMPLES)).save(sys.argv[1], quality=84, optimize=True)
