"""What the studio tells who writes down what it saw: the raw recording, and who keeps the worst mattes."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable

from pipelines.alignment import Calibration
from pipelines.ink import PageKey
from pipelines.matting.coarse import Coarse
from pipelines.media import Delay, Frame, Layout, Matte, Page, Scene
from pipelines.orders import KeepWorst, Order, SetScene
from pipelines.recording.raw.entries import LOGGED, Began
from pipelines.recording.raw.log import RawLog
from pipelines.recording.raw.notes import Given, KnownNote, MatteNote, OrderNote, TickNote
from pipelines.recording.worst import WorstMattes
from pipelines.reports import RawStatus
from pipelines.saying import said
from pipelines.studio.composing import Composed
from pipelines.studio.keying import Known
from pipelines.studio.matting import Asked
from pipelines.studio.settings import StudioSettings

# The versions that decide about pixels. ONNX Runtime comes under one of two names.
SOFTWARE = ("dual-teacher-classroom", "numpy", "numba", "opencv-python", "onnxruntime", "onnxruntime-gpu")


class Witness:
    """Each method is called by the thread that does what it tells of. log: None where nothing is recorded.

    worst: None where none are wanted. known: what the newest matte was refined by; None: nothing. scene: the
    one at the start.
    """

    def __init__(
        self, log: RawLog | None, worst: WorstMattes | None, known: Callable[[], Known | None], scene: Scene
    ) -> None:
        self._log, self._worst, self._known_now, self._scene = log, worst, known, scene
        self._given: list[Given] = []  # of the mattes' thread, since the last matte

    def known(self, calibration: Calibration | None, delay: Delay | None) -> None:
        if self._log is not None:
            self._log.note(KnownNote(calibration, delay))

    def given(self, given: Given) -> None:
        if self._log is not None:
            self._given.append(given)

    def matte(self, frame: Frame, asked: Asked | None, answer: Coarse | None, matte: Matte | None) -> None:
        if self._log is not None:
            given, self._given = tuple(self._given), []
            newest = None if answer is None else answer.frame.pts
            question = asked is not None, asked is not None and asked.is_thrifty
            made = None if matte is None else matte.pts
            self._log.note(MatteNote(frame, *question, newest, given, made))
        if self._worst is not None and matte is not None:
            known = self._known_now()
            # The refiner is not asked about a matte of nobody: its score is an older one's.
            if known is None or matte.box.is_empty or _hides_teacher(self._scene):
                self._worst.see(matte, None, 0.0)
            else:
                self._worst.see(matte, known.refiner.quality, known.refiner.trust)

    def order(self, order: Order) -> None:
        if self._worst is not None and isinstance(order, KeepWorst):
            self._worst.keep_for(order.item_id)
        if isinstance(order, SetScene):
            self._scene = order.scene
        if self._log is not None and isinstance(order, LOGGED):
            self._log.note(OrderNote(order))

    def picture(self, tick_ns: int, shown: tuple[PageKey, Page] | None, ink: int, composed: Composed) -> None:
        """shown: the page without its ink. ink: how many changes of it are in the picture."""
        if self._log is None:
            return
        key, page = (None, None) if shown is None else shown
        wish = composed.wish
        matte = None if wish.matte is None else wish.matte.pts
        reasons = wish.page_reason, wish.camera_reason
        self._log.note(
            TickNote(
                tick_ns,
                key,
                page,
                ink,
                matte,
                wish.scene,
                wish.calibration,
                *reasons,
                wish.light,
                composed.rgb,
            )
        )

    def status(self) -> RawStatus | None:
        log = self._log
        return None if log is None else RawStatus(log.is_on, log.reason, log.dropped)

    def end(self) -> None:
        """Panic: nothing more of the camera is kept."""
        if self._log is not None:
            self._log.end(said("raw_panic", "panic was called; it begins again with the next start"))

    def close(self) -> None:
        if self._worst is not None:
            self._worst.close()
        if self._log is not None:
            self._log.close()


def _hides_teacher(scene: Scene) -> bool:
    """Whom the recording does not show is not kept beside it."""
    return scene.layout in (Layout.SLATE, Layout.COURSEWARE) or scene.opacity <= 0


def witness(
    settings: StudioSettings,
    scene: Scene,
    provider: str,
    known: Callable[[], Known | None],
    page: Callable[[], Page | None],
) -> Witness:
    """With what the settings want. scene: the one at the start. known: of the LCD, in use. page: shown."""
    return Witness(_raw_log(settings, scene, provider), _worst(settings, page), known, scene)


def _worst(settings: StudioSettings, page: Callable[[], Page | None]) -> WorstMattes | None:
    chosen, folder = settings.recording, settings.recordings_path
    if not chosen.worst_mattes or folder is None:
        return None

    def index() -> int:
        shown = page()
        return 0 if shown is None else shown.index

    return WorstMattes(folder, chosen.worst_mattes, chosen.keep_free_bytes, index)


def _raw_log(settings: StudioSettings, scene: Scene, provider: str) -> RawLog | None:
    chosen, parent = settings.recording, settings.raw_path
    if not chosen.raw or parent is None:
        return None
    # Only what the pictures depend on: addresses of cameras may hold passwords.
    wanted = {"network", "matting", "programme"}
    began = Began(
        software=software(),
        provider=provider,
        settings=settings.model_dump(mode="json", include=wanted),
        scene=scene,
    )
    folder = parent / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{time.monotonic_ns() % 1_000_000:06}"
    free, rate_hz = chosen.keep_free_bytes, settings.camera.rate_hz
    return RawLog(folder, chosen.raw_quota_bytes, free, rate_hz, began)


def software() -> str:
    """Versions of what makes the pictures."""
    installed = {
        (found.metadata["Name"] or "").lower(): found.version for found in importlib.metadata.distributions()
    }
    return ", ".join(f"{name} {installed[name]}" for name in SOFTWARE if name in installed)
