"""Pages across a change of courseware: the camera still sees the old one's last page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.studio.lectern import Lectern, Wanted
from pipelines.timing import SessionClock

SIZE_WH = (160, 90)


@pytest.fixture
def lectern() -> Iterator[Lectern]:
    rejected: list[str] = []
    made = Lectern(SIZE_WH, SessionClock.start(), rejected.append, lambda _session, _reason: None)
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
