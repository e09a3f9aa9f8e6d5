"""RGB to Y'CbCr 4:4:4 and 4:2:0, BT.709 limited range, for the parts of the picture that changed.

A lesson's picture is a still page with a teacher moving in it: most of it is the same as in the
frame before. The kernel compares as it goes, and converts only what differs, for both forms in one
pass over the pixels: their luma is the same.

Matrix: ITU-R BT.709-6 items 3.2 to 3.5, quantised to 8 bits: Y' 16..235, Cb and Cr 16..240.
In 4:2:0 chroma is the mean of 2 x 2 pixels, so its sample lies in their middle (chroma_sample_loc_type 1 of
H.264 is signalled): that is where browsers, which read it with the GPU's bilinear
sampler, take it to be.
"""

from __future__ import annotations

from collections.abc import Collection

import av
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.encoding.forms import FULL, HALF
from pipelines.media import U8, SizeWh

CHUNK_PX = 64  # compared and converted as one: 24 words of 8 bytes

U64 = npt.NDArray[np.uint64]
Planes = tuple[U8, U8, U8]

_u32 = np.uint32
_i32 = np.int32

# Fixed point with 16 fractional bits. Every result is cast back to 32 bits: Numba widens sums of
# 32-bit integers to 64, which would halve the width of the vector code.
_Y_R, _Y_G, _Y_B = _u32(11966), _u32(40254), _u32(4064)  # 0.2126, 0.7152, 0.0722 times 219/255
_Y_OFFSET = _u32((16 << 16) + (1 << 15))
# Sums of four pixels come in, hence 18 bits go out. 112/255 / (1 - 0.0722) and / (1 - 0.2126).
_CB_R, _CB_G, _CB_B = _i32(-6596), _i32(-22188), _i32(28784)
_CR_R, _CR_G, _CR_B = _i32(28784), _i32(-26145), _i32(-2639)
_C_OFFSET = _i32((128 << 18) + (1 << 17))
_FULL_OFFSET = _i32((128 << 16) + (1 << 15))


@compiled(inline=True)
def _luma(rgb: U8, luma: U8, y: int, left: int, right: int) -> None:
    for x in range(left, right):
        red = _u32(_u32(rgb[y, 3 * x]) * _Y_R)
        green = _u32(_u32(rgb[y, 3 * x + 1]) * _Y_G)
        blue = _u32(_u32(rgb[y, 3 * x + 2]) * _Y_B)
        luma[y, x] = np.uint8(_u32(_u32(_u32(red + green) + _u32(blue + _Y_OFFSET)) >> _u32(16)))


@compiled(inline=True)
def _chroma(rgb: U8, cb: U8, cr: U8, row: int, left: int, right: int) -> None:
    top, low = 2 * row, 2 * row + 1
    for x in range(left, right):
        a = 6 * x
        b = a + 3
        red = _i32(_i32(rgb[top, a]) + _i32(rgb[top, b]) + _i32(rgb[low, a]) + _i32(rgb[low, b]))
        a += 1
        b += 1
        green = _i32(_i32(rgb[top, a]) + _i32(rgb[top, b]) + _i32(rgb[low, a]) + _i32(rgb[low, b]))
        a += 1
        b += 1
        blue = _i32(_i32(rgb[top, a]) + _i32(rgb[top, b]) + _i32(rgb[low, a]) + _i32(rgb[low, b]))
        cb[row, x] = np.uint8(_i32(_CB_R * red + _CB_G * green + _CB_B * blue + _C_OFFSET) >> _i32(18))
        cr[row, x] = np.uint8(_i32(_CR_R * red + _CR_G * green + _CR_B * blue + _C_OFFSET) >> _i32(18))


@compiled(inline=True)
def _full_chroma(rgb: U8, cb: U8, cr: U8, y: int, left: int, right: int) -> None:
    for x in range(left, right):
        red, green, blue = _i32(rgb[y, 3 * x]), _i32(rgb[y, 3 * x + 1]), _i32(rgb[y, 3 * x + 2])
        cb[y, x] = np.uint8(_i32(_CB_R * red + _CB_G * green + _CB_B * blue + _FULL_OFFSET) >> _i32(16))
        cr[y, x] = np.uint8(_i32(_CR_R * red + _CR_G * green + _CR_B * blue + _FULL_OFFSET) >> _i32(16))


@compiled(inline=True)
def _take_over(fresh: U64, seen: U64, y: int, first: int, end: int) -> bool:
    """Copies words first to end of row y; True if any differed."""
    difference = np.uint64(0)
    for i in range(first, end):
        difference |= fresh[y, i] ^ seen[y, i]
    if difference == 0:
        return False
    for i in range(first, end):
        seen[y, i] = fresh[y, i]
    return True


@compiled()
def _convert_changed(
    fresh: U64, seen: U64, rgb: U8, half: Planes, full: Planes, wanted: tuple[bool, bool, bool], width: int
) -> int:
    """fresh: the new picture; seen, rgb: the last one, as 8-byte words and as bytes (H, 3 W), brought up to
    date together with the planes wanted. half: luma (H, W), cb and cr (H/2, W/2) of 4:2:0; full: three of
    (H, W) of 4:4:4; rows are padded. wanted: 4:2:0, 4:4:4, and whether what did not change is converted too.
    Returns how many chunks were converted."""
    wants_half, wants_full, wants_all = wanted
    changed = 0
    for row in range(seen.shape[0] // 2):
        top, low = 2 * row, 2 * row + 1
        for left in range(0, width, CHUNK_PX):
            right = min(left + CHUNK_PX, width)
            # A chunk of 64 pixels is 24 words; the last one takes the row's padding along.
            first, end = left * 3 // 8, min((left + CHUNK_PX) * 3 // 8, seen.shape[1])
            upper = _take_over(fresh, seen, top, first, end)
            lower = _take_over(fresh, seen, low, first, end)
            if upper or lower or wants_all:
                changed += 1
                if wants_half:
                    _luma(rgb, half[0], top, left, right)
                    _luma(rgb, half[0], low, left, right)
                    _chroma(rgb, half[1], half[2], row, left // 2, right // 2)
                if wants_full:
                    if wants_half:
                        full[0][top, left:right] = half[0][top, left:right]
                        full[0][low, left:right] = half[0][low, left:right]
                    else:
                        _luma(rgb, full[0], top, left, right)
                        _luma(rgb, full[0], low, left, right)
                    _full_chroma(rgb, full[1], full[2], top, left, right)
                    _full_chroma(rgb, full[1], full[2], low, left, right)
    return changed


class Canvas:
    """The picture as encoders take it, brought up to date in place, frame after frame.

    `frames` may be handed to encoders again and again: they copy what they are given. All start black.
    Width and height must be even. Building the first canvas compiles the kernel (a second or two).
    """

    def __init__(self, size_wh: SizeWh) -> None:
        width, height = size_wh
        if width % 2 or height % 2:
            raise ValueError(f"4:2:0 needs an even width and height, got {width}x{height}")
        self.frames = {form: av.VideoFrame(width, height, form) for form in (HALF, FULL)}
        self._half, self._full = (_black_planes(self.frames[form]) for form in (HALF, FULL))
        self._shape = (height, width, 3)
        words = -(-width * 3 // 8)
        self._seen = np.zeros((height, words), np.uint64)
        self._fresh: U64 | None = None if width * 3 % 8 == 0 else np.zeros_like(self._seen)
        self._whole: frozenset[str] = frozenset((HALF, FULL))  # which forms show the last picture
        self.draw(np.zeros(self._shape, np.uint8))

    def draw(self, rgb: U8, forms: Collection[str] = (HALF,)) -> int:
        """Brings `forms` up to date: rgb u8 (H, W, 3). Returns how many chunks were converted: those that
        changed, and all where a form was left out the last time."""
        if rgb.shape != self._shape:
            raise ValueError(f"picture of shape {rgb.shape} on a canvas of {self._shape}")
        fresh = self._as_words(rgb)
        # Read-only and writable arrays are two types to Numba: one kind alone, so that it compiles once.
        fresh.flags.writeable = False
        wanted = (HALF in forms, FULL in forms, not self._whole.issuperset(forms))
        changed: int = _convert_changed(
            fresh, self._seen, self._seen.view(np.uint8), self._half, self._full, wanted, self._shape[1]
        )
        # Where nothing changed, a form that was left out is still what it was.
        self._whole = frozenset(forms) | (self._whole if not changed else frozenset())
        return changed

    def _as_words(self, rgb: U8) -> U64:
        """The picture as rows of 8-byte words: a view, or a padded copy where rows do not divide evenly."""
        height, width, _ = self._shape
        if self._fresh is None:
            return np.ascontiguousarray(rgb).reshape(height, width * 3).view(np.uint64)
        self._fresh.view(np.uint8)[:, : width * 3] = rgb.reshape(height, width * 3)
        return self._fresh.view()


def _black_planes(frame: av.VideoFrame) -> Planes:
    luma, cb, cr = (_plane(frame, i) for i in range(3))
    luma[:], cb[:], cr[:] = 16, 128, 128
    return luma, cb, cr


def _plane(frame: av.VideoFrame, index: int) -> U8:
    """A writable view of one plane, u8 (h, row length), rows padded: contiguous for any width."""
    plane = frame.planes[index]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)


def warm_up_canvas() -> None:
    """Compiles the loops over pixels, or loads them from the cache."""
    Canvas((64, 2))
