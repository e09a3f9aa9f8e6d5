"""What joins the threads: `Latest` (one slot, newest wins) and `Backlog` (bounded, drops to a key frame)."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

from pipelines.media import Packet

T = TypeVar("T")
P = TypeVar("P", bound=Packet)


class Closed(Exception):
    """The other end has gone: leave the loop."""


class Latest(Generic[T]):
    """One slot. Putting never blocks; what nobody took before the next one is dropped and counted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._taken = True
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> None:
        with self._changed:
            if not self._taken:
                self.dropped += 1
            self._item = item
            self._taken = False
            self._changed.notify_all()

    def take(self, timeout_s: float) -> T | None:
        """The next item not taken yet, or None after timeout_s. Raises Closed."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._taken and not self._closed:
                left_s = deadline - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            if self._closed:
                raise Closed
            if self._taken:
                return None
            self._taken = True
            return self._item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Backlog(Generic[P]):
    """Packets for one slow reader, bounded in bytes and packets.

    When it overflows, everything up to the next key frame is dropped, because a picture without
    its predecessors cannot be decoded. Sound packets are all keys of their own.
    Not safe between threads by itself: owner and reader share one loop, or a lock of the owner's.
    """

    def __init__(self, max_packets: int = 256, max_bytes: int = 8_000_000) -> None:
        self._packets: deque[P] = deque()
        self._max_packets = max_packets
        self._max_bytes = max_bytes
        self._bytes = 0
        self._wants_key = False
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def wants_key(self) -> bool:
        """True while video is dropped until the next key frame: ask the encoder for one."""
        return self._wants_key

    def put(self, packet: P) -> None:
        if packet.kind == "video" and self._wants_key:
            if not packet.is_key:
                self.dropped += 1
                return
            self._wants_key = False
        if len(self._packets) >= self._max_packets or self._bytes + len(packet.data) > self._max_bytes:
            self._overflow()
            if packet.kind == "video" and not packet.is_key:
                self._wants_key = True
                self.dropped += 1
                return
        self._packets.append(packet)
        self._bytes += len(packet.data)

    def clear(self) -> None:
        """Forgets what waits, uncounted: something newer stands for it."""
        self._packets.clear()
        self._bytes = 0

    def pop(self) -> P | None:
        if not self._packets:
            return None
        packet = self._packets.popleft()
        self._bytes -= len(packet.data)
        return packet

    def _overflow(self) -> None:
        self.dropped += len(self._packets)
        self.clear()
