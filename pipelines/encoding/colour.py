"""RGB to Y'CbCr 4:2:0, BT.709 limited range, for the parts of the picture that changed.

A lesson's picture is a still page with a teacher moving in it: most of it is the same as in the
frame before. The kernel compares as it goes, and converts only what differs.

Matrix: ITU-R BT.709-6 items 3.2 to 3.5, quantised to 8 bits: Y' 16..235, Cb and Cr 16..240.
Chroma is the mean of 2 x 2 pixels, so its sample lies in their middle (chroma_sample_loc_type 1 of
H.264 is signalled): that is where browsers, which read it with the GPU's bilinear
sampler, take it to be.
"""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

from pipelines.compiling import compiled
from pipelines.media import U8, SizeWh

CHUNK_PX = 64  # compared and converted as one: 24 words of 8 bytes

U64 = npt.NDArray[np.uint64]

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
def _convert_changed(fresh: U64, seen: U64, rgb: U8, luma: U8, cb: U8, cr: U8, width: int) -> int:
    """fresh: the new picture; seen, rgb: the last one, as 8-byte words and as bytes (H, 3 W), brought up to
    date together with luma (H, W), cb and cr (H/2, W/2), whose rows are padded. Returns how many chunks
    changed."""
    changed = 0
    for row in range(cb.shape[0]):
        for left in range(0, width, CHUNK_PX):
            right = min(left + CHUNK_PX, width)
            # A chunk of 64 pixels is 24 words; the last one takes the row's padding along.
            first, end = left * 3 // 8, min((left + CHUNK_PX) * 3 // 8, seen.shape[1])
            upper = _take_over(fresh, seen, 2 * row, first, end)
            lower = _take_over(fresh, seen, 2 * row + 1, first, end)
            if upper or lower:
                changed += 1
                _luma(rgb, luma, 2 * row, left, right)
                _luma(rgb, luma, 2 * row + 1, left, right)
                _chroma(rgb, cb, cr, row, left // 2, right // 2)
    return changed


class I420Canvas:
    """One coded-side picture that is brought up to date in place, frame after frame.

    `frame` may be handed to an encoder again and again: encoders copy what they are given. It starts
    black. Width and height must be even. Building the first canvas compiles the kernel (about a second).
    """

    def __init__(self, size_wh: SizeWh) -> None:
        width, height = size_wh
        if width % 2 or height % 2:
            raise ValueError(f"4:2:0 needs an even width and height, got {width}x{height}")
        self.frame = av.VideoFrame(width, height, "yuv420p")
        self._luma, self._cb, self._cr = (_plane(self.frame, i) for i in range(3))
        self._luma[:], self._cb[:], self._cr[:] = 16, 128, 128
        self._shape = (height, width, 3)
        words = -(-width * 3 // 8)
        self._seen = np.zeros((height, words), np.uint64)
        self._fresh: U64 | None = None if width * 3 % 8 == 0 else np.zeros_like(self._seen)
        self.draw(np.zeros(self._shape, np.uint8))

    def draw(self, rgb: U8) -> int:
        """Takes over what changed since the last call: rgb u8 (H, W, 3). Returns how many chunks did."""
        if rgb.shape != self._shape:
            raise ValueError(f"picture of shape {rgb.shape} on a canvas of {self._shape}")
        fresh = self._as_words(rgb)
        # Read-only and writable arrays are two types to Numba: one kind alone, so that it compiles once.
        fresh.flags.writeable = False
        pixels = self._seen.view(np.uint8)
        changed: int = _convert_changed(
            fresh, self._seen, pixels, self._luma, self._cb, self._cr, self._shape[1]
        )
        return changed

    def _as_words(self, rgb: U8) -> U64:
        """The picture as rows of 8-byte words: a view, or a padded copy where rows do not divide evenly."""
        height, width, _ = self._shape
        if self._fresh is None:
            return np.ascontiguousarray(rgb).reshape(height, width * 3).view(np.uint64)
        self._fresh.view(np.uint8)[:, : width * 3] = rgb.reshape(height, width * 3)
        return self._fresh.view()


def _plane(frame: av.VideoFrame, index: int) -> U8:
    """A writable view of one plane, u8 (h, row length), rows padded: contiguous for any width."""
    plane = frame.planes[index]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
