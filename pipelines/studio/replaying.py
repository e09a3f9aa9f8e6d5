"""Replay: a raw recording through the studio's own stages, in one thread, with recorded instants for a clock.

What hung on the threads' pace stands in the recording and is repeated: which frames the network was asked
about, which answer was the newest, what the plate was told of calibration, delay and pages, and what each
picture was made of. All else is computed again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from models.catalog import locate
from models.matting_net import MattingNet
from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.alignment import Calibration
from pipelines.annotating.annotator import Annotator
from pipelines.calibration.watching import GeometryState, Watcher
from pipelines.matting.carrying import Carrier
from pipelines.matting.coarse import Coarse
from pipelines.matting.keyer import Keyer
from pipelines.matting.refinement import Refinement
from pipelines.matting.settings import MattingSettings
from pipelines.media import U8, Frame, Matte, Page, Prediction, Scene
from pipelines.orders import DrawStroke, Order, PointAt, SetInk, SetScene
from pipelines.plate.plate import Plate
from pipelines.recording.raw.entries import (
    CalibrationUsed,
    Composed,
    Ended,
    Entry,
    FrameTaken,
    Gap,
    GivenThen,
    KnownAnew,
    Ordered,
    PageShown,
    digest_of,
    order_of,
)
from pipelines.recording.raw.reading import BrokenRecording, FramesEnd, RawRecording
from pipelines.studio.composing import Composing, Wish
from pipelines.studio.keying import Watch
from pipelines.studio.settings import ProgrammeSettings

KEPT = 256  # frames, answers and mattes that later lines may name


class Played(NamedTuple):
    """One picture made again, u8 (H, W, 3). number: from 1. is_same: bit for bit what was sent."""

    number: int
    tick_ns: int
    rgb: U8
    is_same: bool


class Replay:
    """One raw recording. `pictures` once; then `ending` says how far the recording goes.

    ending: "complete"; "cut off": the box was killed; "gap": things were left out while recording; "full":
    there was no room. Raises BrokenRecording, models.ModelError.
    """

    def __init__(self, folder: Path, models_dir: Path) -> None:
        self._recording = RawRecording(folder)
        began = self._recording.began
        try:
            network = NetworkSettings.model_validate(began.settings["network"])
            self._settings = MattingSettings.model_validate(began.settings["matting"])
            # Older boxes had no transitions.
            programme = {"transition_ms": 0, **began.settings["programme"]}
            self.programme = ProgrammeSettings.model_validate(programme)
        except (ValidationError, KeyError) as error:
            raise BrokenRecording(
                f"{folder}: its settings cannot be read ({type(error).__name__})."
            ) from None
        self.began = began
        self.ending = "cut off"
        self.reason = ""
        self.changed_pages = 0  # whose picture is not the one that was shown
        self._net = MattingNet.open(locate(network.name, models_dir), network)
        self._refining = RefinerNet.open(network)
        size_wh = self.programme.size_wh
        self._composing = Composing(size_wh, self.programme.transition_ms)
        self._annotator = Annotator(size_wh)
        self._ink: list[Order] = []  # not yet carried out
        self._carrier = Carrier()
        self._keyer: Keyer | None = None
        self._refiner: Refinement | None = None
        self._told: Told | None = None
        self._answers: OrderedDict[int, Coarse] = OrderedDict()
        self._mattes: OrderedDict[int, Matte] = OrderedDict()
        self._pages: dict[int, Page] = {}
        self._calibrations: dict[int, Calibration] = {}
        self._scenes: dict[int, Scene] = {0: began.scene}

    @property
    def provider(self) -> str:
        """Where the network runs now."""
        return self._net.provider

    def pictures(self) -> Iterator[Played]:
        """Makes every picture again, as far as it goes. Raises BrokenRecording, models.ModelError."""
        number = 0
        try:
            for entry in self._recording.events():
                if isinstance(entry, Composed):
                    number += 1
                    rgb = self._compose(entry)
                    yield Played(number, entry.tick_ns, rgb, digest_of(rgb) == entry.digest)
                elif isinstance(entry, Gap):
                    self.ending = "gap"
                    return
                elif isinstance(entry, Ended):
                    self.ending, self.reason = "full" if entry.reason else "complete", entry.reason
                    return
                else:
                    self._follow(entry)
        except FramesEnd:
            return
        except KeyError as error:
            raise BrokenRecording(f"A line names {error}, which no line before it has brought.") from None

    def _follow(self, entry: Entry) -> None:
        match entry:
            case PageShown():
                rgb = self._recording.picture(entry)
                self.changed_pages += not self._recording.is_as_noted(entry, rgb)
                self._pages[entry.revision] = entry.page(rgb)
            case CalibrationUsed():
                self._calibrations[entry.number] = entry.calibration()
            case KnownAnew():
                self._know(entry)
            case FrameTaken():
                self._matte(entry)
            case Ordered():
                self._order(entry)

    def _order(self, entry: Ordered) -> None:
        try:
            order = order_of(entry)
        except ValueError as error:
            raise BrokenRecording(f"Order {entry.number} cannot be read: {error}.") from None
        if isinstance(order, SetScene):
            self._scenes[entry.number] = order.scene
        elif isinstance(order, DrawStroke | SetInk | PointAt):
            self._ink.append(order)

    def _know(self, entry: KnownAnew) -> None:
        self._refiner = self._told = None
        if entry.calibration is not None:
            calibration = self._calibrations[entry.calibration]
            told = self._told = Told(calibration, entry, self._pages, self._calibrations)
            self._refiner = Refinement(self._refining, told.predict)

    def _matte(self, entry: FrameTaken) -> None:
        frame = self._recording.frame(entry)
        if entry.asked:
            _keep(self._answers, frame.pts, self._ask(frame, entry.thrifty))
        answer = None if entry.answer is None else self._answers[entry.answer]
        if self._told is not None:
            self._told.given = list(entry.given)
        matte = self._carrier.matte(frame, answer, self._refiner)
        if matte is not None:
            _keep(self._mattes, matte.pts, matte)

    def _ask(self, frame: Frame, is_thrifty: bool) -> Coarse:
        if self._keyer is None or self._keyer.camera_size_wh != frame.size_wh:
            self._keyer = Keyer(self._net, self._settings, frame.size_wh)
        return self._keyer.ask(frame, is_thrifty)

    def _compose(self, entry: Composed) -> U8:
        while self._ink and self._annotator.changes < entry.ink:
            self._draw(self._ink.pop(0))
        page = None if entry.page is None else self._pages[entry.page]
        if page is not None and entry.key is not None:
            page = self._annotator.over(entry.key, page)
        scene = self._scenes[entry.scene]
        wish = Wish(
            page,
            None if entry.matte is None else self._mattes[entry.matte],
            scene,
            None if entry.calibration is None else self._calibrations[entry.calibration],
            entry.page_reason,
            entry.camera_reason,
            entry.light,
            self._composing.step(entry.tick_ns, scene),
        )
        return self._composing.compose(wish).rgb

    def _draw(self, order: Order) -> None:
        match order:
            case DrawStroke(key, stroke):
                self._annotator.draw(key, stroke)
            case SetInk(key, strokes):
                self._annotator.put(key, strokes)
            case PointAt(pointer):
                self._annotator.point(pointer)


class Told:
    """A watch that is told what the live one knew at each prediction, instead of finding it out."""

    def __init__(
        self,
        calibration: Calibration,
        known: KnownAnew,
        pages: dict[int, Page],
        calibrations: dict[int, Calibration],
    ) -> None:
        self.given: list[GivenThen] = []
        self._pages, self._calibrations = pages, calibrations
        self._shown: tuple[Page, ...] = ()
        self._watch = Watch(Plate(calibration, lambda: self._shown, known.delay), Watcher(calibration))

    def predict(self, matte: Matte) -> Prediction | None:
        """Raises BrokenRecording when the live studio made no such prediction."""
        if not self.given:
            raise BrokenRecording(f"The frame of pts {matte.pts} has no prediction of the plate noted.")
        given = self.given.pop(0)
        watch = self._watch
        watch.watcher.calibration = self._calibrations[given.calibration]
        watch.watcher.geometry = GeometryState("moved" if given.is_off else "locked")
        watch.delay.delay = given.delay
        self._shown = tuple(self._pages[revision] for revision in given.pages)
        return watch.predict(matte)


def _keep(kept: OrderedDict[int, Any], pts: int, item: object) -> None:
    kept[pts] = item
    while len(kept) > KEPT:
        kept.popitem(last=False)
