"""A screen of this machine, grabbed from a real X server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from x_server import start_server

from pipelines.courseware.opening import open_courseware
from pipelines.courseware.screens import x11
from pipelines.media import SourceLost


@pytest.fixture
def display() -> Iterator[str]:
    server, name = start_server()
    yield name
    server.terminate()
    server.wait()


def test_a_screen_is_shown_until_it_goes(display: str) -> None:
    courseware = open_courseware(f"x11:{display}", (640, 360))
    assert courseware.page().rgb.shape == (360, 640, 3)
    assert courseware.state.state == "live"
    revision = courseware.page().revision
    assert courseware.wait_change(revision, 0.5) is None, "a still screen is one page"
    courseware.close()


@pytest.mark.parametrize("address", ["x11::987", "x11:", "x11:somewhere:0", "x11::0;rm"])
def test_what_is_no_screen_has_its_reason(address: str) -> None:
    with pytest.raises(SourceLost) as lost:
        open_courseware(address, (640, 360))
    assert not lost.value.retry
    assert lost.value.reason


def test_a_screen_that_goes_keeps_its_last_picture_and_says_so() -> None:
    server, display = start_server()
    courseware = open_courseware(f"x11:{display}", (640, 360))
    last = courseware.page().rgb
    server.terminate()
    server.wait()
    give_up_s = time.monotonic() + 10
    while courseware.state.state != "ended" and time.monotonic() < give_up_s:
        time.sleep(0.05)
    assert courseware.state.state == "ended"
    assert "has gone" in courseware.state.reason
    assert courseware.page().rgb is last
    courseware.close()


def test_grabbing_shares_no_process_with_opencv() -> None:
    """Their copies of libxcb mix, and the process is lost: the worker must stay alone."""
    worker = Path(x11.__file__).with_name("x11_worker.py").read_text()
    imported = {
        line.split()[1].split(".")[0] for line in worker.splitlines() if line.startswith(("import", "from"))
    }
    assert imported.isdisjoint({"cv2", "pipelines", "appliance", "models"})
