"""Pages across a change of courseware: the camera still sees the old one's last page, and viewers no gap."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipelines.channels import Latest
from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import U8, Layout, Matte, Scene
from pipelines.studio.composing import Composing
from pipelines.studio.lectern import Lectern, Wanted
from pipelines.studio.parts import Parts
from pipelines.studio.programme import Programme
from pipelines.timing import NS_PER_MS, Marks, SessionClock

SIZE_WH = (160, 90)


@pytest.fixture
def rejected() -> list[str]:
    return []


@pytest.fixture
def lectern(rejected: list[str]) -> Iterator[Lectern]:
    made = Lectern(SIZE_WH, SessionClock.start(), rejected.append, lambda _session, _reason: None)
    yield made
    made.close()


@pytest.fixture
def device() -> Iterator[Callable[..., str]]:
    """A film among the devices: to the lectern a capture card, read by the cameras' own code."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        pytest.skip("needs /dev/shm: a film there stands in for a capture card")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield lambda *levels: film(Path(folder) / "card.mp4", *levels)


def film(path: Path, *levels: int) -> str:
    """Half a second of grey for each level."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = *SIZE_WH, "yuv420p"
        for level in levels:
            for _ in range(10):
                rgb = np.full((SIZE_WH[1], SIZE_WH[0], 3), level, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    return str(path)


def level_of(lectern: Lectern) -> int:
    page = lectern.page()
    assert page is not None
    return int(page.rgb.mean())


def until(condition: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until_s, f"never happened: {what}"
        time.sleep(0.01)


def picture(path: Path, level: int) -> str:
    cv2.imwrite(str(path), np.full((90, 160, 3), level, np.uint8))
    return str(path)


def test_pages_go_on_across_a_change_of_courseware(
    lectern: Lectern, tmp_path: Path, rejected: list[str]
) -> None:
    assert lectern.pages() == ()
    lectern.start(Wanted(picture(tmp_path / "a.png", 40)))
    first = lectern.page()
    assert first is not None and lectern.pages() == (first,)
    lectern.open(Wanted(picture(tmp_path / "b.png", 200)))
    until(lambda: lectern.page() is not first, "the other page")
    pages = lectern.pages()
    assert [int(page.rgb[0, 0, 0]) for page in pages] == [40, 200]
    assert pages[0] is first and pages[1] is lectern.page()
    assert not rejected


def test_a_capture_card_is_one_live_page_whose_last_picture_stays(
    lectern: Lectern, device: Callable[..., str]
) -> None:
    lectern.start(Wanted(f"v4l2:{device(60, 200)}?loop=no"))
    assert lectern.state.detail["kind"] == "capture card" and lectern.count == 1
    first = lectern.page()
    until(lambda: abs(level_of(lectern) - 200) < 6, "the laptop's next slide")
    until(lambda: lectern.state.state == "ended", "the cable pulled out")
    last = lectern.page()
    assert first is not None and last is not None and last.revision > first.revision
    assert abs(level_of(lectern) - 200) < 6 and lectern.state.reason


def test_a_capture_card_that_is_not_there_is_refused_and_changes_nothing(
    lectern: Lectern, tmp_path: Path, rejected: list[str]
) -> None:
    lectern.start(Wanted(picture(tmp_path / "a.png", 180)))
    for address, why in (("v4l2:/dev/video97", "not there"), ("v4l2:somewhere", "names no capture card")):
        lectern.open(Wanted(address))
        until(lambda: bool(rejected), address)
        assert why in rejected.pop()
    assert level_of(lectern) == 180


class Watched:
    """The programme's own pictures, one after the other, of what lies on the lectern."""

    def __init__(self, lectern: Lectern) -> None:
        composing, settings = Composing(SIZE_WH, 0), EncodingSettings(encoder="x264")
        self._lectern = lectern
        self._parts = Parts(composing.compositor, SIZE_WH, 25, settings)
        self._programme = Programme(
            composing,
            LayeredEncoder(SIZE_WH, 25, settings),
            self._parts,
            SessionClock(0),
            Scene(layout=Layout.COURSEWARE),
            Latest[Matte](),
            Marks(),
        )
        self._now_ns = 0
        self.pictures: list[U8] = []

    def look(self) -> None:
        self._now_ns += 40 * NS_PER_MS
        why = self._lectern.no_courseware
        composed = self._programme.tick(self._now_ns, self._lectern.page(), why, "", lambda _packet: None)
        self.pictures.append(composed.rgb)

    def close(self) -> None:
        self._parts.close()


def test_between_kinds_of_courseware_no_picture_is_dark(
    lectern: Lectern, device: Callable[..., str], tmp_path: Path, rejected: list[str]
) -> None:
    """Picture, film, capture card, PDF, film, picture: each is there whole, or the one before still is."""
    still, moving = picture(tmp_path / "a.png", 130), film(tmp_path / "film.mp4", 160)
    kinds = [moving, f"v4l2:{device(200)}", "demo", moving, still]
    lectern.start(Wanted(still))
    watched = Watched(lectern)
    try:
        for number, path in enumerate(kinds):
            lectern.open(Wanted(path))

            def is_there(path: str = path) -> bool:
                watched.look()
                return lectern.path == path

            until(is_there, f"{number}: {path}")
            watched.look()
    finally:
        watched.close()
    levels = [float(rgb.mean()) for rgb in watched.pictures]
    assert not rejected and min(levels) > 90, levels
    met = [kind for kind, after in pairwise([*map(nearest, levels), ""]) if kind != after]
    assert met == ["still", "film", "card", "pdf", "film", "still"]


def nearest(level: float) -> str:
    """Which courseware has pictures of this mean level; the built-in lesson begins with a title on blue."""
    means = {"pdf": 97, "still": 130, "film": 160, "card": 200}
    return min(means, key=lambda kind: abs(means[kind] - level))
