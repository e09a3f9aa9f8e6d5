"""LayerChooser: which layer a viewer gets, by what their connection reports. No clocks, no sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.media import LOW_LAYER, TEACHER_LAYER
from pipelines.saying import said

SOUND_ONLY = "sound"

# Losses below are mended by sending again; above, a viewer waits for repairs more than they watch.
BAD_LOSS = 0.08
# A queue that builds up on the way is a line that is full, long before it loses anything.
BAD_DELAY_MS = 250.0
# An estimate below what is sent, not below what could be: browsers do not raise it while a page stands still.
BAD_ESTIMATE = 0.85
# A browser's estimate falls by jitter alone. It is believed where something else says that the line is full.
FULL_LOSS, FULL_NACKS_PER_S, FULL_DELAY_MS = 0.02, 20, 150.0
MANY_NACKS_PER_S = 150
DOWN_AFTER_S = 1.5  # three looks
UP_AFTER_S = 10.0
UP_AFTER_MOST_S = 160.0
# After a change everything reported still speaks of the layer before.
REST_S = 3.0
# A better layer that lasted so long was no mistake.
PROVEN_S = 30.0
# Ceilings of the layers, bit/s, where nobody says otherwise.
LAYER_BPS = {"444": 8_000_000, "420": 4_000_000, TEACHER_LAYER: 4_000_000, LOW_LAYER: 600_000}
# Less than this share of its ceiling makes no picture a second of the low layer.
LEAST_SHARE = 0.2
# Of what comes through, the low layer's; the rest is for sound, headers and what is sent again.
LOW_SHARE = 0.65
LOW_DOWN, LOW_UP = 0.7, 1.05  # a look


@dataclass(frozen=True, slots=True)
class Line:
    """What one viewer's connection is like at an instant, counted from its video alone.

    loss: share lost, 0 to 1, of the newest receiver report. rtt_ms: round trip, None before the first
    report. estimate_bps: the viewer's REMB, None without one. sent_bps, nacks_per_s: over the last second.
    dropped: packets left out because of a full backlog, so far.
    """

    loss: float = 0.0
    rtt_ms: float | None = None
    estimate_bps: float | None = None
    sent_bps: float = 0.0
    nacks_per_s: float = 0.0
    dropped: int = 0


class LayerChooser:
    """One viewer's. layers: what their browser takes, best first; sound alone comes after the last.

    Down after two bad seconds, to the best layer that fits what comes through: each step in between would
    keep the line full, and the sound broken, for seconds. A single bad report, as after a short cut, moves
    nobody. Up, one step, after ten good seconds; each time the better layer does not hold, twice as long
    passes before the next try.

    The low layer gives way first: it is sent with fewer bit/s, down to its least, before the pictures end,
    and is back at its ceiling before a better one is tried.

    in_parts: the viewer has the rest as pictures, so that the teacher's layer takes the best one's place.
    low_bps: what the low layer may take on this viewer's line, bit/s.
    """

    def __init__(self, layers: tuple[str, ...], layer_bps: Mapping[str, int] = LAYER_BPS) -> None:
        """layer_bps: the ceiling of each."""
        self._layer_bps = layer_bps
        self._least_bps = LEAST_SHARE * layer_bps[LOW_LAYER]
        self.low_bps = float(layer_bps[LOW_LAYER])
        self._ladder = (*layers, SOUND_ONLY)
        self._step = 0
        self.in_parts = False
        self._pin: str | None = None
        self._bad_since_s: float | None = None
        self._good_since_s: float | None = None
        self._changed_s = float("-inf")
        self._rose_s: float | None = None
        self._patience_s = UP_AFTER_S
        self._least_rtt_ms: float | None = None
        self._dropped = 0

    @property
    def layers(self) -> tuple[str, ...]:
        """What may be pinned, best first."""
        return (TEACHER_LAYER, *self._ladder) if self.in_parts else self._ladder

    @property
    def pinned(self) -> bool:
        return self._pin is not None

    @property
    def layer(self) -> str:
        wants_parts = self._pin == TEACHER_LAYER or (self._pin is None and self._step == 0)
        if wants_parts and self.in_parts:
            return TEACHER_LAYER
        return self._ladder[self._step] if self._pin in (None, TEACHER_LAYER) else self._pin

    def pin(self, layer: str | None) -> None:
        """Holds a layer whatever the line is like; None chooses again. Raises ValueError if not taken."""
        if layer is not None and layer not in self.layers:
            takes = ", ".join(self.layers)
            raise ValueError(
                said("layers_taken", "this viewer takes {layers}, not {layer}", layers=takes, layer=layer)
            )
        if layer is None and self._pin in self._ladder:
            self._step = self._ladder.index(self._pin)
        self._pin = layer
        self._bad_since_s = self._good_since_s = None

    def look(self, line: Line, now_s: float) -> str:
        """Takes one look, about once a second, and gives the layer that is right from now on."""
        bad = self._judge(line)
        if self._pin is not None or now_s - self._changed_s < REST_S:
            return self.layer
        if bad:
            self._good_since_s = None
            self._bad_since_s = now_s if self._bad_since_s is None else self._bad_since_s
            if now_s - self._bad_since_s >= DOWN_AFTER_S:
                self._down(line, now_s)
            return self.layer
        self._bad_since_s = None
        self._good_since_s = now_s if self._good_since_s is None else self._good_since_s
        if self._rose_s is not None and now_s - self._rose_s >= PROVEN_S:
            self._rose_s, self._patience_s = None, UP_AFTER_S
        if self.layer == LOW_LAYER and self.low_bps < self._layer_bps[LOW_LAYER]:
            self.low_bps = min(self.low_bps * LOW_UP, self._layer_bps[LOW_LAYER])
        elif self._step > 0 and now_s - self._good_since_s >= self._patience_s:
            if self.layer == SOUND_ONLY:
                self.low_bps = self._least_bps
            self._move(self._step - 1, now_s)
            self._rose_s = now_s
        return self.layer

    def _down(self, line: Line, now_s: float) -> None:
        if self.layer == LOW_LAYER and self.low_bps > self._least_bps:
            wanted_bps = LOW_DOWN * self.low_bps
            if line.estimate_bps is not None and _is_starved(line):
                wanted_bps = min(wanted_bps, LOW_SHARE * line.estimate_bps)
            self.low_bps = max(wanted_bps, self._least_bps)
            self._move(self._step, now_s)
            return
        if self._rose_s is not None:
            self._patience_s = min(2 * self._patience_s, UP_AFTER_MOST_S)
            self._rose_s = None
        step = self._step + 1
        through_bps = self._through_bps(line)
        while step < len(self._ladder) - 1 and self._needs_bps(self._ladder[step]) > through_bps:
            step += 1
        self._move(min(step, len(self._ladder) - 1), now_s)
        if self.layer == LOW_LAYER:
            fits_bps = min(LOW_SHARE * through_bps, self._layer_bps[LOW_LAYER])
            self.low_bps = max(fits_bps, self._least_bps)

    def _needs_bps(self, layer: str) -> float:
        return self._least_bps if layer == LOW_LAYER else self._layer_bps[layer]

    def _through_bps(self, line: Line) -> float:
        """What of the layer as it is sent at its ceiling would come through."""
        ceiling_bps = self.low_bps if self.layer == LOW_LAYER else self._layer_bps.get(self.layer, 0)
        # A page that stands still sends little, and says little about the line.
        sent_bps = line.sent_bps if line.sent_bps > ceiling_bps / 2 else ceiling_bps
        through_bps = sent_bps * (1 - line.loss)
        if line.estimate_bps is not None and _is_starved(line):
            through_bps = min(through_bps, line.estimate_bps)
        return through_bps

    def _move(self, step: int, now_s: float) -> None:
        self._step, self._changed_s = step, now_s
        self._bad_since_s = self._good_since_s = None

    def _judge(self, line: Line) -> bool:
        """Is the line bad?"""
        overflowed = line.dropped > self._dropped
        self._dropped = line.dropped
        if line.rtt_ms is not None:
            self._least_rtt_ms = min(line.rtt_ms, self._least_rtt_ms or line.rtt_ms)
        queued_ms = (line.rtt_ms or 0.0) - (self._least_rtt_ms or 0.0)
        # Without pictures they are of those before, which nobody mends any more.
        nacks_per_s = line.nacks_per_s if self.layer != SOUND_ONLY else 0.0
        is_filling = line.loss >= FULL_LOSS or nacks_per_s >= FULL_NACKS_PER_S or queued_ms >= FULL_DELAY_MS
        return (
            overflowed
            or line.loss >= BAD_LOSS
            or queued_ms >= BAD_DELAY_MS
            or nacks_per_s >= MANY_NACKS_PER_S
            or (is_filling and _is_starved(line))
        )


def _is_starved(line: Line) -> bool:
    """Does the viewer say that less gets through than is sent?"""
    return line.estimate_bps is not None and line.estimate_bps < BAD_ESTIMATE * line.sent_bps
