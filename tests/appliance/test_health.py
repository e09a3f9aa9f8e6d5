"""Health: each finding from a machine laid out as Linux lays it out, and words for all of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from box_process import VIEWER, Box

from appliance.health import (
    Finding,
    Machine,
    lesson_findings,
    machine_findings,
    mend_of,
    name_of,
    text_of,
    wording,
)
from pipelines.media import Scene, SourceState
from pipelines.reports import CalibrationStatus, StudioStatus, WatchStatus

STATUS = StudioStatus(
    scene=Scene(),
    page_index=0,
    page_count=1,
    page_revision=1,
    courseware="demo",
    sources={"camera": SourceState("camera", "live"), "sound": SourceState("sound", "live")},
    programme_fps=25.0,
    net_hz=12.0,
    matte_hz=24.0,
    camera_hz=25.0,
    size_wh=(1280, 720),
    provider="cpu",
    network="rvm",
    calibration="pattern",
    counts={"programme": 1000},
    calibrated=CalibrationStatus("pattern", 0.05),
    watch=WatchStatus("locked"),
)


def machine(
    tmp_path: Path,
    *,
    celsius: int = 50,
    free_kb: int = 8_000_000,
    route: bool = True,
    carrier: str = "1",
    speed: str = "1000",
) -> Machine:
    files = {
        "sys/class/thermal/thermal_zone0/temp": "31000",
        "sys/class/hwmon/hwmon0/temp1_input": f"{celsius}000",
        "sys/class/hwmon/hwmon0/temp2_input": "nonsense",
        "proc/meminfo": f"MemTotal: 16000000 kB\nMemAvailable: {free_kb} kB\n",
        "proc/net/route": "Iface Destination\n"
        + ("eth0 00000000 0100A8C0\n" if route else "eth0 0000A8C0 0\n"),
        "sys/class/net/eth0/carrier": carrier,
        "sys/class/net/eth0/speed": speed,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Machine(tmp_path / "state", tmp_path)


def found(findings: Any) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.mark.parametrize(
    ("layout", "name", "code", "mark"),
    [
        ({}, "temperature", "hot", "ok"),
        ({"celsius": 85}, "temperature", "hot", "note"),
        ({"celsius": 95}, "temperature", "hot", "fault"),
        ({}, "memory", "free", "ok"),
        ({"free_kb": 1_000_000}, "memory", "free", "note"),
        ({"free_kb": 100_000}, "memory", "free", "fault"),
        ({}, "lan", "speed", "ok"),
        ({"speed": "10"}, "lan", "speed", "note"),
        ({"speed": "-1"}, "lan", "up", "ok"),
        ({"carrier": "0"}, "lan", "no_cable", "fault"),
        ({"route": False}, "lan", "no_route", "fault"),
    ],
)
def test_the_machine(tmp_path: Path, layout: dict[str, Any], name: str, code: str, mark: str) -> None:
    finding = found(machine_findings(machine(tmp_path, **layout)))[name]
    assert (finding.code, finding.mark) == (code, mark)
    for language in ("zh", "en"):
        assert bool(mend_of(finding, language)) == (mark != "ok")  # type: ignore[arg-type]


def test_a_machine_that_tells_nothing_is_no_fault(tmp_path: Path) -> None:
    findings = found(machine_findings(Machine(tmp_path, tmp_path)))
    assert [findings[name].code for name in ("temperature", "memory", "lan")] == ["untold"] * 3


def test_a_gpu_whose_driver_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA T4, 61, 40, 2048, 15360'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    works = found(machine_findings(Machine(tmp_path, tmp_path)))["gpu"]
    assert text_of(works, "en") == "NVIDIA T4, 61 °C, 40 %, 2.0 of 15.0 GB"
    program.write_text("#!/bin/sh\nexit 9\n")
    silent = found(machine_findings(Machine(tmp_path, tmp_path)))["gpu"]
    assert (silent.code, silent.mark) == ("silent", "fault")


@pytest.mark.parametrize(
    ("changes", "name", "code", "mark"),
    [
        ({}, "speed", "fast", "ok"),
        ({"programme_fps": 12.0}, "speed", "slow", "note"),
        ({"programme_fps": 12.0, "counts": {}}, "speed", "fast", "ok"),
        ({"programme_fps": 12.0, "unchanged_hz": 12.0}, "speed", "fast", "ok"),
        ({"matte_hz": 3.1}, "speed", "sluggish", "note"),
        ({"matte_hz": 3.1, "counts": {}}, "speed", "fast", "ok"),
        ({"matte_hz": 0.0}, "speed", "fast", "ok"),
        ({"sources": {"camera": SourceState("c", "lost", "unplugged")}}, "camera", "lost", "fault"),
        ({"sources": {"sound": SourceState("s", "live", "dead silence")}}, "microphone", "complains", "note"),
        ({"watch": WatchStatus("moved", 12.3)}, "calibration", "moved", "fault"),
        ({"watch": WatchStatus("unwatched")}, "calibration", "unwatched", "ok"),
        ({"calibrated": None}, "calibration", "none", "note"),
    ],
)
def test_the_lesson(changes: dict[str, Any], name: str, code: str, mark: str) -> None:
    status = dataclasses.replace(STATUS, **changes)
    finding = found(lesson_findings("live", "", 0, status, 25.0))[name]
    assert (finding.code, finding.mark) == (code, mark)


def test_the_studio() -> None:
    first = found(lesson_findings("starting", "", 0, None, 25.0))["studio"]
    assert first.mark == "note" and text_of(first, "en") == "getting ready"
    assert found(lesson_findings("restarting", "ended by signal 9", 1, None, 25.0))["studio"].mark == "fault"
    again = found(lesson_findings("live", "", 2, STATUS, 25.0))["studio"]
    assert text_of(again, "en") == "was restarted 2 times"


def test_all_that_can_be_found_has_words_in_both_languages() -> None:
    source = "".join(
        (Path(wording.__file__).parent / name).read_text() for name in ("machine.py", "lesson.py")
    )
    written = set(re.findall(r'Finding\(\s*"(\w+)",\s*"(\w+)"', source))
    for name in ("camera", "microphone", "loudspeaker", "courseware"):
        written |= {(name, code) for code in ("lost", "complains", "live", "waits")}
    assert written <= wording.known(), written - wording.known()
    for name, code in wording.known():
        finding = Finding(name, code)
        assert re.search("[\u4e00-\u9fff]", name_of(finding, "zh")) and name_of(finding, "en").isascii()


def test_the_checks_of_a_running_box(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    checks = box.get("/api/v1/checks?lang=en").json()
    assert {"temperature", "disk", "gpu", "camera", "lan", "memory", "calibration"} <= {
        one["name"] for one in checks
    }
    marks = [one["mark"] for one in checks]
    assert marks == sorted(marks, key=["fault", "note", "ok"].index), "what is wrong comes first"
    assert all(bool(one["mend"]) == (one["mark"] != "ok") for one in checks)
    titles = {one["name"]: one["title"] for one in box.get("/api/v1/checks?lang=zh").json()}
    assert titles["camera"] == "摄像机"
    assert box.request("GET", "/api/v1/checks", VIEWER).status_code == 403
