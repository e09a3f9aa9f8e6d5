"""A film on the lectern: opened where it is to wait, paused, played to its end, and each told at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import av
import cv2
import numpy as np

from pipelines.studio.lectern import Lectern, Wanted
from pipelines.timing import SessionClock


def test_a_film_is_paused_sought_and_waits_where_it_is_opened(tmp_path: Path) -> None:
    rejected: list[str] = []
    changed = threading.Event()
    clock = SessionClock.start()
    lectern = Lectern((160, 90), clock, rejected.append, lambda _session, _reason: None, changed.set)
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(40):
            rgb = np.full((90, 160, 3), 5 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    cv2.imwrite(str(tmp_path / "a.png"), np.full((90, 160, 3), 40, np.uint8))
    lectern.start(Wanted(str(tmp_path / "a.png")))
    lectern.set_film(True, 1.0)
    assert lectern.film is None, "there is none: nothing happens"
    changed.clear()
    lectern.open(Wanted(str(path), film_s=2.0))
    give_up_s = time.monotonic() + 20
    while not (lectern.film and changed.is_set() and shade(lectern) > 90) and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert lectern.film is not None
    assert (lectern.film.state, lectern.film.position_s) == ("paused", 2.0)
    assert abs(shade(lectern) - 100) < 5
    lectern.set_film(False, None)
    assert lectern.film.state == "playing"
    while lectern.film.state != "ended" and time.monotonic() < give_up_s:
        time.sleep(0.01)
    assert abs(shade(lectern) - 195) < 5
    lectern.close()
    assert not rejected


def shade(lectern: Lectern) -> float:
    page = lectern.page()
    return 0.0 if page is None else float(page.rgb.mean())
