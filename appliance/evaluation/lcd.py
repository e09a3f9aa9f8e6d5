"""The LCD of a played scenario: which page stands there at an instant, and what an exposure catches of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from appliance.evaluation.pages import draw_page
from appliance.evaluation.scenarios import TURN_NS, Scenario
from pipelines.media import F32, U8, Page, SizeWh

DELAY_MS = 85.0  # from a page shown to the middle of its light's rise in the camera, in the LCD's middle
DELAY_SIGMA_MS = 1.2  # as a calibration measures it
EXPOSURE_MS = 20.0
READOUT_MS = 12.0  # a rolling shutter, from the picture's first row to its last
FILM_NS = 33_366_667  # 29.97 pictures a second: beside a camera of 25, no exposure meets the same part
_FIRST_NS = -1_000_000_000
_PHASE_NS = 12_000_000
_KEPT_NS = 500_000_000


class Exposed(NamedTuple):
    """A page, and its share of the light in each row of the picture, f32 (H,)."""

    page: Page
    share: F32


class Lcd:
    """Pages by instants, counted from the play's zero. turns_ns: when the first page is turned."""

    def __init__(
        self, scenario: Scenario, size_wh: SizeWh, given: list[U8], seed: int, turns_ns: int
    ) -> None:
        self._scenario, self._size_wh, self._given, self._seed = scenario, size_wh, given, seed
        self._is_film = scenario.pages == ("video",)
        self._turns_ns = 0 if self._is_film else turns_ns
        self._period_ns = FILM_NS if self._is_film else TURN_NS
        self._pages: dict[int, Page] = {}

    def recent(self, now_ns: int) -> tuple[Page, ...]:
        """The pages shown of late, oldest first; the last one is shown now."""
        first, last = self._number(now_ns - _KEPT_NS), self._number(now_ns)
        return tuple(self._page(number) for number in range(first, last + 1))

    def exposed(self, captured_ns: int, rows: int) -> list[Exposed]:
        """What a picture with this stamp shows: one page, or a mixture where an exposure straddles a turn."""
        late_ns = round((DELAY_MS + self._scenario.late_ms) * 1e6)
        readout = np.linspace(-0.5, 0.5, rows) * READOUT_MS * 1e6
        begins = captured_ns - late_ns - EXPOSURE_MS * 5e5 + readout
        ends = begins + EXPOSURE_MS * 1e6
        numbers = range(self._number(int(begins.min())), self._number(int(ends.max())) + 1)
        found = []
        for number in numbers:
            begun = np.maximum(begins, self._shown_ns(number) if number > numbers[0] else begins)
            ended = np.minimum(ends, self._shown_ns(number + 1) if number < numbers[-1] else ends)
            share = np.clip((ended - begun) / (EXPOSURE_MS * 1e6), 0, 1)
            found.append(Exposed(self._page(number), np.asarray(share, np.float32)))
        return found

    def _number(self, now_ns: int) -> int:
        if len(self._scenario.pages) == 1 and not self._is_film:
            return 0
        return max(0, (now_ns - self._turns_ns - _PHASE_NS) // self._period_ns + 1)

    def _shown_ns(self, number: int) -> int:
        return _FIRST_NS if number == 0 else self._turns_ns + _PHASE_NS + (number - 1) * self._period_ns

    def _page(self, number: int) -> Page:
        if number not in self._pages:
            kinds = self._scenario.pages
            turned = 0 if self._is_film else number
            kind = kinds[number % len(kinds)]
            rgb = draw_page(kind, self._size_wh, self._given, self._seed + turned, number)
            rgb.setflags(write=False)
            self._pages = {n: page for n, page in self._pages.items() if n > number - 40}
            shown_ns = self._shown_ns(number)
            self._pages[number] = Page(rgb, number + 1, shown_ns, turned, is_flip=not self._is_film)
        return self._pages[number]
