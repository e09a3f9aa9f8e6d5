"""Where the stick, the pointing finger and the body are in each frame of the teacher's clip.

`python -m pipelines.simulated.marks` measures them from the true alpha and writes assets/teacher_marks.json.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipelines.media import F32, U8
from pipelines.simulated.clip import ASSETS, CLIP_FRAMES, clip_pictures

MARKS_PATH = ASSETS / "teacher_marks.json"
_STICK_COLUMNS = 420  # the stick, once raised, is the first thing from the left
_THICKEST_STICK_PX = 7.5  # summed alpha of a column; a finger adds more

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """One clip frame, in clip pixels. stick: y at x = 0 and slope. None while it hangs down."""

    body_x: float
    tip_xy: Point | None = None
    finger_xy: Point | None = None
    stick: tuple[float, float] | None = None


def read_marks(path: Path = MARKS_PATH) -> list[Mark]:
    """The marks of all clip frames."""
    rows = json.loads(path.read_text())
    return [
        Mark(r["body_x"], *(tuple(r[k]) if r[k] else None for k in ("tip_xy", "finger_xy", "stick")))
        for r in rows
    ]


def measure_marks() -> list[Mark]:
    """Measures all clip frames. The stick's length comes from those in which the clip shows all of it."""
    seen = [_measure(rgb, pha) for rgb, pha in clip_pictures()]
    whole = [m for m in seen if m.tip_xy and m.tip_xy[0] > 1 and m.finger_xy]
    length_px = float(np.median([_along(m) for m in whole]))
    body_x = np.array([m.body_x for m in seen])
    padded = np.pad(body_x, 4, mode="edge")
    smooth = np.convolve(padded, np.hanning(11)[1:-1] / np.hanning(11).sum(), mode="valid")
    return [_finished(m, float(x), length_px) for m, x in zip(seen, smooth, strict=True)]


def _measure(rgb: U8, pha: U8) -> Mark:
    alpha: F32 = pha.astype(np.float32) / np.float32(255)
    body_x = _body_x(rgb, alpha)
    columns = alpha[:, :_STICK_COLUMNS].sum(0)
    stick_at = np.flatnonzero((columns > 1.5) & (columns < _THICKEST_STICK_PX))
    if len(stick_at) < 60:
        return Mark(body_x)
    first = int(stick_at[0])
    thick = np.flatnonzero(columns[first + 20 :] >= _THICKEST_STICK_PX + 1.5)
    if first > 300 or not len(thick):
        return Mark(body_x)
    finger_x = first + 20 + int(thick[0])
    x = np.arange(first + 2, finger_x - 8)
    rows = np.arange(alpha.shape[0], dtype=np.float32)
    y = (alpha[:, x] * rows[:, None]).sum(0) / columns[x]
    slope, y0 = (float(v) for v in np.polyfit(x, y, 1))
    if np.abs(y0 + slope * x - y).max() > 2.5:
        return Mark(body_x)
    tip_x = float(first) if first > 0 else 0.0
    # The finger is what lies below the stick in its first thick column.
    below = int(y0 + slope * finger_x + 4)
    column = alpha[below:, finger_x]
    finger_y = below + float((column * np.arange(len(column))).sum() / max(column.sum(), 1e-3))
    return Mark(body_x, (tip_x, y0 + slope * tip_x), (float(finger_x), finger_y), (y0, slope))


def _body_x(rgb: U8, alpha: F32) -> float:
    """Middle of the blue trousers."""
    colour = rgb.astype(np.int16)
    blue = (colour[..., 2] > colour[..., 0] + 5) & (colour[..., 2] > 60) & (alpha > 0.5)
    return float(np.median(np.nonzero(blue)[1]))


def _along(mark: Mark) -> float:
    """Length of the stick from its tip to beside the fingertip, px."""
    assert mark.tip_xy and mark.finger_xy and mark.stick
    return (mark.finger_xy[0] - mark.tip_xy[0]) * float(np.hypot(1, mark.stick[1]))


def _finished(mark: Mark, body_x: float, length_px: float) -> Mark:
    if mark.tip_xy is None or mark.finger_xy is None or mark.stick is None:
        return Mark(round(body_x, 2))
    y0, slope = mark.stick
    tip_x = mark.tip_xy[0]
    if tip_x < 1:
        tip_x = min(0.0, mark.finger_xy[0] - length_px / float(np.hypot(1, slope)))
    finger = (round(mark.finger_xy[0], 1), round(mark.finger_xy[1], 1))
    return Mark(
        round(body_x, 2),
        (round(tip_x, 1), round(y0 + slope * tip_x, 1)),
        finger,
        (round(y0, 2), round(slope, 4)),
    )


def _write() -> None:
    marks = measure_marks()
    assert len(marks) == CLIP_FRAMES
    rows = ",\n".join(json.dumps(asdict(mark)) for mark in marks)
    MARKS_PATH.write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    _write()
