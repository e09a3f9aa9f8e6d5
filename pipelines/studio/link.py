"""The studio's end of the pipe to the gateway."""

from __future__ import annotations

import threading
from collections import deque
from multiprocessing.connection import Connection

from pipelines.channels import Backlog
from pipelines.media import Packet, SheetUpdate
from pipelines.orders import Order
from pipelines.reports import CameraPicture, Report


class Link:
    """Sends reports without ever blocking a stage: a gateway that does not read costs only packets.

    Reports other than packets are few and never dropped. Sheets are the large ones: whoever makes them looks
    at sheets_waiting first. Of a remote camera's pictures the newest waits alone.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._packets = Backlog[Packet](max_packets=512, max_bytes=32_000_000)
        self._reports: deque[Report] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._camera: CameraPicture | None = None
        self.sheets_waiting = 0

    @property
    def dropped(self) -> int:
        return self._packets.dropped

    @property
    def wants_key(self) -> bool:
        return self._packets.wants_key

    def send(self, report: Report) -> None:
        with self._changed:
            if isinstance(report, Packet):
                self._packets.put(report)
            elif isinstance(report, CameraPicture):
                self._camera = report
            else:
                self._reports.append(report)
                self.sheets_waiting += isinstance(report, SheetUpdate)
            self._changed.notify()

    def close(self) -> None:
        """Lets `pump` end once everything is out."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def pump(self) -> None:
        """The sending thread. Ends after `close`, or when the gateway has gone."""
        while (report := self._next()) is not None:
            try:
                self._connection.send(report)
            except (BrokenPipeError, ConnectionResetError):
                return
            if isinstance(report, SheetUpdate):
                with self._changed:
                    self.sheets_waiting -= 1

    def receive(self) -> Order | None:
        """The next order; None when the gateway has gone."""
        try:
            order: Order = self._connection.recv()
        except (EOFError, ConnectionResetError):
            return None
        return order

    def _next(self) -> Report | None:
        with self._changed:
            while True:
                # Packets first: Started must not overtake the picture that it speaks of.
                packet = self._packets.pop()
                if packet is not None:
                    return packet
                if self._reports:
                    return self._reports.popleft()
                if self._camera is not None:
                    camera, self._camera = self._camera, None
                    return camera
                if self._closing:
                    return None
                self._changed.wait()
