"""The inner loops: light of the page into the picture, the teacher before it, noise over all of it.

Numba, without the interpreter's lock. Light u16 (LIGHT_UNITS), codes i16 (CODE_UNITS), as in light.py.
"""

from __future__ import annotations

import numpy as np

from pipelines.compiling import compiled
from pipelines.media import F32, I16, U8
from pipelines.simulated.light import CODE_UNITS, I8, I32, NOISE_SHIFT, U16

CELL_PX = 8  # soft things (shadow, glow) live on a grid of one value per 8x8 pixels
_HALF = CODE_UNITS // 2
_LEVEL_SHIFT = 7  # log2 of CODE_UNITS
_LEAST_SHADE = np.float32(0.004)  # of the still light: less is no shadow


@compiled(fastmath=True)
def light_page(
    panel: F32,
    page_xy: F32,
    mix: F32,
    gain: F32,
    x0: int,
    y0: int,
    still: U16,
    tone: I16,
    sigmas: U8,
    light: U16,
    code: I16,
    sigma: U8,
) -> None:
    """Adds the panel's light to the still light of the room, and codes the sum.

    panel f32 (ph, pw, 3): light of the panel by page pixel. page_xy f32 (h, w, 2): where each camera pixel
    looks on the page; interpolated bilinearly. gain f32 (h, w): share of the pixel that is panel, times
    vignetting. still u16 (H, W, 3): what does not depend on the page. Writes light, code and sigma, whole
    pictures, in the h x w pixels from (x0, y0) on.
    """
    height, width = gain.shape
    last_y, last_x = panel.shape[0] - 1, panel.shape[1] - 1
    one, half = np.float32(1.0), np.float32(0.5)
    for y in range(height):
        for x in range(width):
            g = gain[y, x]
            if g < np.float32(1e-6):
                continue
            px = min(max(page_xy[y, x, 0], np.float32(0.0)), np.float32(last_x))
            py = min(max(page_xy[y, x, 1], np.float32(0.0)), np.float32(last_y))
            # Unsigned, because Numba tests signed indices for Python's counting from the end.
            left, top = np.uint32(px), np.uint32(py)
            right, bottom = np.uint32(min(left + 1, last_x)), np.uint32(min(top + 1, last_y))
            to_right, to_bottom = px - np.float32(left), py - np.float32(top)
            w00 = g * (one - to_right) * (one - to_bottom)
            w01 = g * to_right * (one - to_bottom)
            w10 = g * (one - to_right) * to_bottom
            w11 = g * to_right * to_bottom
            r = w00 * panel[top, left, 0] + w01 * panel[top, right, 0]
            r += w10 * panel[bottom, left, 0] + w11 * panel[bottom, right, 0]
            gr = w00 * panel[top, left, 1] + w01 * panel[top, right, 1]
            gr += w10 * panel[bottom, left, 1] + w11 * panel[bottom, right, 1]
            b = w00 * panel[top, left, 2] + w01 * panel[top, right, 2]
            b += w10 * panel[bottom, left, 2] + w11 * panel[bottom, right, 2]
            for c in range(3):
                value = mix[c, 0] * r + mix[c, 1] * gr + mix[c, 2] * b + still[y0 + y, x0 + x, c]
                units = np.uint32(min(max(value + half, np.float32(0.0)), np.float32(65535.0)))
                light[y0 + y, x0 + x, c] = units
                coded = tone[units]
                code[y0 + y, x0 + x, c] = coded
                sigma[y0 + y, x0 + x, c] = sigmas[np.uint32(coded) >> _LEVEL_SHIFT]


@compiled(fastmath=True)
def expose(code: I16, sigma: U8, bank: I8, top: int, left: int, rgb: U8) -> None:
    """The picture without a teacher: code plus noise from the bank at (top, left), rounded to 8 bits."""
    height, width = rgb.shape[0], rgb.shape[1] * 3
    for y in range(height):
        codes = code[y].reshape(width)
        sigmas = sigma[y].reshape(width)
        grains = bank[y + top].reshape(bank.shape[1] * 3)[left * 3 : left * 3 + width]
        row = rgb[y].reshape(width)
        for i in range(width):
            grain = np.int16(np.int16(grains[i]) * np.int16(sigmas[i])) >> NOISE_SHIFT
            value = (np.int32(codes[i]) + np.int32(grain) + _HALF) >> _LEVEL_SHIFT
            row[i] = min(max(int(value), 0), 255)


@compiled(fastmath=True)
def _row_of(field: F32, y: int, row: F32) -> None:
    """One picture row of a soft field f32 (gh, gw, n), interpolated between grid rows: f32 (gw, n)."""
    at = (y + 0.5) / CELL_PX - 0.5
    last = field.shape[0] - 1
    upper = min(max(int(np.floor(at)), 0), last)
    lower = min(upper + 1, last)
    share = np.float32(min(max(at - upper, 0.0), 1.0))
    for i in range(field.shape[1]):
        for c in range(field.shape[2]):
            row[i, c] = field[upper, i, c] + share * (field[lower, i, c] - field[upper, i, c])


@compiled(fastmath=True)
def place_teacher(
    rows: I32,
    starts: I32,
    fgr: U8,
    pha: U8,
    shade: F32,
    glow: F32,
    window: I32,
    lamps: F32,
    falloff: F32,
    still: U16,
    light: U16,
    tone: I16,
    sigmas: U8,
    bank: I8,
    top: int,
    left: int,
    solid: bool,
    rgb: U8,
) -> None:
    """Puts one cutout and its shadow over an exposed picture, in linear light.

    rows i32 (n, 3): y, first x, one past the last x of the cutout's spans, which lie one after the other in
    fgr u8 (N, 3) and pha u8 (N,) from starts i32 (n,) on. shade f32 (gh, gw, 1): share of the still light
    that the shadow takes. glow f32 (gh, gw, 3): screen light on the teacher. lamps f32 (256, 3): clip code to
    light. falloff f32 (H, W): vignetting. window i32 (4,): x0, y0, x1, y1 of what changes.
    solid: show the teacher's own colour wherever alpha is above 0, as truth.
    """
    shade_row, glow_row = np.empty((shade.shape[1], 1), np.float32), np.empty((shade.shape[1], 3), np.float32)
    x0, y0, x1, y1 = window
    count = 3 * (x1 - x0)
    dim, units = np.empty(count, np.float32), np.empty(count, np.int32)
    cells, shares = _between_cells(x0, x1, shade.shape[1])
    for y in range(y0, y1):
        _row_of(shade, y, shade_row)
        _row_of(glow, y, glow_row)
        k, first, past, start = y - rows[0, 0], x1, x1, 0
        if 0 <= k < len(rows):
            first, past, start = max(rows[k, 1], x0), min(rows[k, 2], x1), starts[k] + max(x0 - rows[k, 1], 0)
        _dim_row(shade_row, cells, shares, dim)
        here = slice(3 * x0, 3 * x1)
        _shaded(light[y].reshape(-1)[here], still[y].reshape(-1)[here], dim, units)
        own = fgr[start : start + past - first], pha[start : start + past - first]
        at = first - x0
        fall = falloff[y, first:past]
        _blend(*own, at, glow_row, cells, shares, lamps, fall, solid, dim, units)
        grains = bank[y + top].reshape(-1)[3 * (x0 + left) : 3 * (x1 + left)]
        _code(units, dim, tone, sigmas, grains, rgb[y].reshape(-1)[here])


@compiled(fastmath=True)
def _between_cells(x0: int, x1: int, grid_w: int) -> tuple[I32, F32]:
    """For each x the cell of the grid at its left, i32, and how far it is on its way to the next one, f32."""
    cells, shares = np.empty(x1 - x0, np.int32), np.empty(x1 - x0, np.float32)
    for x in range(x0, x1):
        place = (x + np.float32(0.5)) * np.float32(1 / CELL_PX) - np.float32(0.5)
        cells[x - x0] = min(max(int(place), 0), grid_w - 2)
        shares[x - x0] = place - cells[x - x0]
    return cells, shares


@compiled(fastmath=True)
def _dim_row(shade_row: F32, cells: I32, shares: F32, dim: F32) -> None:
    """The shadow of a row of pixels, once for each channel: -1 where there is none."""
    for i in range(cells.shape[0]):
        left = shade_row[np.uint32(cells[i]), 0]
        value = left + shares[i] * (shade_row[np.uint32(cells[i] + 1), 0] - left)
        shadow = value if value >= _LEAST_SHADE else np.float32(-1)
        dim[3 * i], dim[3 * i + 1], dim[3 * i + 2] = shadow, shadow, shadow


@compiled(fastmath=True)
def _shaded(light: U16, still: U16, dim: F32, units: I32) -> None:
    """Light less the shadow. A loop so plain that the compiler makes vectors of it."""
    zero = np.float32(0)
    for i in range(units.shape[0]):
        value = np.float32(light[i]) - max(dim[i], zero) * np.float32(still[i])
        units[i] = np.int32(min(max(value + np.float32(0.5), zero), np.float32(65535)))


@compiled(fastmath=True)
def _blend(
    fgr: U8,
    pha: U8,
    at: int,
    glow_row: F32,
    cells: I32,
    shares: F32,
    lamps: F32,
    falloff: F32,
    solid: bool,
    dim: F32,
    units: I32,
) -> None:
    """The cutout's pixels of a row, from `at` on, over what lies behind."""
    for j in range(pha.shape[0]):
        if pha[j] == 0:
            continue
        alpha = pha[j] * np.float32(1 / 255)
        i, share = np.uint32(cells[at + j]), shares[at + j]
        for c in range(3):
            k = 3 * (at + j) + c
            glow = glow_row[i, c] + share * (glow_row[i + 1, c] - glow_row[i, c])
            value = (lamps[fgr[j, c], c] + glow) * falloff[j]
            if not solid:
                behind = np.float32(units[k])
                value = behind + alpha * (value - behind)
            units[k] = np.int32(min(max(value + np.float32(0.5), np.float32(0)), np.float32(65535)))
            dim[k] = np.float32(0)


@compiled(fastmath=True)
def _code(units: I32, dim: F32, tone: I16, sigmas: U8, grains: I8, row: U8) -> None:
    """Codes light with its noise wherever there is a teacher or their shadow."""
    for i in range(units.shape[0]):
        if dim[i] < np.float32(0):
            continue
        coded = np.int32(tone[np.uint32(units[i])])
        grain = (np.int32(grains[i]) * np.int32(sigmas[np.uint32(coded) >> _LEVEL_SHIFT])) >> NOISE_SHIFT
        row[i] = min(max(int((coded + grain + _HALF) >> _LEVEL_SHIFT), 0), 255)


@compiled()
def premultiply(colour: U8, cover: U8, linear: F32, out: F32) -> None:
    """Straight codes u8 (h, w, 3) and alpha u8 (h, w) to light times alpha, and alpha, f32 (h, w, 4) 0..1.

    linear f32 (256,): clip code to light.
    """
    for y in range(cover.shape[0]):
        for x in range(cover.shape[1]):
            alpha = np.float32(cover[y, x]) * np.float32(1 / 255)
            for c in range(3):
                out[y, x, c] = linear[colour[y, x, c]] * alpha
            out[y, x, 3] = alpha


@compiled(fastmath=True)
def pack_spans(cover: F32, y0: int, x0: int, rows: I32, starts: I32, fgr: U8, pha: U8, codes: U8) -> int:
    """Packs premultiplied linear colour and alpha, f32 (h, w, 4) 0..1, into spans; see `place_teacher`.

    codes u8 (4096,): linear light to clip code. Returns the number of pixels packed. Rows without teacher get
    an empty span.
    """
    height, width = cover.shape[0], cover.shape[1]
    n = 0
    for y in range(height):
        first, past = width, 0
        for x in range(width):
            if cover[y, x, 3] > np.float32(0.002):
                first = min(first, x)
                past = x + 1
        rows[y, 0], rows[y, 1], rows[y, 2] = y0 + y, x0 + first, x0 + max(past, first)
        starts[y] = n
        for x in range(first, past):
            alpha = cover[y, x, 3]
            pha[n] = np.uint8(min(max(alpha * np.float32(255) + np.float32(0.5), 0), 255))
            for c in range(3):
                straight = cover[y, x, c] / max(alpha, np.float32(0.002))
                fgr[n, c] = codes[int(min(max(straight, 0), 1) * np.float32(4095) + np.float32(0.5))]
            n += 1
    return n
