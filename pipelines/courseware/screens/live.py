"""A courseware whose picture comes from somewhere that is alive: one page that changes when it does."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

import cv2
import numpy as np

from pipelines.courseware.fitting import centred, resized
from pipelines.courseware.shown import Shown, ShowsPages
from pipelines.media import U8, SizeWh, SourceLost, SourceState
from pipelines.receiving.sounding import Sounding
from pipelines.saying import said
from pipelines.scaling import fit_inside
from pipelines.timing import NS_PER_S

FIRST_PICTURE_S: Final = 8.0
_POLL_S: Final = 0.25
_GRID_PX: Final = 8  # every eighth pixel both ways tells a turned page from a moved pointer
_CHANGED: Final = 24  # codes: more than a coder's noise
_FLIP_SHARE: Final = 0.2
_FLIP_EVERY_NS: Final = 2 * NS_PER_S  # a film inside a screen is no page turn with each picture


class Pictures(Protocol):
    """Where live pictures come from; one thread reads."""

    def read(self, timeout_s: float) -> U8 | None:
        """The newest picture u8 (H, W, 3) of any size, None after timeout_s. Raises SourceLost."""

    def close(self) -> None: ...


class Live(ShowsPages):
    """Satisfies Courseware: one page. The last picture stays when the source is lost; the state says so."""

    count = 1

    def __init__(
        self,
        name: str,
        kind: str,
        pictures: Pictures,
        size_wh: SizeWh,
        sounding: Sounding | None = None,
    ) -> None:
        """Waits for the first picture. Raises SourceLost if none comes."""
        self.name = name
        self.sounding = sounding
        self._kind = kind
        self._pictures = pictures
        self._size_wh = size_wh
        self._closed = threading.Event()
        self._lost = ""
        self._is_ended = False
        self._flipped_ns = time.monotonic_ns()
        self._grid: U8 | None = None
        self._shown = Shown(self._first())
        self._thread = threading.Thread(target=self._run, name="courseware", daemon=True)
        self._thread.start()

    @property
    def state(self) -> SourceState:
        detail: dict[str, str | int | float | bool | None] = {
            "courseware": self.name,
            "kind": self._kind,
            "page": 1,
            "pages": 1,
        }
        state = "ended" if self._is_ended else "lost" if self._lost else "live"
        return SourceState("courseware", state, self._lost, detail)

    def turn(self, step: int = 0, index: int | None = None) -> None:
        """There is one page."""

    def close(self) -> None:
        self._closed.set()
        self._shown.close()
        self._thread.join()

    def _first(self) -> U8:
        give_up_s = time.monotonic() + FIRST_PICTURE_S
        try:
            while time.monotonic() < give_up_s:
                picture = self._pictures.read(_POLL_S)
                if picture is not None:
                    return self._fitted(picture)
        except SourceLost:
            self._pictures.close()
            raise
        self._pictures.close()
        raise SourceLost(
            "courseware",
            said(
                "live_silent",
                "{name} gives no picture. Check that its cable is plugged in and that it shows something.",
                name=self.name,
            ),
            retry=False,
        )

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                picture = self._pictures.read(_POLL_S)
            except SourceLost as lost:
                self._lost = lost.reason
                if not lost.retry:
                    self._is_ended = True
                    break
                continue
            if picture is not None:
                self._lost = ""
                self._show(picture)
        self._pictures.close()

    def _show(self, picture: U8) -> None:
        page = self._fitted(picture)
        if np.array_equal(page, self._shown.page.rgb):
            return  # a still screen is one page: its revision means a change
        before = self._shown.page.rgb[::_GRID_PX, ::_GRID_PX]
        apart = cv2.absdiff(np.ascontiguousarray(page[::_GRID_PX, ::_GRID_PX]), np.ascontiguousarray(before))
        share = float((apart.max(axis=2) > _CHANGED).mean())
        now_ns = time.monotonic_ns()
        is_flip = share > _FLIP_SHARE and now_ns - self._flipped_ns > _FLIP_EVERY_NS
        if is_flip:
            self._flipped_ns = now_ns
        self._shown.show(page, 0, is_flip=is_flip)

    def _fitted(self, picture: U8) -> U8:
        """A page of its own memory, whatever the source does with the picture."""
        inner_wh = fit_inside((picture.shape[1], picture.shape[0]), self._size_wh)
        return centred(resized(picture, inner_wh), self._size_wh)
