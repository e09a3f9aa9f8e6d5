"""Stream: the pictures or the sound on their way to one viewer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Literal

from aiortc import MediaStreamTrack, RTCRtpSender
from aiortc.mediastreams import MediaStreamError

from pipelines.broadcast import hooks
from pipelines.broadcast.bursts import FASTEST_BYTES_PER_S
from pipelines.broadcast.history import History, Sent
from pipelines.broadcast.hooks import PayloadType
from pipelines.broadcast.pacing import FREE_BYTES, Bucket, Pacer
from pipelines.broadcast.packetising import AccessUnit, ntp_from_unix
from pipelines.broadcast.wire import Wire
from pipelines.channels import Backlog
from pipelines.media import PTS_HZ, SOUND_HZ

# A second of pictures or of sound: what is older is of no use to somebody who follows a lesson.
BACKLOG_PACKETS = {"video": 30, "sound": 50}
BACKLOG_BYTES = 4_000_000
# What is sent again may borrow from the time to come, so that it arrives while it is of use.
AGAIN_AHEAD_S = 0.05
NO_ROOM_PAUSE_S = 0.005
# A viewer whose picture has stood for so long is helped by a key frame, not by every packet since.
TOO_LATE_S = 0.6


class Placeholder(MediaStreamTrack):
    """What aiortc describes in the answer. Nothing is ever read from it: the stream sends by itself."""

    def __init__(self, kind: Literal["video", "sound"]) -> None:
        super().__init__()
        self.kind = "video" if kind == "video" else "audio"

    async def recv(self) -> None:  # type: ignore[override]
        raise MediaStreamError


class Stream:
    """One viewer's, of one kind: sequence numbers, timestamps, pace, and what may be asked for again.

    Nothing is kept before the connection stands: a viewer then starts with a key frame made after that
    moment, not with the past. The backlog is bounded; a viewer who cannot keep up loses pictures up to the
    next key frame, and costs nobody else. Lives in the event loop's thread. Satisfies hooks.Outgoing and
    pacing.Paced.
    """

    def __init__(
        self,
        kind: Literal["video", "sound"],
        pacer: Pacer,
        payload_type: Callable[[str], PayloadType],
        wants_key: Callable[[], None] = lambda: None,
    ) -> None:
        """payload_type: that of a layer, as answered."""
        self.kind = kind
        self._pacer = pacer
        self._payload_type = payload_type
        self._wants_key = wants_key
        self._backlog: Backlog[AccessUnit] = Backlog(BACKLOG_PACKETS[kind], BACKLOG_BYTES)
        self._bucket = Bucket(FASTEST_BYTES_PER_S, FREE_BYTES)
        self._layer = ""
        self._history = History()
        self._sender: RTCRtpSender | None = None
        self._wire: Wire | None = None
        self._unit: AccessUnit | None = None  # that is being sent, and which of its runs is next
        self._run = 0
        self._has_started = kind == "sound"
        # In the lower half, so that no early loss is taken for a wrap-around (RFC 3711 section 3.3.1).
        self._sequence_number = secrets.randbelow(1 << 15)
        self._again_number = secrets.randbelow(1 << 15)
        self._origin = secrets.randbits(32)
        self._octets = 0
        self._reported = (0, 0)  # of the unit sent last: when it was published, and its RTP timestamp
        self.rtt_s = 0.0
        self.sent_bytes = 0
        self.sent_packets = 0
        self.sent_again = 0
        self.started_ns: int | None = None  # when the first packet was handed over

    @property
    def dropped(self) -> int:
        """Packets left out because this viewer could not keep up."""
        return self._backlog.dropped

    @property
    def lacks_key(self) -> bool:
        """True while the viewer's pictures wait for a key frame."""
        return self._wire is not None and (self._backlog.wants_key or not self._has_started)

    def holds(self, sequence_number: int) -> bool:
        """Can this packet be sent again? Those of a layer that was left cannot."""
        return self._history.holds(sequence_number)

    def pace(self, bytes_per_s: float) -> None:
        """How fast packets may follow each other from now on, see bursts.py."""
        self._bucket.refill(bytes_per_s, time.monotonic())

    def attach(self, sender: RTCRtpSender) -> None:
        """Sends in this sender's place from when its connection stands."""
        self._sender = sender
        hooks.send_by(sender, self)
        hooks.report_by(sender, self._sent_so_far)

    def open(self) -> None:
        assert self._sender is not None
        self._wire = Wire(self._sender)
        if self.kind == "video":
            self._wants_key()

    def close(self) -> None:
        self._pacer.forget(self)
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def feed(self, unit: AccessUnit) -> None:
        """Takes a unit of its own kind; never blocks."""
        if self._wire is None:
            return
        if not self._has_started:
            if not unit.is_key:
                return
            self._has_started = True
        if unit.layer != self._layer:  # it begins with a key frame
            self._layer = unit.layer
            self.leave_layer()
        waited_for_key = self._backlog.wants_key
        self._backlog.put(unit)
        if self._backlog.wants_key and not waited_for_key:
            self._wants_key()
        if self.kind == "sound":
            # At once, not in turn: never behind a key frame, and a dozen bytes hurt no line.
            while self.send_run(time.monotonic())[0]:
                pass
        else:
            self._pacer.wake(self)

    def leave_layer(self) -> None:
        """Nothing of what waits, or was sent, is needed any more: whoever had to leave a layer has no room
        on the line for its rest."""
        self._backlog.clear()
        self._unit = None
        self._history = History()

    def send_run(self, now_s: float) -> tuple[int, float | None]:
        pause_s = self._bucket.pause_s(now_s)
        if pause_s > 0:
            return 0, pause_s
        if self._unit is None:
            self._unit, self._run = self._backlog.pop(), 0
        if self._unit is None or self._wire is None:
            return 0, None
        size = self._send(self._wire, self._unit)
        if size == 0:  # the kernel has no room
            return 0, NO_ROOM_PAUSE_S
        self._bucket.spend(size, now_s)
        if self._unit is None and not len(self._backlog):
            return size, None
        return size, max(0.0, self._bucket.pause_s(now_s))

    def send_again(self, sequence_number: int) -> None:
        """Asked for by the viewer. Counts against the pace, and is left out when that is used up for long."""
        now_s = time.monotonic()
        if self._wire is None or self._bucket.pause_s(now_s) > AGAIN_AHEAD_S:
            return
        found = self._history.find(sequence_number, now_s, self.rtt_s)
        if found is None:
            return
        if now_s - found[0].sent_s > max(TOO_LATE_S, 3 * self.rtt_s):
            self._wants_key()  # sooner there than all that is missing since
            return
        try:
            size = self._wire.send_again(*found, self._again_number)
        except ConnectionError:
            self.close()
            return
        self._again_number = self._again_number + 1 & 0xFFFF
        self.sent_bytes += size
        self.sent_packets += 1
        self.sent_again += 1
        self._bucket.spend(size, now_s)

    def _send(self, wire: Wire, unit: AccessUnit) -> int:
        """The unit's next run. Returns its bytes, 0 if there was no room, or nobody is there any more."""
        run = unit.runs[self._run]
        sent = Sent(
            self._sequence_number,
            unit,
            *run,
            self._origin + unit.pts & 0xFFFFFFFF,
            self._payload_type(unit.layer),
            wire.extension(),
            time.monotonic(),
        )
        try:
            size = wire.send(sent)
        except ConnectionError:
            self.close()
            return 0
        if size:
            self._history.add(sent)
            self._run += 1
            self._sequence_number = self._sequence_number + run.last - run.first & 0xFFFF
            self._tell(sent, size)
            if self._run == len(unit.runs):
                self._unit = None
        return size

    def _tell(self, sent: Sent, size: int) -> None:
        """Counts, for the viewer's status and for the next sender report."""
        count = sent.last - sent.first
        self.sent_bytes += size
        self.sent_packets += count
        self._octets += sum(map(len, sent.unit.payloads[sent.first : sent.last]))
        if self.started_ns is None:
            self.started_ns = time.monotonic_ns()
        self._reported = (sent.unit.ntp, sent.timestamp)

    def _sent_so_far(self) -> hooks.SentSoFar:
        """For a sender report: the timestamp goes on from that of the last unit published."""
        ntp, (then, timestamp) = ntp_from_unix(time.time()), self._reported
        ticks = (ntp - then) * (PTS_HZ if self.kind == "video" else SOUND_HZ) >> 32 if then else 0
        packets = self.sent_packets - self.sent_again
        return hooks.SentSoFar(ntp, timestamp + ticks & 0xFFFFFFFF, packets, self._octets)
