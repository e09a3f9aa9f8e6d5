"""A recorded video as a camera: right pictures, right time, right colours, and clear words for bad files."""

from __future__ import annotations

import os
import tempfile
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.video.reformatter import Colorspace

from pipelines.media import SourceLost
from pipelines.timing import NS_PER_MS

MJPEG = {"codec": "mjpeg", "pix_fmt": "yuvj422p", "options": {"qmin": "1", "qmax": "2"}}
VP9 = {"codec": "libvpx-vp9", "options": {"crf": "10", "b": "0", "cpu-used": "8"}}


def test_pictures_come_in_order_with_right_content(
    camera_at: Any, film: Path, films: Any, reader: Any
) -> None:
    camera = camera_at(film)
    assert camera.state.state == "starting"
    frames = reader.frames(camera, 10)
    numbers = [films.number(frame.rgb) for frame in frames]
    assert numbers == sorted(numbers) and numbers[0] == 0
    assert max(films.bars_error(frame.rgb) for frame in frames) <= 6
    assert camera.state.state == "live"
    assert camera.state.detail["source_size"] == "320x240"
    assert camera.state.detail["format"] == "h264"


def test_frames_are_read_only_rgb_of_the_films_own_size(camera_at: Any, film: Path, reader: Any) -> None:
    frame = reader.frames(camera_at(film), 1)[0]
    assert frame.rgb.shape == (240, 320, 3) and frame.rgb.dtype == np.uint8
    assert frame.rgb.flags.c_contiguous and not frame.rgb.flags.writeable


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b_frames.mp4", {"options": {"preset": "veryfast", "bf": "3", "g": "4"}}),
        ("plain.mkv", {}),
        ("stream.ts", {}),
        ("mjpeg.avi", {**MJPEG}),
        ("vp9.webm", {**VP9}),
        ("raw.h264", {}),
    ],
)
def test_time_follows_the_films_stamps_over_the_seam(
    camera_at: Any, tmp_path: Path, films: Any, reader: Any, name: str, options: dict[str, Any]
) -> None:
    film = films.write(tmp_path / name, count=8, **options)
    frames = reader.frames(camera_at(film), 12)
    start_ns = frames[0].captured_ns
    ticks = [round((frame.captured_ns - start_ns) / (40 * NS_PER_MS)) for frame in frames]
    assert [tick % 8 for tick in ticks] == [films.number(frame.rgb) for frame in frames]
    assert ticks[-1] >= 11, "the film was not repeated"
    for frame, tick in zip(frames, ticks, strict=True):
        assert abs(frame.captured_ns - start_ns - tick * 40 * NS_PER_MS) <= 2 * NS_PER_MS
        assert abs((frame.pts - frames[0].pts) - tick * 3600) <= 180


def test_captured_ns_is_when_it_was_due(camera_at: Any, film: Path, reader: Any) -> None:
    frame = reader.frames(camera_at(film), 3)[-1]
    assert 0 <= time.monotonic_ns() - frame.captured_ns < 1000 * NS_PER_MS


def test_variable_rate_keeps_its_stamps(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    instants_ms = [0, 30, 150, 180, 400, 450]
    film = films.write(tmp_path / "vfr.mp4", count=6, instants_ms=instants_ms)
    frames = reader.frames(camera_at(f"{film}?loop=no"), 5)
    for frame in frames:
        due_ms = (frame.captured_ns - frames[0].captured_ns) / NS_PER_MS
        assert due_ms == pytest.approx(instants_ms[films.number(frame.rgb)], abs=1.5)


def test_without_loop_it_ends(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    film = films.write(tmp_path / "once.mp4", count=4)
    camera = camera_at(f"{film}?loop=no")
    assert films.number(reader.frames(camera, 3)[0].rgb) == 0
    lost = reader.loss(camera)
    assert not lost.retry and "end" in lost.reason
    assert camera.state.state == "ended"


def test_a_slow_reader_gets_the_newest_and_the_rest_is_counted(
    camera_at: Any, film: Path, films: Any, reader: Any
) -> None:
    camera = camera_at(film)
    reader.frames(camera, 1)
    time.sleep(0.4)
    assert films.number(reader.frames(camera, 1)[0].rgb) >= 8
    time.sleep(0.55)  # until the counts are shown again
    reader.frames(camera, 1)
    assert camera.state.detail["dropped"] >= 8


def test_read_returns_none_in_time(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    film = films.write(tmp_path / "slow.mp4", count=2, instants_ms=[0, 60_000])
    camera = camera_at(film)
    reader.frames(camera, 1)
    start_s = time.monotonic()
    assert camera.read(0.1) is None
    assert time.monotonic() - start_s < 5


def test_sixty_a_second_are_thinned(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    film = films.write(tmp_path / "fast.mp4", count=60, instants_ms=[i * 1000 // 60 for i in range(60)])
    frames = reader.frames(camera_at(film, rate_hz=25), 8)
    numbers = [films.number(frame.rgb) for frame in frames]
    assert all(b - a >= 2 for a, b in pairwise(numbers))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bt709.mp4", {"matrix": Colorspace.ITU709}),
        ("bt601.mp4", {"matrix": Colorspace.ITU601}),
        ("full709.mp4", {"matrix": Colorspace.ITU709, "full_range": True}),
        ("untagged_sd.mp4", {}),
        ("ten_bit.mkv", {"matrix": Colorspace.ITU709, "pix_fmt": "yuv420p10le"}),
        ("four_four_four.mkv", {"matrix": Colorspace.ITU709, "pix_fmt": "yuv444p"}),
        ("mjpeg.avi", {**MJPEG, "full_range": True}),
        ("vp9.webm", {**VP9, "matrix": Colorspace.ITU709}),
    ],
)  # fmt: skip
def test_colours_are_those_that_were_coded(
    camera_at: Any, tmp_path: Path, films: Any, reader: Any, name: str, options: dict[str, Any]
) -> None:
    film = films.write(tmp_path / name, count=5, **options)
    frame = reader.frames(camera_at(film), 1)[0]
    assert films.bars_error(frame.rgb) <= 7
    assert films.number(frame.rgb) == 0


@pytest.mark.parametrize(
    ("size_wh", "matrix"), [((1280, 720), Colorspace.ITU709), ((640, 480), Colorspace.ITU601)]
)
def test_the_matrix_of_untagged_films_goes_by_their_size(
    camera_at: Any, tmp_path: Path, films: Any, reader: Any, size_wh: tuple[int, int], matrix: Colorspace
) -> None:
    film = films.write(tmp_path / "untagged.mp4", count=2, size_wh=size_wh, matrix=matrix, is_tagged=False)
    assert films.bars_error(reader.frames(camera_at(film), 1)[0].rgb) <= 7


@pytest.mark.parametrize("size_wh", [(321, 241), (853, 481), (322, 180)])
def test_odd_sizes(camera_at: Any, tmp_path: Path, films: Any, reader: Any, size_wh: tuple[int, int]) -> None:
    film = films.write(tmp_path / "odd.mkv", count=3, size_wh=size_wh, pix_fmt="yuv444p")
    frame = reader.frames(camera_at(film), 1)[0]
    assert frame.size_wh == size_wh
    assert films.bars_error(frame.rgb) <= 7


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_rotation_is_undone(camera_at: Any, tmp_path: Path, films: Any, reader: Any, degrees: int) -> None:
    film = films.write(tmp_path / "turned.mp4", count=3, rotation=degrees)
    rgb = reader.frames(camera_at(film), 1)[0].rgb
    # A player turns the coded picture by `degrees` counter-clockwise; turned back it must be the drawing.
    upright = np.rot90(rgb, -degrees // 90)
    assert upright.shape == (240, 320, 3)
    assert films.bars_error(upright) <= 6 and films.number(upright) == 0


def test_oblong_pixels_become_square(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    film = films.write(tmp_path / "dv.mkv", count=3, size_wh=(360, 288), sample_aspect=Fraction(16, 15))
    frame = reader.frames(camera_at(film), 1)[0]
    assert frame.size_wh == (384, 288)
    assert films.bars_error(frame.rgb) <= 7


def test_a_larger_film_is_shrunk_in_proportion(
    camera_at: Any, tmp_path: Path, films: Any, reader: Any
) -> None:
    film = films.write(tmp_path / "large.mp4", count=2, size_wh=(1440, 1080), matrix=Colorspace.ITU709)
    frame = reader.frames(camera_at(film, width_px=1280, height_px=720), 1)[0]
    assert frame.size_wh == (960, 720)
    assert films.bars_error(frame.rgb) <= 7
    assert abs(int(np.argmax(frame.rgb[100, :, 2] < 128)) - 120) <= 1, "the first bar ends at an eighth"


def test_a_cut_off_film_plays_what_it_has(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    whole = films.write(tmp_path / "whole.mp4", container_options={"movflags": "faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * 0.6)])
    camera = camera_at(cut)
    numbers = [films.number(frame.rgb) for frame in reader.frames(camera, 30)]
    assert numbers[0] == 0 and 5 < max(numbers) < 24, "it played past the cut, or not up to it"
    assert numbers.count(0) >= 2, "it did not start again"


def test_a_film_without_its_index_is_lost_with_a_reason(
    camera_at: Any, film: Path, tmp_path: Path, reader: Any
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert "cut off or damaged" in reader.loss(camera_at(cut)).reason


def test_a_title_that_is_not_utf8(camera_at: Any, tmp_path: Path, films: Any, reader: Any) -> None:
    film = films.write(tmp_path / "title.mp4", count=3, title="TITLE-HERE")
    coded = film.read_bytes()
    assert b"TITLE-HERE" in coded
    film.write_bytes(coded.replace(b"TITLE-HERE", "双师课堂课".encode("gbk")))
    assert films.number(reader.frames(camera_at(film), 1)[0].rgb) == 0


def test_a_film_that_appears_later_is_played(camera_at: Any, film: Path, tmp_path: Path, reader: Any) -> None:
    late = tmp_path / "late.mp4"
    camera = camera_at(late)
    assert reader.loss(camera).retry
    assert camera.state.state == "lost"
    late.write_bytes(film.read_bytes())
    reader.frames(camera, 2)
    assert camera.state.state == "live" and camera.state.reason == ""


def _bad_file(kind: str, folder: Path, films: Any) -> Path:
    path = folder / {"text": "notes.mp4", "picture": "photo.mp4", "play list": "list.m3u8"}.get(
        kind, "film.mp4"
    )
    if kind == "text":
        path.write_text("this is not a film\n" * 200)
    elif kind == "picture":
        from PIL import Image

        Image.new("RGB", (64, 64), "red").save(path, "PNG")
    elif kind == "play list":
        other = films.write(folder / "other.ts", count=5)
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other.name}\n#EXT-X-ENDLIST\n")
    elif kind == "concatenation":
        other = films.write(folder / "other.mp4", count=5)
        path.write_text(f"ffconcat version 1.0\nfile '{other.name}'\n")
    elif kind == "sound":
        return films.write_sound(folder / "sound.mp4")
    elif kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("kind", "words", "retry"),
    [
        ("empty", "is empty", True),
        ("missing", "does not exist", True),
        ("text", "is not a video", False),
        ("picture", "is a still picture", False),
        ("play list", "is not a video", False),
        ("concatenation", "is not a video", False),
        ("sound", "sound but no picture", False),
        ("folder", "is a folder", False),
        ("pipe", "is neither a video file nor a camera", False),
    ],
)
def test_bad_files_are_named(
    camera_at: Any, tmp_path: Path, films: Any, reader: Any, kind: str, words: str, retry: bool
) -> None:
    path = _bad_file(kind, tmp_path, films)
    camera = camera_at(path)
    lost = reader.loss(camera)
    assert words in lost.reason and str(path) in lost.reason
    assert lost.retry is retry
    assert camera.state.state == "lost" and camera.state.reason == lost.reason


def test_a_forbidden_film_says_how_to_allow_it(camera_at: Any, film: Path, reader: Any) -> None:
    # Nothing is forbidden to root, so root becomes "nobody" for a moment, who must get as far as the file.
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "secret.mp4"
        path.write_bytes(film.read_bytes())
        path.chmod(0)
        if user == 0:
            os.seteuid(65534)
        try:
            lost = reader.loss(camera_at(path))
        finally:
            os.seteuid(user)
    assert "may not be read" in lost.reason and "chmod" in lost.reason


def test_a_closed_camera_refuses_to_read(camera_at: Any, film: Path) -> None:
    camera = camera_at(film)
    camera.close()
    camera.close()
    with pytest.raises(SourceLost) as caught:
        camera.read(0.1)
    assert not caught.value.retry
