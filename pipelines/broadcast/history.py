"""History: what one viewer was sent lately, in case they ask for it again. Payloads are shared."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from pipelines.broadcast.hooks import PayloadType
from pipelines.broadcast.packetising import AccessUnit

# A 4:4:4 key frame of a full page is 250 to 400 packets; at 4 Mbit/s these are five seconds.
HISTORY_PACKETS = 2048
# Viewers repeat a request when the answer is not there after a round trip: the first one is on its way.
REPEAT_AFTER_S = 0.02


class Sent(NamedTuple):
    """A run of packets as it was sent: the first one's sequence number, and what else its headers said.

    sent_s: of the monotonic clock.
    """

    sequence_number: int
    unit: AccessUnit
    first: int
    last: int
    timestamp: int
    payload_type: PayloadType
    extension: bytes
    sent_s: float = 0.0


class History:
    """The newest HISTORY_PACKETS of one stream."""

    def __init__(self) -> None:
        self._runs: deque[Sent] = deque()
        self._packets = 0
        self._repeated_s: dict[int, float] = {}

    def __len__(self) -> int:
        return self._packets

    def add(self, run: Sent) -> None:
        self._runs.append(run)
        self._packets += run.last - run.first
        while self._packets > HISTORY_PACKETS:
            old = self._runs.popleft()
            self._packets -= old.last - old.first

    def holds(self, sequence_number: int) -> bool:
        """Is it of what was sent here, and not forgotten?"""
        if not self._runs:
            return False
        first, last = self._runs[0], self._runs[-1]
        held = last.sequence_number + last.last - last.first - first.sequence_number & 0xFFFF
        return sequence_number - first.sequence_number & 0xFFFF < held

    def find(self, sequence_number: int, now_s: float, rtt_s: float = 0.0) -> tuple[Sent, int] | None:
        """The run and which of the unit's payloads it was; None if forgotten, or just sent again."""
        for run in reversed(self._runs):
            ahead = (sequence_number - run.sequence_number) & 0xFFFF
            if ahead < run.last - run.first:
                return (run, run.first + ahead) if self._may_repeat(sequence_number, now_s, rtt_s) else None
        return None

    def _may_repeat(self, sequence_number: int, now_s: float, rtt_s: float) -> bool:
        repeated_s = self._repeated_s.get(sequence_number)
        if repeated_s is not None and now_s - repeated_s < max(REPEAT_AFTER_S, rtt_s):
            return False
        if len(self._repeated_s) >= HISTORY_PACKETS:
            self._repeated_s.clear()
        self._repeated_s[sequence_number] = now_s
        return True
