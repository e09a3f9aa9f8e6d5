"""What the studio tells its raw recording, if there is one."""

from __future__ import annotations

import importlib.metadata
import time

from pipelines.ink import PageKey
from pipelines.matting import Coarse
from pipelines.media import Calibration, Delay, Frame, Matte, Page, Scene
from pipelines.orders import Order
from pipelines.recording.raw import Given, MatteNote, RawLog, TickNote
from pipelines.recording.raw.entries import LOGGED, Began
from pipelines.recording.raw.notes import KnownNote, OrderNote
from pipelines.reports import RawStatus
from pipelines.saying import said
from pipelines.studio.composing import Composed
from pipelines.studio.settings import StudioSettings

# The versions that decide about pixels. ONNX Runtime comes under one of two names.
SOFTWARE = ("dual-teacher-classroom", "numpy", "numba", "opencv-python", "onnxruntime", "onnxruntime-gpu")


class Witness:
    """Each method is called by the thread that does what it tells of. log: None where nothing is recorded."""

    def __init__(self, log: RawLog | None) -> None:
        self._log = log
        self._given: list[Given] = []  # of the mattes' thread, since the last matte

    def known(self, calibration: Calibration | None, delay: Delay | None) -> None:
        if self._log is not None:
            self._log.note(KnownNote(calibration, delay))

    def given(self, given: Given) -> None:
        if self._log is not None:
            self._given.append(given)

    def matte(self, frame: Frame, asked: bool, answer: Coarse | None, matte: Matte | None) -> None:
        if self._log is not None:
            given, self._given = tuple(self._given), []
            newest = None if answer is None else answer.frame.pts
            self._log.note(MatteNote(frame, asked, newest, given, None if matte is None else matte.pts))

    def order(self, order: Order) -> None:
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
        if self._log is not None:
            self._log.close()


def witness(settings: StudioSettings, scene: Scene, provider: str) -> Witness:
    """With a raw recording of its own where the settings want one. scene: the one at the start."""
    chosen, parent = settings.recording, settings.raw_path
    if not chosen.raw or parent is None:
        return Witness(None)
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
    return Witness(RawLog(folder, chosen.raw_quota_bytes, free, rate_hz, began))


def software() -> str:
    """Versions of what makes the pictures."""
    installed = {
        (found.metadata["Name"] or "").lower(): found.version for found in importlib.metadata.distributions()
    }
    return ", ".join(f"{name} {installed[name]}" for name in SOFTWARE if name in installed)
