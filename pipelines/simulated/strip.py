"""The time strip: blocks in a corner of the simulated camera's picture that say when it was taken.

Like the time code that is filmed off a clock's screen to measure a delay, but readable by a program after any
codec. 50 bits, most significant first, black or white, in two rows from the top left corner: 32 bits of
monotonic milliseconds, 10 bits of the session's milliseconds in its second (sound marks the seconds, see
`tone:`), and a CRC-8 (polynomial 0x07) over both, so that a torn picture is never taken for a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.media import PTS_HZ, U8, SizeWh
from pipelines.timing import NS_PER_MS

ROWS, COLUMNS = 2, 25
CAPTURED_BITS, SESSION_BITS, CHECK_BITS = 32, 10, 8
BLOCKS_A_HEIGHT = 40
WHITE_ABOVE = 128


@dataclass(frozen=True, slots=True)
class Stamp:
    """captured_ms: time.monotonic_ns() in ms, modulo 2^32. second_ms: the session's, 0 to 999."""

    captured_ms: int
    second_ms: int


def draw_strip(rgb: U8, captured_ns: int, pts: int) -> None:
    """Draws into a picture u8 (H, W, 3). pts: the session's, 1/90000 s."""
    captured_ms = captured_ns // NS_PER_MS % (1 << CAPTURED_BITS)
    value = captured_ms << SESSION_BITS | pts % PTS_HZ * 1000 // PTS_HZ
    value = value << CHECK_BITS | _crc8(value)
    side = block_px((rgb.shape[1], rgb.shape[0]))
    for index in range(ROWS * COLUMNS):
        row, column = divmod(index, COLUMNS)
        is_white = value >> (ROWS * COLUMNS - 1 - index) & 1
        rgb[row * side : (row + 1) * side, column * side : (column + 1) * side] = 255 if is_white else 0


def read_strip(levels: Sequence[float]) -> Stamp | None:
    """From the levels 0..255 at the blocks' centres, in order; None for what is no whole strip."""
    value = 0
    for level in levels:
        value = value << 1 | (level > WHITE_ABOVE)
    value, check = value >> CHECK_BITS, value & ((1 << CHECK_BITS) - 1)
    if _crc8(value) != check or len(levels) != ROWS * COLUMNS:
        return None
    return Stamp(value >> SESSION_BITS, value & ((1 << SESSION_BITS) - 1))


def block_px(size_wh: SizeWh) -> int:
    """The side of a block, in pixels of a picture of this size."""
    return max(size_wh[1] // BLOCKS_A_HEIGHT, 1)


def centres(size_wh: SizeWh) -> list[tuple[int, int]]:
    """x, y of each block's middle, in order."""
    side = block_px(size_wh)
    return [
        (column * side + side // 2, row * side + side // 2)
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def _crc8(value: int) -> int:
    """Of the time's bits as a whole number of bytes, most significant first; 0xFF at the start."""
    check = 0xFF
    for byte in value.to_bytes((CAPTURED_BITS + SESSION_BITS + 7) // 8, "big"):
        check ^= byte
        for _ in range(8):
            check = (check << 1 ^ 0x07) & 0xFF if check & 0x80 else check << 1
    return check
