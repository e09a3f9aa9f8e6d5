"""A film that is paused, sought and replayed: pictures, sound and the history of pages."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.courseware.film import Film
from pipelines.courseware.film_file import FilmReader, PageScaler
from pipelines.media import U8
from pipelines.reports import FilmStatus

from .conftest import MakeFilm

SIZE = (160, 90)


def until(condition: Callable[[], bool], patience_s: float = 20.0) -> None:
    give_up_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < give_up_s
        time.sleep(0.005)


def shade(number: int) -> tuple[int, int, int]:
    return (4 * number,) * 3


def number_of(rgb: U8) -> int:
    """Which picture of a film of shades it is."""
    return round(float(rgb[45, 80].mean()) / 4)


def test_a_paused_film_is_a_still_page_and_goes_on_from_there(make_film: MakeFilm) -> None:
    film = Film(make_film([shade(n) for n in range(50)], rate=10), SIZE)
    film.order(is_paused=True)
    assert film.status.state == "paused", "from the order on"
    stood = film.page()
    at_s = film.status.position_s
    assert film.wait_change(stood.revision + 1, 0.4) is None, "at most the picture that was under way"
    time.sleep(1.1)  # longer than any camera lags
    assert film.status.position_s == at_s < 1.0 and film.status.began_ns is None
    assert film.pages() == (film.page(),), "the plate is told of one page"
    shown = number_of(film.page().rgb)
    assert abs(shown / 10 - at_s) < 0.11
    film.order(is_paused=False)
    page = film.wait_change(film.page().revision, 10)
    assert page is not None and not page.is_flip
    assert number_of(page.rgb) < shown + 10, "the time of the pause is not left out of the film"
    assert film.status.state == "playing"
    film.close()


def test_a_second_is_sought_while_it_plays_while_it_stands_and_when_it_is_over(make_film: MakeFilm) -> None:
    film = Film(make_film([shade(n) for n in range(60)], rate=20), SIZE)
    before = film.page()
    film.order(is_paused=True, position_s=1.52)
    assert film.status.position_s == 1.52, "told before the picture is found"
    until(lambda: number_of(film.page().rgb) == 30)
    assert film.page().is_flip, "another picture altogether: sharp at once"
    assert film.wait_change(film.page().revision, 0.3) is None
    film.order(position_s=0.0)
    until(lambda: number_of(film.page().rgb) == 0)
    assert film.status.state == "paused" and film.page().revision > before.revision
    film.order(is_paused=False, position_s=2.5)
    until(lambda: film.state.state == "ended")
    assert number_of(film.page().rgb) == 59
    assert film.status.position_s == film.status.length_s == pytest.approx(3.0, abs=0.06)
    film.order(is_paused=True)
    assert film.status.state == "ended", "there is nothing to be paused"
    film.order(position_s=1.0)
    until(lambda: number_of(film.page().rgb) == 20)
    assert film.status.state == "paused", "it waits there"
    film.order(position_s=1e9)
    until(lambda: film.status.state == "ended")
    film.order(is_paused=False)
    until(lambda: film.status.state == "playing" and number_of(film.page().rgb) < 59)
    film.close()


def test_of_many_seconds_the_last_is_shown(make_film: MakeFilm) -> None:
    told: list[FilmStatus] = []
    film = Film(make_film([shade(n) for n in range(60)], rate=20), SIZE)
    film.on_change = lambda: told.append(film.status)
    for tenth in (*range(30), 7):
        film.order(True, tenth / 10)
    until(lambda: bool(told) and told[-1].position_s == 0.7 and number_of(film.page().rgb) == 14)
    assert told[-1].state == "paused"
    film.close()


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.ts", "libx264"),
        ("a.flv", "libx264"),
    ],
)
def test_every_container_is_sought_to_the_picture(make_film: MakeFilm, name: str, codec: str) -> None:
    reader = FilmReader(make_film([shade(n) for n in range(60)], name, codec=codec))
    scaler = PageScaler(SIZE)
    whole = [at_s for _, at_s in reader.play()]
    for from_s in (2.01, 0.01, 1.39, 0.0, 2.31):
        (first, at_s), (_, next_s) = itertools.islice(reader.play(from_s), 2)
        page = scaler.page_of(first)
        assert page is not None
        assert at_s <= from_s + 0.001 < next_s <= at_s + 0.042
        assert abs(number_of(page) - at_s * 25) <= 1, "the picture is the one of that second"
    assert next(reader.play(99.0))[1] == pytest.approx(whole[-1], abs=0.002), "beyond the end: the last one"
    assert not reader.fault
    reader.close()


def test_the_way_to_a_second_is_left_when_another_is_wanted(make_film: MakeFilm) -> None:
    reader = FilmReader(make_film([shade(n) for n in range(60)], "a.mp4", gop=60))
    next(reader.play())
    asked: list[int] = []
    assert list(reader.play(2.0, lambda: bool(asked.append(1) or len(asked) == 3))) == []
    assert len(asked) == 3, "not decoded to the end"
    reader.close()


@pytest.fixture
def film_with_sound(tmp_path: Path) -> Path:
    """Four seconds; the left channel's level is the tenth of a second, the pictures' shade the picture."""
    path = tmp_path / "loud.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=20)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt, video.options = 64, 48, "yuv420p", {"g": "40"}
        sound = container.add_stream("pcm_s16le", rate=48000)
        assert isinstance(sound, av.AudioStream)
        sound.layout = "stereo"
        for number in range(80):
            rgb = np.full((48, 64, 3), 3 * number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            pcm = np.full((1, 2400 * 2), 100 * (1 + number // 2), np.int16)
            frame = av.AudioFrame.from_ndarray(pcm, "s16", "stereo")
            frame.rate, frame.pts = 48000, number * 2400
            container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path


def test_the_sound_stands_and_goes_on_with_the_pictures(film_with_sound: Path) -> None:
    film = Film(film_with_sound, SIZE)

    def heard() -> set[int]:
        """The tenths of seconds that are heard in the next of them, as the mixer would."""
        levels: set[int] = set()
        for _ in range(5):
            pcm = film.sounding.take(960)
            levels |= set() if pcm is None else {round(int(level) / 100) - 1 for level in pcm[:, 0]}
            time.sleep(0.02)
        return levels

    until(lambda: bool(heard()))
    film.order(is_paused=True)
    until(lambda: not heard())
    at_s = film.status.position_s
    assert not heard() and not heard(), "drained, and nothing comes after it"
    film.order(is_paused=False)
    seen: set[int] = set()
    until(lambda: bool(seen.update(heard()) or seen))
    assert 0 <= min(seen) - int(at_s * 10) <= 5, "it goes on where it stood"
    film.order(position_s=3.0)
    seen.clear()
    until(lambda: bool(seen.update(heard()) or max(seen, default=0) >= 29))
    assert min(level for level in seen if level >= 29) <= 35
    film.order(is_paused=True, position_s=0.5)
    until(lambda: not heard())
    assert not heard(), "nothing of before is heard where it stands"
    film.order(is_paused=False)
    seen.clear()
    until(lambda: bool(seen.update(heard()) or seen))
    assert 5 <= min(seen) <= 10 and max(seen) < 29
    film.close()
