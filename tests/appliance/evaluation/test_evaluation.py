"""`classroom eval`: sets, scenarios, bands, and the report. The clips are drawn here."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from appliance.__main__ import main
from appliance.evaluation.bands import find_bands, find_head
from appliance.evaluation.clips import Clip, SetRefused, find_clips, load_clip
from appliance.evaluation.pages import draw_page
from appliance.evaluation.playing import EMPTY_FRAMES, WARM_UP_FRAMES, Play
from appliance.evaluation.report import as_json, worse
from appliance.evaluation.scenarios import SCENARIOS, Scenario, chosen, rotated
from appliance.evaluation.scoring import MEASURES, Result
from pipelines.media import U8

SIZE_WH = (640, 360)
SKIN, CLOTH, HAIR = (205, 150, 120), (60, 80, 160), (40, 28, 20)


def person(turn: int = 0) -> tuple[U8, U8]:
    """Head, body, and an arm raised to the left with a hand at its end; colour and alpha, 320 x 240."""
    rgb: U8 = np.full((240, 320, 3), CLOTH, np.uint8)
    pha: U8 = np.zeros((240, 320), np.uint8)
    cv2.ellipse(pha, (180, 62), (24, 32), 0, 0, 360, (255,), -1)
    cv2.ellipse(rgb, (180, 66), (20, 26), 0, 0, 360, SKIN, -1)
    cv2.ellipse(rgb, (180, 40), (26, 18), 0, 0, 360, HAIR, -1)
    cv2.rectangle(pha, (135, 96), (225, 239), (255,), -1)
    cv2.line(pha, (150, 112), (70 + turn, 120), (255,), 22)
    cv2.circle(pha, (62 + turn, 120), 14, (255,), -1)
    cv2.circle(rgb, (62 + turn, 120), 16, SKIN, -1)
    return rgb, np.asarray(cv2.GaussianBlur(pha, (0, 0), 1.2), np.uint8)


def write(path: Path, pictures: list[U8], codec: str, pixels: str, source: str) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=Fraction(25))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format=source)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def write_clip(folder: Path, name: str, count: int = 6, alphas: int | None = None) -> None:
    frames = [person(4 * k) for k in range(count)]
    write(folder / f"{name}_fgr.mp4", [rgb for rgb, _ in frames], "libx264", "yuv444p", "rgb24")
    covers = [pha for _, pha in frames][:alphas]
    write(folder / f"{name}_pha.mkv", covers, "ffv1", "gray", "gray")


def test_a_clip_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_clip(tmp_path, "one")
    assert find_clips(tmp_path) == ["one"]
    clip = load_clip(tmp_path, "one")
    assert len(clip.frames) == 6
    np.testing.assert_array_equal(clip.frames[2][1], person(8)[1])
    forth_and_back = [clip.at(k)[1] for k in (0, 5, 6, 10)]
    expected = [clip.frames[k][1] for k in (0, 5, 4, 0)]
    for found, wanted in zip(forth_and_back, expected, strict=True):
        assert found is wanted


def test_a_bad_set_is_refused_with_the_file_and_the_mend(tmp_path: Path) -> None:
    with pytest.raises(SetRefused, match="no folder"):
        find_clips(tmp_path / "nowhere")
    with pytest.raises(SetRefused, match="holds no labelled clips"):
        find_clips(tmp_path)
    write_clip(tmp_path, "one", alphas=4)
    with pytest.raises(SetRefused, match=r"6 frames, one_pha.mkv 4"):
        load_clip(tmp_path, "one")
    (tmp_path / "one_pha.mkv").write_bytes(b"nothing")
    with pytest.raises(SetRefused, match=r"one_pha.mkv cannot be read"):
        load_clip(tmp_path, "one")
    (tmp_path / "one_pha.mkv").unlink()
    with pytest.raises(SetRefused, match=r"put one_pha.mkv beside it"):
        find_clips(tmp_path)


def test_every_clip_meets_other_scenarios() -> None:
    met = {s.name for number in range(6) for s in rotated(SCENARIOS, number, 6)}
    assert len(met) >= 0.8 * len(SCENARIOS)
    assert rotated(SCENARIOS, 3, 6) == rotated(SCENARIOS, 3, 6)
    assert {s.use for s in chosen("check")} == {"check"}
    with pytest.raises(ValueError, match='no scenario "stik"'):
        chosen("stik")


@pytest.mark.parametrize("codec", ["", "mjpeg", "h264"])
def test_the_picture_is_the_truth_over_the_room(codec: str) -> None:
    play = Play(Clip("p", (person(),)), Scenario("t", "tune", codec=codec), SIZE_WH, [], 1)
    moments = list(play.moments(2))
    assert len(moments) == WARM_UP_FRAMES + 2
    assert all(not moment.pha.any() for moment in moments[:EMPTY_FRAMES])
    last = moments[-1]
    inside = cv2.erode(last.pha, np.ones((9, 9), np.uint8)) == 255
    assert inside.sum() > 2000
    off = np.abs(last.frame.rgb.astype(int) - last.fgr)[inside]
    assert np.median(off) <= 4
    assert [moment.frame.pts for moment in moments[:3]] == [0, 3600, 7200]


def test_a_play_is_the_same_again() -> None:
    scenario = next(s for s in SCENARIOS if s.name == "glare")
    first, second = (
        list(Play(Clip("p", (person(),)), scenario, SIZE_WH, [], 5).moments(1))[-1] for _ in range(2)
    )
    np.testing.assert_array_equal(first.frame.rgb, second.frame.rgb)


def test_pages_turn_and_the_lcd_is_late() -> None:
    scenario = Scenario("t", "tune", ("white", "dark"))
    moments = list(Play(Clip("p", (person(),)), scenario, SIZE_WH, [], 1).moments(14))
    flips = [m.told.index for m in moments]
    turn = flips.index(1)
    lcd = slice(40, 100), slice(60, 200)
    levels = [float(m.frame.rgb[lcd].mean()) for m in moments]
    assert levels[turn] > 120  # told already, not seen yet
    assert levels[turn + scenario.late_frames] < 90


def test_hair_and_hand_are_where_they_should_be() -> None:
    play = Play(Clip("p", (person(),)), Scenario("t", "tune"), (1280, 720), [], 1)
    moment = list(play.moments(1))[-1]
    bands = find_bands(moment.pha, moment.fgr)
    assert bands.hair is not None and bands.hand is not None
    head = find_head(np.asarray(moment.pha > 127, np.uint8))
    assert head is not None
    rows, columns = np.nonzero(bands.hand)
    assert np.median(columns) < head.x  # the hand is raised at the left
    assert np.median(rows) > head.y
    assert np.count_nonzero(bands.hand & bands.hair) < 0.2 * np.count_nonzero(bands.hair)


def test_a_held_stick_is_the_pointer() -> None:
    turned = tuple(np.ascontiguousarray(plane[:, ::-1]) for plane in person())
    play = Play(Clip("p", ((turned[0], turned[1]),)), Scenario("t", "tune", held="stick"), (1280, 720), [], 1)
    moment = list(play.moments(1))[-1]
    bands = find_bands(moment.pha, moment.fgr)
    assert bands.pointer is not None and bands.pointer_axis is not None and moment.tip_xy is not None
    assert np.hypot(*np.subtract(bands.pointer_axis[1], moment.tip_xy)) < 8


def test_nobody_has_no_bands() -> None:
    nothing: U8 = np.zeros((360, 640), np.uint8)
    bands = find_bands(nothing, np.zeros((360, 640, 3), np.uint8))
    assert (bands.hair, bands.hand, bands.pointer, bands.pointer_axis) == (None, None, None, None)


def result(network_mad: float, full_mad: float, hand: float | None = None) -> Result:
    values = dict.fromkeys(MEASURES, 1.0) | {"mad": network_mad, "hand_mad": hand}
    return Result(values, values | {"mad": full_mad})


def test_the_report_averages_what_there_is() -> None:
    results = [
        ("a", "white", result(4, 2, 10.0)),
        ("a", "dark", result(2, 2)),
        ("b", "white", result(1, 1.1)),
    ]
    report = as_json(results)
    assert report["clips"]["a"]["network"]["mad"] == 3
    assert report["clips"]["a"]["network"]["hand_mad"] == 10
    assert report["clips"]["b"]["network"]["hand_mad"] is None
    assert report["mean"]["network"] == dict.fromkeys(MEASURES, 1.0) | {"mad": 2.0, "hand_mad": 10.0}
    assert report["mean"]["full"]["mad"] == pytest.approx(1.55)
    assert [(w["clip"], w["scenario"]) for w in worse(results)] == [("b", "white")]


def test_pages_are_drawn_from_their_seed() -> None:
    for kind in ("white", "dark", "photo", "video", "given"):
        page = draw_page(kind, SIZE_WH, [], 3)
        assert page.shape == (360, 640, 3)
        np.testing.assert_array_equal(page, draw_page(kind, SIZE_WH, [], 3))
    assert not np.array_equal(draw_page("video", SIZE_WH, [], 3, 0), draw_page("video", SIZE_WH, [], 3, 5))


def test_the_command_says_what_it_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(tmp_path, "one")
    out = tmp_path / "eval.json"
    size = ["--size", "640x360", "--frames", "3", "--scenarios", "white"]
    assert main(["eval", "--set", str(tmp_path), "--json", str(out), *size]) == 0
    report = json.loads(out.read_text())
    assert set(report["clips"]) == {"one"}
    assert set(report["mean"]) == {"network", "full"}
    assert set(report["mean"]["full"]) == set(MEASURES)
    sheet = cv2.imread(str(out.with_suffix(".png")))
    assert sheet is not None and sheet.shape[1] > 2000
    assert main(["eval", "--set", str(tmp_path), "--json", str(out), "--network-only", *size]) == 0
    assert set(json.loads(out.read_text())["mean"]) == {"network"}
    assert main(["eval", "--set", str(tmp_path / "no")]) == 1
    assert "no folder" in capsys.readouterr().err
