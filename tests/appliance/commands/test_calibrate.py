"""`classroom calibrate`, by itself and through a running box."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from box_process import ASSISTANT, Box

from appliance.__main__ import main
from pipelines.calibration.storing import load_stored


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


def test_without_a_box_it_measures_reports_and_stores(state, tmp_path, capsys):
    report, picture = tmp_path / "report.json", tmp_path / "report.jpg"
    camera = ["--camera", "simulated:?teacher=no&yaw=20", "--port", "0"]
    status = main(["calibrate", *camera, "--json", str(report), "--picture", str(picture)])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "✓ reprojection error" in printed and "! camera" in printed and "to the left" in printed
    figures = json.loads(report.read_text())
    assert figures["rms_px"] < 0.15 and abs(figures["delay_ms"] - 85) < 3
    assert picture.read_bytes().startswith(b"\xff\xd8")
    stored = load_stored(state / "calibration.json")
    assert stored is not None and stored.source == "pattern"


def test_what_cannot_be_calibrated_ends_with_1_and_the_mend(state, capsys):
    assert main(["calibrate", "--camera", "simulated:?teacher=no&blur=4", "--port", "0"]) == 1
    assert "focus" in capsys.readouterr().out
    assert not (state / "calibration.json").exists()
    assert main(["calibrate", "--camera", "/dev/video99", "--port", "0"]) == 1
    assert "--courseware-only" in capsys.readouterr().err


def test_a_running_box_is_asked_with_the_stored_token(
    start_box: Callable[..., Box], state, capsys, tmp_path, monkeypatch
):
    box = start_box()
    box.until_live()
    monkeypatch.setenv("CLASSROOM_HTTP_HOST", "127.0.0.1")
    port = ["--port", box.base.rpartition(":")[2]]
    monkeypatch.setenv("CLASSROOM_ASSISTANT_TOKEN", "x" * 20)
    assert main(["calibrate", *port]) == 1
    assert "401" in capsys.readouterr().err
    monkeypatch.setenv("CLASSROOM_ASSISTANT_TOKEN", ASSISTANT)
    picture = tmp_path / "report.jpg"
    assert main(["calibrate", *port, "--picture", str(picture)]) == 0
    assert "✓ reprojection error 0.05 px" in capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\xff\xd8")
    assert main(["calibrate", *port, "--courseware-only"]) == 1
    assert "the page shows too little" in capsys.readouterr().out
