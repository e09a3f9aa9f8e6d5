"""What may be opened as live courseware, on a machine with a real X server and without a capture card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from x_server import start_server

from appliance.live_sources import LiveSource, live_sources
from appliance.settings import Settings
from pipelines.courseware.screens.displays import x11_displays


@pytest.fixture
def display() -> Iterator[str]:
    server, display = start_server()
    yield display
    server.terminate()
    server.wait()


def test_a_screen_that_runs_is_offered_until_it_ends(display: str) -> None:
    assert LiveSource(f"x11:{display}", "screen", display) in live_sources(Settings())


def test_the_screen_that_the_box_draws_on_is_left_out(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", f"{display}.0")
    here = Settings.model_validate({"lcd": {"screen": 0}})
    assert display not in [source.name for source in live_sources(here)]
    assert display in [source.name for source in live_sources(Settings())]


def test_displays_by_both_kinds_of_sockets(tmp_path: Path) -> None:
    table = tmp_path / "unix"
    line = "0000000000000000: 00000002 00000000 00010000 0001 01 4711"
    paths = [
        "@/tmp/.X11-unix/X10",
        "/tmp/.X11-unix/X0",
        "@/tmp/.X11-unix/X0",
        "/run/X7",
        "/tmp/.X11-unix/Xa",
        "",
    ]
    table.write_text("".join(f"{line} {path}\n" for path in paths))
    assert x11_displays(table) == [":0", ":10"]
    assert x11_displays(tmp_path / "none") == []
