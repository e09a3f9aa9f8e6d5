"""The studio's life: one process after another, ended when it hangs, started again when it dies."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol

from appliance.restarts import WINDOW_S, Restarts
from appliance.settings.errors import EX_CONFIG
from appliance.studio_child import StudioChild, exit_words
from pipelines.orders import Order
from pipelines.reports import Fatal, Report, Started
from pipelines.studio.settings import StudioSettings

log = logging.getLogger("classroom.daemon")

StudioState = Literal["starting", "live", "restarting", "stopped"]

START_S = 300.0  # a TensorRT engine takes minutes to build the first time
HUNG_S = 10.0  # without any report from a studio that was live


class Owner(Protocol):
    """Who a studio works for. All are called in the event loop."""

    def studio_settings(self) -> StudioSettings:
        """For the one that starts now."""

    def studio_started(self) -> None:
        """Its process is there and takes orders: what must it know?"""

    def studio_reported(self, report: Report) -> None:
        """Every report, in order."""

    def studio_ended(self) -> None:
        """It is gone, and nothing that it held lives on."""

    def studio_restarts(self, why: str, in_vain: bool) -> None:
        """It died and is started again. in_vain: the same way has failed too often."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that ends with the owner, who also takes care of its failure."""


class StudioLife:
    """Lives in the event loop. state, reason: of the studio that runs or is awaited. finished: gets the exit
    status when it cannot be kept alive.
    """

    def __init__(self, entry: str, zero_ns: int, owner: Owner, tell: Callable[[], None]) -> None:
        self.state: StudioState = "starting"
        self.reason = ""
        self.restarts = Restarts()
        self.finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._entry, self._zero_ns = entry, zero_ns
        self._owner, self._tell = owner, tell
        self._child: StudioChild | None = None
        self._fatal: Fatal | None = None
        self._heard_s = 0.0
        self._is_closing = False

    def start(self) -> None:
        self._fatal = None
        self._heard_s = time.monotonic()
        self._child = StudioChild(
            self._entry, self._owner.studio_settings(), self._zero_ns, self._on_report, self._on_exit
        )
        self._owner.studio_started()
        log.info("studio started, process %d", self._child.pid)

    async def stop(self) -> None:
        """For good, within the bounds of StudioChild.stop."""
        self._is_closing = True
        self.state = "stopped"
        self._tell()
        if self._child is not None:
            await self._child.stop()

    def finish(self, status: int, why: str) -> None:
        """The box cannot go on, for this reason."""
        self.state, self.reason = "stopped", why
        self._tell()
        if not self.finished.done():
            self.finished.set_result(status)

    def send(self, order: Order) -> bool:
        """False: there is no studio that takes orders now."""
        return self._child is not None and self._child.send(order)

    def request_key(self, layer: str) -> None:
        if self._child is not None:
            self._child.request_key(layer)

    def look_around(self) -> None:
        """Ends a studio that hangs. Call it about once a second."""
        silent_s = time.monotonic() - self._heard_s
        if self._child is not None and silent_s > (HUNG_S if self.state == "live" else START_S):
            log.error("the studio has said nothing for %.0f s: it is ended", silent_s)
            self._child.kill()
            self._heard_s = time.monotonic()

    def _on_report(self, report: Report) -> None:
        self._heard_s = time.monotonic()
        match report:
            case Started():
                self.state, self.reason = "live", ""
            case Fatal():
                self._fatal = report
        self._owner.studio_reported(report)

    def _on_exit(self, status: int) -> None:
        self._child = None
        self._owner.studio_ended()
        if self._is_closing:
            return
        why = self._fatal.reason if self._fatal is not None else exit_words(status)
        if self._fatal is not None and self._fatal.kind in ("settings", "model"):
            self.finish(EX_CONFIG if self._fatal.kind == "settings" else 1, why)
            return
        pause_s = self.restarts.died(time.monotonic())
        if pause_s is None:
            self.finish(1, f"The studio died {self.restarts.recent} times in {WINDOW_S:.0f} s. Last: {why}")
            return
        log.error("the studio died (%s); it is started again in %.2f s", why, pause_s)
        self.state, self.reason = "restarting", why
        self._owner.studio_restarts(why, self.restarts.are_in_vain)
        self._owner.spawn(self._start_again(pause_s))

    async def _start_again(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        self.start()
