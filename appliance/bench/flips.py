"""One page turn as a viewer sees it: how like the true page the text is, at the turn and afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from appliance.bench.browser import Recorder, Sight, probes_between
from appliance.bench.whereabouts import Whereabouts, text_of
from pipelines.matting.metrics import psnr_db, ssim
from pipelines.media import U8

SHARP_DB = 40.0
SETTLED_S = 5.0
RECORD_S = 1.2
PICTURES = 3  # the flip and two more, however slow the peer


@dataclass(frozen=True, slots=True)
class Turn:
    """A page turn to be watched. before, after: the true pages, u8 (H, W, 3). order: turns to the second."""

    before: U8
    after: U8
    order: Callable[[], None]


def watch_turn(recorder: Recorder, turn: Turn, whereabouts: Whereabouts) -> dict[str, Any]:
    """The figures of one turn. Raises BenchFailed when the page does not come.

    `flip`: the first picture that is nearer to the new page than to the old one; `two_frames`: two pictures
    later; `after_300_ms`, `after_1_s`: what stood on the screen then; `settled`: 5 s later. Each with
    _db (PSNR of RGB) and _ssim, over text where nobody stands. frames_to_sharp: pictures after the flip
    until 40 dB, None if that was not recorded. _ms: from the order to the canvas.
    """
    text = text_of(turn.after)

    def judged(picture: U8) -> tuple[float, float]:
        where = text & whereabouts.away(picture, turn.after)
        return psnr_db(picture, turn.after, where), ssim(picture, turn.after, where)

    recorder.record(RECORD_S, PICTURES, probes_between(turn.before, turn.after))
    ordered_s = time.time()
    turn.order()
    seen = recorder.recorded()
    flip = seen[0]
    moments = {
        "flip": flip,
        # The third one read is that, or a later one: where pictures were shown but not read.
        "two_frames": next(sight for sight in seen if sight.number >= flip.number + 2),
        "after_300_ms": _shown_at(seen, flip.at_s + 0.3),
        "after_1_s": _shown_at(seen, flip.at_s + 1.0),
    }
    figures: dict[str, Any] = {"flip_ms": (flip.at_s - ordered_s) * 1000}
    for name, sight in moments.items():
        figures[f"{name}_db"], figures[f"{name}_ssim"] = judged(recorder.picture(sight))
    figures |= _until_sharp(recorder, seen, ordered_s, lambda picture: judged(picture)[0])
    recorder.forget()
    recorder.wait(max(0.0, flip.at_s + SETTLED_S - time.time()))
    figures["settled_db"], figures["settled_ssim"] = judged(recorder.one())
    return figures


def _shown_at(seen: Sequence[Sight], at_s: float) -> Sight:
    """What stood on the screen at an instant of the recording."""
    return next(sight for sight in reversed(seen) if sight.at_s <= at_s)


def _until_sharp(
    recorder: Recorder, seen: Sequence[Sight], ordered_s: float, db_of: Callable[[U8], float]
) -> dict[str, float | None]:
    """Once sharp it stays sharp, so halving finds the first: a picture takes long to fetch."""
    low, high = 0, len(seen)
    if db_of(recorder.picture(seen[-1])) < SHARP_DB:
        return {"frames_to_sharp": None, "sharp_ms": None}
    while low < high:
        half = (low + high) // 2
        if db_of(recorder.picture(seen[half])) >= SHARP_DB:
            high = half
        else:
            low = half + 1
    first = seen[low]
    return {"frames_to_sharp": first.number - seen[0].number, "sharp_ms": (first.at_s - ordered_s) * 1000}


def middle(turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The median of each figure over some turns, and the turns themselves; None counts as never."""
    figures: dict[str, Any] = {}
    for name in turns[0]:
        value = median(float("inf") if turn[name] is None else turn[name] for turn in turns)
        figures[name] = None if value == float("inf") else value
    return figures | {"turns": list(turns)}
