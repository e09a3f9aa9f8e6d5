"""Which pictures need not be coded: where processors are short, one like that before it, now and then."""

from __future__ import annotations

from pipelines.media import U8
from pipelines.timing import NS_PER_MS

REPEATS, KEY_REPEATS = 1, 6  # of a new picture, of a key frame: what it could not pay for comes with them
MOST_NS = 160 * NS_PER_MS  # without a picture: loss is noticed by the next, and browsers call more a freeze


class Sparing:
    """Coding a picture in which nothing has changed costs half of what a new one does, and shows nobody
    anything; to decode it costs every viewer the same. For one thread.
    """

    def __init__(self) -> None:
        self._rgb: U8 | None = None
        self._coded_ns = self._repeats = 0

    def spares(self, rgb: U8, tick_ns: int, *, is_short: bool, is_wanted: bool) -> bool:
        """Can this picture be left out? One that cannot is taken to be coded.

        is_short: processors are. is_wanted: a key frame is due, or a layer begins. The same array: the same
        picture.
        """
        is_new = rgb is not self._rgb
        settled = self._repeats <= 0 and not is_new
        if is_short and settled and not is_wanted and tick_ns - self._coded_ns < MOST_NS:
            return True
        if is_new or is_wanted:
            self._repeats = KEY_REPEATS if is_wanted else REPEATS
        else:
            self._repeats -= 1
        self._rgb, self._coded_ns = rgb, tick_ns
        return False
