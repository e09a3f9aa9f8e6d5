"""The doctor: each lack is a cross with a mend, and the exit status says whether a lesson can be taught."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from appliance.__main__ import main


def marks(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    report = json.loads(capsys.readouterr().out)
    return {check["name"]: (check["mark"], check["mend"]) for check in report["checks"]}


def test_what_is_missing_is_a_fault_with_a_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = [
            "camera.url=/dev/video99",
            f"courseware.path={tmp_path / 'none.pdf'}",
            f"box.models_dir={tmp_path / 'models'}",
            f"box.state_dir={tmp_path / 'state'}",
            "http.host=127.0.0.1",
            f"http.port={port}",
        ]
        other.close()
        with socket.create_server(("127.0.0.1", port)):
            flags = [word for setting in settings for word in ("--set", setting)]
            # The port answers, but not as a box does: the question must not hang either.
            assert main(["doctor", "--json", *flags]) == 1
    found = marks(capsys)
    for name in ("camera", "courseware", "network", "provider", "port"):
        assert found[name][0] == "fault", name
        assert found[name][1], name
    assert "models install" in found["network"][1]
    assert found["state"] == ("ok", "")


def test_a_password_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--camera", "rtsp://user:s3cret@127.0.0.1:1/x", "--set", f"box.state_dir={tmp_path}"]
    assert main(["doctor", *flags]) == 1
    shown = capsys.readouterr().out
    assert "✗ camera      rtsp://user:***@127.0.0.1:1/x" in shown
    assert "s3cret" not in shown


def test_noise_suppression_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*more: str) -> str:
        main(["doctor", "--set", f"box.state_dir={tmp_path}", "--sound", "tone:", *more])
        return next(line for line in capsys.readouterr().out.splitlines() if line.split()[1:2] == ["sound"])

    assert told().endswith("tone:")
    assert told("--set", "sound.noise_suppression=true").endswith("tone:; noise suppression on")
