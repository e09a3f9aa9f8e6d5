"""Ink for pages: drawn when it changes, laid over a page when that is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pipelines.annotating.pointing import laser, lit
from pipelines.annotating.rendering import Canvas, Wash, lay_wash, washed
from pipelines.ink import PageKey, Pointer, Stroke
from pipelines.media import U8, Page, SizeWh, freeze


class _Ink(NamedTuple):
    """All that lies on pages, replaced whole. changes: how many there were before it."""

    changes: int
    washes: dict[PageKey, Wash]
    pointer: Pointer | None


class Annotator:
    """Draws in the thread that orders, so that `over`, which the programme calls at every tick, only lays.

    draw, put, point: one thread. over: another one. laid: how many of their calls are in the page that `over`
    gave last. Every page's ink is held drawn, 20 bytes a pixel that it
    touches: who orders bounds how many pages there are.
    """

    def __init__(self, size_wh: SizeWh) -> None:
        self._size_wh = size_wh
        self._ink = _Ink(0, {}, None)
        self.laid = 0
        self._drawn: tuple[PageKey, Canvas] | None = None  # the page that is being drawn on
        self._strokes: dict[PageKey, tuple[Stroke, ...]] = {}
        # Of the programme's thread.
        self._shown: tuple[Page, Wash | None, Pointer | None, Page] | None = None
        self._inked: tuple[Page, Wash, U8] | None = None

    def draw(self, key: PageKey, stroke: Stroke) -> None:
        """A new stroke on a page; one of the last stroke's id takes its place."""
        before = self._strokes.get(key, ())
        kept = before[:-1] if before and before[-1].stroke_id == stroke.stroke_id else before
        self._strokes[key] = (*kept, stroke)
        canvas = self._canvas(key, kept)
        canvas.draw(stroke)
        self._change({**self._ink.washes, key: canvas.wash()}, self._ink.pointer)

    def put(self, key: PageKey, strokes: tuple[Stroke, ...]) -> None:
        """All the ink of a page at once; () for none."""
        self._drawn = None
        if strokes:
            self._strokes[key] = strokes
            washes = {**self._ink.washes, key: self._canvas(key, strokes).wash()}
        else:
            self._strokes.pop(key, None)
            washes = {other: wash for other, wash in self._ink.washes.items() if other != key}
        self._change(washes, self._ink.pointer)

    def point(self, pointer: Pointer | None) -> None:
        """Where the pointer is, on whatever page is shown; None: put away."""
        self._change(self._ink.washes, pointer)

    @property
    def changes(self) -> int:
        """Calls of draw, put and point so far."""
        return self._ink.changes

    def _change(self, washes: dict[PageKey, Wash], pointer: Pointer | None) -> None:
        self._ink = _Ink(self._ink.changes + 1, washes, pointer)

    def over(self, key: PageKey, page: Page) -> Page:
        """The page as viewers see it: itself while there is no ink on it, and the same object while nothing
        changes. is_flip only where the page itself is new: ink is no reason for a key frame."""
        self.laid, washes, pointer = self._ink
        wash, shown = washes.get(key), self._shown
        if shown is not None and shown[0] is page and shown[1] is wash and shown[2] is pointer:
            return shown[3]
        is_new = shown is None or shown[0] is not page
        out = page
        if wash is not None or pointer is not None:
            rgb = self._annotated(page, wash, pointer)
            freeze(rgb)
            out = replace(page, rgb=rgb, is_flip=page.is_flip and is_new)
        elif not is_new:
            out = replace(page, is_flip=False)
        self._shown = (page, wash, pointer, out)
        return out

    def _annotated(self, page: Page, wash: Wash | None, pointer: Pointer | None) -> U8:
        rgb = page.rgb if wash is None else self._with_ink(page, wash)
        if pointer is None:
            return rgb
        if pointer.kind == "spotlight":
            return lit(rgb, pointer)
        rgb = rgb.copy()
        lay_wash(rgb, laser(pointer, self._size_wh))
        return rgb

    def _with_ink(self, page: Page, wash: Wash) -> U8:
        """Kept while the pointer moves over it."""
        if self._inked is None or self._inked[0] is not page or self._inked[1] is not wash:
            rgb = washed(page.rgb, wash)
            freeze(rgb)
            self._inked = (page, wash, rgb)
        return self._inked[2]

    def _canvas(self, key: PageKey, strokes: tuple[Stroke, ...]) -> Canvas:
        """The canvas of this page with these strokes; drawn anew where another page was drawn on last."""
        if self._drawn is not None and self._drawn[0] == key:
            return self._drawn[1]
        canvas = Canvas(self._size_wh)
        for stroke in strokes:
            canvas.draw(stroke)
        self._drawn = (key, canvas)
        return canvas
