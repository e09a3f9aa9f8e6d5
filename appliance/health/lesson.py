"""The lesson: studio, speed, camera, microphone, courseware, calibration; from the studio's own reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from appliance.health.findings import Finding
from pipelines.media import SourceState
from pipelines.reports import StudioStatus

SLOW: Final = 0.8  # of the pictures a second that are wanted
SLUGGISH_HZ: Final = 5.0  # the teacher moves more seldom than that: a viewer sees jumps
SETTLED_FRAMES: Final = 250  # before that the box is still warming up
SOURCES: Final = {
    "camera": "camera",
    "sound": "microphone",
    "courseware": "courseware",
    "loudspeaker": "loudspeaker",
    "lcd": "lcd",
}


def lesson_findings(
    state: str, reason: str, restarts: int, status: StudioStatus | None, rate_hz: float
) -> Iterator[Finding]:
    """state, reason, restarts: of the gateway. status: the studio's newest report. rate_hz: wanted."""
    if state == "starting":
        yield Finding("studio", "starting", "note")
    elif state != "live":
        yield Finding("studio", "away", "fault", {"reason": reason})
    elif restarts:
        yield Finding("studio", "restarted", "note", {"times": restarts})
    else:
        yield Finding("studio", "works")
    if status is None:
        return
    yield _speed(status, rate_hz)
    for source, name in SOURCES.items():
        if source in status.sources:
            yield _source(name, status.sources[source])
    yield _calibration(status)


def _speed(status: StudioStatus, rate_hz: float) -> Finding:
    made_hz = status.programme_fps + status.unchanged_hz
    values: dict[str, str | int | float] = {
        "fps": round(made_hz, 1),
        "wanted": rate_hz,
        "matte_hz": round(status.matte_hz, 1),
        "provider": status.provider,
    }
    warm = status.counts.get("programme", 0) >= SETTLED_FRAMES
    if warm and made_hz < SLOW * rate_hz:
        return Finding("speed", "slow", "note", values)
    if warm and 0 < status.matte_hz < SLUGGISH_HZ:  # 0: no teacher is wanted in the picture
        return Finding("speed", "sluggish", "note", values)
    return Finding("speed", "fast", "ok", values)


def _source(name: str, state: SourceState) -> Finding:
    # A source that delivers may have something to say, too: a microphone that is silent or clips.
    if state.state == "lost":
        return Finding(name, "lost", "fault", {"reason": state.reason})
    if state.reason:
        return Finding(name, "complains", "note", {"reason": state.reason})
    return Finding(name, "live" if state.state == "live" else "waits", "ok")


def _calibration(status: StudioStatus) -> Finding:
    if status.calibrated is None:
        return Finding("calibration", "none", "note")
    watch = status.watch
    if watch is not None and watch.geometry == "moved":
        return Finding("calibration", "moved", "fault", {"px": round(watch.shift_px or 0.0, 1)})
    if watch is not None and watch.geometry == "unwatched":
        return Finding("calibration", "unwatched", "ok")
    return Finding("calibration", "locked")
