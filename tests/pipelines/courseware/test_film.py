from __future__ import annotations

import itertools
import time
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.courseware.film import Film
from pipelines.courseware.film_file import FilmReader, PageScaler
from pipelines.courseware.fitting import SURROUND_RGB
from pipelines.media import Page, SourceLost

from .conftest import MakeFilm

SIZE = (160, 90)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def is_near(page: Page, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(page.rgb[45, 80].astype(int) - colour).max() < 16)


def watched(film: Film, revision: int) -> list[Page]:
    """The pages after `revision`, up to the last picture."""
    pages: list[Page] = []
    while (page := film.wait_change(pages[-1].revision if pages else revision, 1.0)) is not None:
        pages.append(page)
    return pages


def test_plays_once_stops_on_the_last_picture_and_plays_again(make_film: MakeFilm) -> None:
    film = Film(make_film([RED] * 4 + [GREEN] * 4 + [BLUE] * 4, rate=10), SIZE)
    first = film.page()
    assert is_near(first, RED)
    assert (first.index, first.is_flip, film.count) == (0, True, 1)
    pages = watched(film, first.revision)
    revisions = [page.revision for page in pages]
    assert revisions == list(range(first.revision + 1, revisions[-1] + 1))
    assert not any(page.is_flip or page.index for page in pages)
    assert all(a.shown_ns < b.shown_ns for a, b in itertools.pairwise(pages))
    assert is_near(pages[-1], BLUE)
    assert film.state.state == film.status.state == "ended" and film.status.began_ns is None
    film.turn(+1)
    film.turn(-1)
    assert film.page() is pages[-1]
    film.turn(index=0)
    again = film.wait_change(pages[-1].revision, 10)
    assert again is not None
    assert is_near(again, RED)
    # A waiter that slept through the first picture gets the newest one.
    assert again.is_flip == (again.revision == pages[-1].revision + 1)
    assert film.state.state == "live"
    until_s = time.monotonic() + 10
    while film.status.began_ns is None and time.monotonic() < until_s:
        time.sleep(0.005)
    assert (film.status.began_ns or 0) > pages[-1].shown_ns
    film.close()


def test_pictures_keep_their_distance_in_time(make_film: MakeFilm) -> None:
    film = Film(make_film([RED] * 10, rate=50), SIZE)
    first = film.page()
    pages = watched(film, first.revision)
    film.close()
    assert film.state.detail["dropped"] == 9 - len(pages)
    # A picture may be late, but none is early: the last is due 9 periods after the first.
    assert pages[-1].shown_ns - first.shown_ns >= 9 * 20_000_000


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.ts", "libx264"),
    ],
)
def test_containers_and_starting_again(make_film: MakeFilm, name: str, codec: str) -> None:
    reader = FilmReader(make_film([RED] * 5 + [BLUE] * 5, name, codec=codec))
    for _ in range(2):
        times = [at_s for _, at_s in reader.play()]
        assert len(times) >= 9
        assert times[0] == 0
        assert np.diff(times) == pytest.approx(0.04, abs=0.002)
    reader.close()


def test_shape_and_colour(make_film: MakeFilm) -> None:
    film = Film(make_film([(180, 90, 60)] * 2, size_wh=(60, 80)), SIZE)
    rgb = film.page().rgb
    film.close()
    assert rgb.shape == (90, 160, 3)
    assert (rgb[:, :46] == SURROUND_RGB).all()
    assert (rgb[:, -46:] == SURROUND_RGB).all()
    assert np.abs(rgb[45, 80].astype(int) - (180, 90, 60)).max() <= 4


@pytest.mark.parametrize(("height", "matrix"), [(720, 1), (480, 5)])
@pytest.mark.parametrize("tagged", [True, False])
def test_the_colour_matrix_follows_the_tag_or_else_the_size(height: int, matrix: int, tagged: bool) -> None:
    rgb = np.full((height, 640, 3), (30, 200, 90), np.uint8)
    coded = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format="yuv444p", dst_colorspace=matrix, dst_color_range=1
    )
    coded.colorspace = matrix if tagged else 2
    coded.color_range = 1
    page = PageScaler((640, height)).page_of(coded)
    assert page is not None
    assert np.abs(page[100, 100].astype(int) - (30, 200, 90)).max() <= 3


def test_wide_pixels_are_stretched() -> None:
    square = av.VideoFrame.from_ndarray(np.full((90, 80, 3), 200, np.uint8), format="rgb24")
    stretched, narrow = (PageScaler(SIZE, aspect).page_of(square) for aspect in (2.0, 1.0))
    assert stretched is not None
    assert narrow is not None
    assert (stretched > 190).all()
    assert (narrow[:, 0] == SURROUND_RGB).all()


def test_cut_off(make_film: MakeFilm, tmp_path: Path) -> None:
    noisy = [tuple(int(x) for x in c) for c in np.random.default_rng(1).integers(0, 256, (60, 3))]
    whole = make_film(noisy, "a.mkv").read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    reader = FilmReader(path)
    assert 0 < len(list(reader.play())) < 60
    reader.close()
    mp4 = make_film([RED] * 30).read_bytes()
    path.write_bytes(mp4[: len(mp4) // 2])
    with pytest.raises(SourceLost, match="cut off"):
        Film(path, SIZE)


def test_damage_in_the_middle_is_passed_over(make_film: MakeFilm) -> None:
    path = make_film([RED, GREEN, BLUE] * 20, "a.ts")
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 2000] = bytes(2000)
    path.write_bytes(damaged)
    reader = FilmReader(path)
    assert len(list(reader.play())) > 20
    reader.close()


def test_the_file_may_go_while_it_plays(make_film: MakeFilm) -> None:
    path = make_film([RED] * 5 + [BLUE] * 5)
    film = Film(path, SIZE)
    path.unlink()
    assert is_near(watched(film, film.page().revision)[-1], BLUE)
    film.close()


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), "s16", "mono")
        frame.rate = 48000
        container.mux(stream.encode(frame))
    with pytest.raises(SourceLost, match="no picture"):
        Film(path, SIZE)


@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"]
)
def test_a_playlist_opens_no_other_file(make_film: MakeFilm, tmp_path: Path, playlist: str) -> None:
    target = make_film([RED] * 3, "secret.ts")
    path = tmp_path / "film.mp4"
    path.write_text(playlist.format(target))
    with pytest.raises(SourceLost, match=r"no PDF, picture or video"):
        Film(path, SIZE)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.avi", "mpeg4"), ("a.ts", "libx264")])
def test_no_damage_gets_through(make_film: MakeFilm, name: str, codec: str) -> None:
    """Bytes turned at random: pictures come out, or SourceLost, and nothing else."""
    rng = np.random.default_rng(11)
    path = make_film([RED, GREEN, BLUE] * 10, name, codec=codec)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    scaler = PageScaler(SIZE)
    for turn in range(40):
        damaged = whole.copy()
        reach = len(whole) if turn % 2 else 1500
        damaged[rng.integers(0, reach, 30)] = rng.integers(0, 256, 30)
        path.write_bytes(damaged.tobytes())
        try:
            reader = FilmReader(path)
        except SourceLost as lost:
            assert path.name in lost.reason
            continue
        for picture, at_s in itertools.islice(reader.play(), 100):
            page = scaler.page_of(picture)
            assert at_s >= 0
            assert page is None or page.shape == (90, 160, 3)
        reader.close()
