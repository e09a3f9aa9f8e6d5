"""The gateway: keeps the studio alive and the viewers served, and is what the API talks to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from appliance.on_air import SLATE_EVERY_S, OnAir
from appliance.restarts import WINDOW_S, Restarts
from appliance.settings import Settings
from appliance.settings.errors import EX_CONFIG
from appliance.studio_child import StudioChild
from pipelines.broadcast import Broadcast
from pipelines.compositing import restarting, starting
from pipelines.media import Packet, Scene
from pipelines.orders import (
    Fatal,
    OpenCourseware,
    Order,
    Rejected,
    Report,
    SetScene,
    Started,
    StudioStatus,
    TurnPage,
)
from pipelines.timing import SessionClock

log = logging.getLogger("classroom.daemon")

StudioState = Literal["starting", "live", "restarting", "stopped"]

START_S = 300.0  # a TensorRT engine takes minutes to build the first time
HUNG_S = 10.0  # without any report from a studio that was live


class StudioBusy(Exception):
    """The studio takes no orders at this moment."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the assistant should know. at_s: seconds since 1970."""

    number: int
    at_s: float
    text: str


class Gateway:
    """Lives in the event loop. `finished` gets the exit status when the studio cannot be kept alive."""

    def __init__(self, settings: Settings, entry: str, on_ready: Callable[[], None]) -> None:
        self.settings = settings
        self.scene = Scene(layout=settings.programme.layout)
        self.status: StudioStatus | None = None
        self.state: StudioState = "starting"
        self.reason = ""
        self.notices: deque[Notice] = deque(maxlen=20)
        self.restarts = Restarts()
        self.finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.broadcast = Broadcast(settings.broadcast, on_key_request=lambda _layer: self._request_key())
        self._clock = SessionClock.start()
        self.on_air = OnAir(
            settings.programme.size_wh, self._clock, self.broadcast.publish, self._request_key
        )
        self._entry = entry
        self._on_ready = on_ready
        self._child: StudioChild | None = None
        self._courseware = settings.courseware.path
        self._page_index = 0
        self._fatal: Fatal | None = None
        self._heard_s = 0.0
        self._is_closing = False
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._start_studio()
        self._spawn(self._hold_picture())

    async def close(self) -> None:
        """Ends viewers and studio, within the bounds of StudioChild.stop."""
        self._is_closing = True
        self.state = "stopped"
        self._tell()
        for task in list(self._tasks):
            task.cancel()
        ends = [asyncio.wait_for(self.broadcast.close(), 2.0)]
        if self._child is not None:
            ends.append(self._child.stop())
        for outcome in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.warning("while closing: %r", outcome)

    # What the assistant orders ------------------------------------------------------------------

    def set_scene(self, **changes: Any) -> Scene:
        """The scene with these fields changed, under the next number. Raises StudioBusy."""
        scene = replace(self.scene, number=self.scene.number + 1, **changes)
        self._order(SetScene(scene))
        self.scene = scene
        self._tell()
        return scene

    def turn_page(self, step: int = 0, index: int | None = None) -> None:
        """Raises StudioBusy."""
        self._order(TurnPage(step, index))

    def open_courseware(self, path: str) -> None:
        """Raises StudioBusy. Whether it opens shows in the status, or as a notice."""
        self._order(OpenCourseware(path))
        self._courseware = path
        self._page_index = 0

    @property
    def courseware(self) -> str:
        """What was opened last: as in the settings, or as ordered."""
        return self._courseware

    # What everyone may know ---------------------------------------------------------------------

    async def wait_change(self, timeout_s: float) -> bool:
        """True as soon as anything in the status changes, False after timeout_s."""
        event = self._changed
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    @property
    def is_live(self) -> bool:
        """Do the viewers see the studio's pictures?"""
        return self.state == "live" and self.on_air.is_live

    def summary(self) -> str:
        """One line for `systemctl status`."""
        text = f"{self.state}, {len(self.broadcast.viewers())} viewers"
        if self.state == "live" and self.status is not None:
            text += f", {self.status.programme_fps:.1f} fps"
        return f"{text} ({self.reason})" if self.reason else text

    # The studio's life --------------------------------------------------------------------------

    def _start_studio(self) -> None:
        studio = self.settings.studio()
        courseware = studio.courseware.model_copy(update={"path": self._courseware})
        # The layout too, not only as an order: where a slate is wanted, not one other picture may go out.
        programme = studio.programme.model_copy(update={"layout": self.scene.layout})
        self._fatal = None
        self._heard_s = time.monotonic()
        self._child = StudioChild(
            self._entry,
            studio.model_copy(update={"courseware": courseware, "programme": programme}),
            self._clock.zero_ns,
            self._on_report,
            self._on_exit,
        )
        if self.scene.number:
            self._child.send(SetScene(self.scene))
        if self._page_index:
            self._child.send(TurnPage(index=self._page_index))
        log.info("studio started, process %d", self._child.pid)

    def _on_report(self, report: Report) -> None:
        self._heard_s = time.monotonic()
        match report:
            case Packet():
                self.on_air.put(report)
                return
            case StudioStatus():
                self.status = report
                if self.state == "live":
                    self._page_index = report.page_index
            case Started():
                self.state, self.reason = "live", ""
                self._on_ready()
            case Fatal():
                self._fatal = report
            case Rejected():
                self.notify(report.reason)
        self._tell()

    def _on_exit(self, status: int) -> None:
        self._child = None
        self.on_air.cut()
        if self._is_closing:
            return
        why = self._fatal.reason if self._fatal is not None else _exit_words(status)
        if self._fatal is not None and self._fatal.kind in ("settings", "model"):
            self._finish(EX_CONFIG if self._fatal.kind == "settings" else 1, why)
            return
        pause_s = self.restarts.died(time.monotonic())
        if pause_s is None:
            self._finish(1, f"The studio died {self.restarts.recent} times in {WINDOW_S:.0f} s. Last: {why}")
            return
        log.error("the studio died (%s); it is started again in %.2f s", why, pause_s)
        self.state, self.reason = "restarting", why
        self.notify(f"The studio was restarted: {why}")
        if self.restarts.are_in_vain:
            self._forget_courseware()
        self._spawn(self._restart(pause_s))

    async def _restart(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        self._start_studio()

    def _forget_courseware(self) -> None:
        """The courseware opened last may be what kills the studio. The scene stays: it may hide somebody."""
        if self._courseware != self.settings.courseware.path:
            self.notify(
                "The studio kept dying: the courseware of the settings is opened instead of the last one."
            )
        self._courseware = self.settings.courseware.path
        self._page_index = 0

    async def _hold_picture(self) -> None:
        """Once a second: the slate if it is wanted, and an end to a studio that hangs."""
        while True:
            await self.on_air.hold(starting() if self.state == "starting" else restarting())
            silent_s = time.monotonic() - self._heard_s
            if self._child is not None and silent_s > (HUNG_S if self.state == "live" else START_S):
                log.error("the studio has said nothing for %.0f s: it is ended", silent_s)
                self._child.kill()
                self._heard_s = time.monotonic()
            self._tell()
            await asyncio.sleep(SLATE_EVERY_S)

    def _finish(self, status: int, why: str) -> None:
        self.state, self.reason = "stopped", why
        self._tell()
        if not self.finished.done():
            self.finished.set_result(status)

    def notify(self, text: str) -> None:
        number = self.notices[-1].number + 1 if self.notices else 1
        self.notices.append(Notice(number, time.time(), text))

    def _order(self, order: Order) -> None:
        if self._child is None or not self._child.send(order):
            raise StudioBusy

    def _request_key(self) -> None:
        if self._child is not None:
            self._child.request_key()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the gateway failed", exc_info=error)
            self._finish(1, f"{type(error).__name__}: {error}")


def _exit_words(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
