"""Pages across a change of courseware: the camera still sees the old one's last page."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipelines.studio.lectern import Lectern, Wanted
from pipelines.timing import SessionClock

SIZE_WH = (160, 90)
FILM = threading.Event()  # a film has gone where it was ordered


@pytest.fixture
def lectern() -> Iterator[Lectern]:
    rejected: list[str] = []
    made = Lectern(SIZE_WH, SessionClock.start(), rejected.append, lambda _session, _reason: None, FILM.set)
    yield made
    made.close()
    assert not rejected


def picture(path: Path, level: int) -> str:
    cv2.imwrite(str(path), np.full((90, 160, 3), level, np.uint8))
    return str(path)


def test_pages_go_on_across_a_change_of_courseware(lectern: Lectern, tmp_path: Path) -> None:
    assert lectern.pages() == ()
    lectern.start(Wanted(picture(tmp_path / "a.png", 40)))
    first = lectern.page()
    assert first is not None and lectern.pages() == (first,)
    lectern.open(Wanted(picture(tmp_path / "b.png", 200)))
    until_s = time.monotonic() + 20
    while lectern.page() is first and time.monotonic() < until_s:
        time.sleep(0.01)
    pages = lectern.pages()
    assert [int(page.rgb[0, 0, 0]) for page in pages] == [40, 200]
    assert pages[0] is first and pages[1] is lectern.page()


def test_a_film_is_paused_sought_and_waits_where_it_is_opened(lectern: Lectern, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(40):
            rgb = np.full((90, 160, 3), 5 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    lectern.start(Wanted(picture(tmp_path / "a.png", 40)))
    lectern.set_film(True, 1.0)
    assert lectern.film is None, "there is none: nothing happens"
    FILM.clear()
    lectern.open(Wanted(str(path), film_s=2.0))
    give_up_s = time.monotonic() + 20
    while not (lectern.film and FILM.is_set() and shade(lectern) > 90) and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert lectern.film is not None
    assert (lectern.film.state, lectern.film.position_s) == ("paused", 2.0)
    assert abs(shade(lectern) - 100) < 5
    lectern.set_film(False, None)
    assert lectern.film.state == "playing"
    while lectern.film.state != "ended" and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert abs(shade(lectern) - 195) < 5


def shade(lectern: Lectern) -> float:
    page = lectern.page()
    return 0.0 if page is None else float(page.rgb.mean())
