"""The pages that may be on the LCD when a picture is taken, and what the camera should see of each."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.media import F32, F64, Delay, Page
from pipelines.plate.geometry import PageView
from pipelines.plate.photometry import Photometry, doubts
from pipelines.plate.turning import Candidate
from pipelines.timing import NS_PER_MS, NS_PER_S

CLOCK_OFF_MS = 90.0  # two pictures of the camera and something
GONE_S = 1.2  # a page that was followed by another one so long ago is not on the LCD any more
_MOST_PAGES = 24


def waiting_of(pages: Sequence[Page], last: Page | None, delay: Delay | None, taken_ns: int) -> list[Page]:
    """The pages that a frame may show: from the one last seen on. delay: given while the clock is right."""
    known = [page.revision for page in pages]
    if last is None:
        waiting = list(pages)
    elif last.revision in known:
        waiting = list(pages[known.index(last.revision) :])
    else:
        waiting = [last, *pages]
    waiting = waiting[-_MOST_PAGES:]
    while len(waiting) > 1 and taken_ns - waiting[1].shown_ns > GONE_S * NS_PER_S:
        waiting.pop(0)
    if delay is not None:
        # What the clock says is far off need not be looked at. The page last seen stays, however late its
        # follower is.
        lit_ns = taken_ns - round(delay.ms * NS_PER_MS)
        reach_ns = round((CLOCK_OFF_MS + 4 * delay.sigma_ms) * NS_PER_MS)
        ends = [page.shown_ns for page in waiting[1:]]
        near = [
            page
            for page, end_ns in zip(waiting[1:-1], ends[1:], strict=True)
            if end_ns > lit_ns - reach_ns and page.shown_ns < lit_ns + reach_ns
        ]
        waiting = [waiting[0], *near, *waiting[1:][-1:]]
    return waiting


class Candidates:
    """What the camera should see of the pages that are waiting, by block; kept while nothing changes."""

    def __init__(self) -> None:
        self._means: dict[int, F32] = {}
        self._light: dict[int, F64] = {}
        self._by: Photometry | None = None

    def of(
        self, waiting: list[Page], view: PageView, photometry: Photometry, by_colour: F64
    ) -> list[Candidate]:
        if photometry is not self._by:
            self._light, self._by = {}, photometry
        known = {page.revision for page in waiting}
        self._means = {revision: means for revision, means in self._means.items() if revision in known}
        self._light = {revision: light for revision, light in self._light.items() if revision in known}
        return [self._candidate(page, view, photometry, by_colour) for page in waiting]

    def _candidate(self, page: Page, view: PageView, photometry: Photometry, by_colour: F64) -> Candidate:
        key = page.revision
        if key not in self._means:
            self._means[key] = view.block_light(page.rgb)
        if key not in self._light:
            self._light[key] = photometry.expected(self._means[key], view.blocks)
        return Candidate(page.shown_ns, self._light[key], doubts(self._means[key], by_colour))
