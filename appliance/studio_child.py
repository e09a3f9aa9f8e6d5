"""The studio's process as the gateway sees it: spawned, read without blocking, ended within bounds."""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection

from appliance.outbox import Outbox
from appliance.wording import CHINESE
from pipelines.channels import Backlog
from pipelines.media import Packet
from pipelines.orders import Order, RequestKey, Stop
from pipelines.reports import CameraPicture, Report, SoundLevels, StudioStatus
from pipelines.saying import learn, said
from pipelines.studio.settings import StudioSettings

log = logging.getLogger("classroom.daemon")

# "module:function", so that the gateway never imports the studio's libraries.
STUDIO_ENTRY = "pipelines.studio.process:run_studio"

STOP_S = 2.0  # to end in good order
TERMINATE_S = 0.5  # then SIGTERM, then SIGKILL
KEY_REQUEST_S = 0.3
_STATES = (StudioStatus, SoundLevels, CameraPicture)  # of these the newest says all
_MOST_REPORTS = 64  # of all others, waiting for a loop that stalls
_PR_SET_PDEATHSIG = 1  # prctl(2)


def _run_entry(
    entry: str, settings: StudioSettings, zero_ns: int, connection: Connection, parent_pid: int
) -> None:
    """First lines of the child: dies with its parent, then becomes the studio."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # the parent was gone before prctl took hold
        os._exit(1)
    # Ctrl-C reaches the whole process group; the daemon decides when the studio ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    learn(CHINESE)  # for what the studio writes into its pictures
    module, _, function = entry.partition(":")
    getattr(importlib.import_module(module), function)(settings, zero_ns, connection)


def exit_words(status: int) -> str:
    """How a process ended, as the end of a sentence."""
    return (
        said("ended_by_signal", "ended by signal {status}", status=-status)
        if status < 0
        else said("ended_with_status", "ended with status {status}", status=status)
    )


class StudioChild:
    """One life of the studio. Make it in the loop's thread: the child dies with the thread that made it.

    on_report is called in the loop for every report, on_exit once, with the exit status, when it is gone.
    """

    def __init__(
        self,
        entry: str,
        settings: StudioSettings,
        zero_ns: int,
        on_report: Callable[[Report], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_report = on_report
        self._on_exit = on_exit
        self._gone = asyncio.Event()
        self._asked_key_s: dict[str, float] = {}
        self._inbox = _Inbox()
        self._orders = Outbox()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe(duplex=True)
        self._process = context.Process(
            target=_run_entry, args=(entry, settings, zero_ns, theirs, os.getpid()), name="studio"
        )
        # Read when NumPy is imported: its library's threads wait for work by spinning, and the studio's
        # matrices have a few rows.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._process.start()
        theirs.close()
        self._sender = threading.Thread(target=self._send_orders, name="orders", daemon=True)
        self._reader = threading.Thread(target=self._read_reports, name="reports", daemon=True)
        self._sender.start()
        self._reader.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def send(self, order: Order) -> bool:
        """Hands an order on without blocking. False: the studio takes no orders now."""
        return self._orders.put(order)

    def request_key(self, layer: str = "") -> None:
        """Asks for a key frame of a layer, or of all; each a few times a second at most."""
        now_s = time.monotonic()
        if now_s - self._asked_key_s.get(layer, 0.0) >= KEY_REQUEST_S:
            self._asked_key_s[layer] = now_s
            self.send(RequestKey(layer))

    def kill(self) -> None:
        """Ends it at once; on_exit follows."""
        self._process.kill()

    async def stop(self) -> None:
        """Ends it in good order, within STOP_S + 2 TERMINATE_S. on_exit is called as always."""
        self.send(Stop())
        for patience_s, harder in ((STOP_S, self._process.terminate), (TERMINATE_S, self._process.kill)):
            try:
                await asyncio.wait_for(self._gone.wait(), patience_s)
            except TimeoutError:
                harder()
            else:
                return
        await asyncio.wait_for(self._gone.wait(), TERMINATE_S)

    def _send_orders(self) -> None:
        while (order := self._orders.take()) is not None:
            try:
                self._connection.send(order)
            except OSError:  # the studio is gone: the reader sees it too
                return

    def _read_reports(self) -> None:
        while True:
            try:
                report: Report = self._connection.recv()
            except (EOFError, OSError):
                break
            if self._inbox.put(report):
                self._loop.call_soon_threadsafe(self._deliver)
        self._process.join(STOP_S)
        if self._process.exitcode is None:  # it closed its pipe and lives on
            self._process.kill()
            self._process.join()
        self._loop.call_soon_threadsafe(self._bury)

    def _deliver(self) -> None:
        reports, wants_key = self._inbox.take()
        for report in reports:
            self._on_report(report)
        if wants_key:
            self.request_key()

    def _bury(self) -> None:
        self._deliver()
        status = self._process.exitcode
        assert status is not None
        self._process.close()
        self._connection.close()
        self._orders.close()
        self._gone.set()
        self._on_exit(status)


class _Inbox:
    """Reports on their way to the loop, bounded: a loop that stalls loses pictures up to a key frame."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._packets = Backlog[Packet](max_packets=512, max_bytes=16_000_000)
        self._newest: dict[type, Report] = {}
        self._others: deque[Report] = deque(maxlen=_MOST_REPORTS)
        self._is_scheduled = False

    def put(self, report: Report) -> bool:
        """True when the loop must be told."""
        with self._lock:
            if isinstance(report, Packet):
                self._packets.put(report)
            elif isinstance(report, _STATES):
                self._newest[type(report)] = report
            else:
                self._others.append(report)
            must_tell = not self._is_scheduled
            self._is_scheduled = True
            return must_tell

    def take(self) -> tuple[list[Report], bool]:
        """All reports, and whether pictures were lost, so that a key frame is needed."""
        with self._lock:
            self._is_scheduled = False
            reports: list[Report] = []
            while (packet := self._packets.pop()) is not None:
                reports.append(packet)
            reports += [*self._others, *self._newest.values()]
            self._others.clear()
            self._newest.clear()
            return reports, self._packets.wants_key
