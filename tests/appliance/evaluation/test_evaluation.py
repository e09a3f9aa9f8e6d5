"""`classroom eval`: sets, scenarios, bands, and the report. The clips are drawn here."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import onnx
import pytest

from appliance.__main__ import main
from appliance.evaluation.bands import find_bands, find_head
from appliance.evaluation.clips import Clip, SetRefused, find_clips, load_clip
from appliance.evaluation.figures import placed_figure
from appliance.evaluation.lcd import DELAY_MS, EXPOSURE_MS, FILM_NS, READOUT_MS, Lcd
from appliance.evaluation.pages import draw_page
from appliance.evaluation.playing import (
    EMPTY_FRAMES,
    MATTED_NS,
    RATE_HZ,
    WARM_UP_FRAMES,
    Moment,
    Play,
)
from appliance.evaluation.report import as_json, worse
from appliance.evaluation.scenarios import SCENARIOS, TURN_NS, Scenario, chosen, rotated
from appliance.evaluation.scoring import MEASURES, Result
from models.refiner_net import VARIANT_KEY, WEIGHTS
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
    play = Play(Clip("p", (person(),)), Scenario("t", "tune", codec=codec), SIZE_WH, [], 1, 2)
    moments = list(play.moments())
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
        list(Play(Clip("p", (person(),)), scenario, SIZE_WH, [], 5, 1).moments())[-1] for _ in range(2)
    )
    np.testing.assert_array_equal(first.frame.rgb, second.frame.rgb)


def lcd_level(moment: Moment) -> float:
    """Mean code of a part of the LCD beside the teacher."""
    return float(moment.frame.rgb[40:100, 60:200].mean())


def test_pages_turn_and_the_lcd_is_late() -> None:
    """The new page is told at its instant, and its light arrives with the delay, from top to bottom."""
    scenario = Scenario("t", "tune", ("white", "dark"), "noise=0")
    moments = list(Play(Clip("p", (person(),)), scenario, SIZE_WH, [], 1, 14).moments())
    turn = next(page for moment in moments for page in moment.pages if page.index == 1)
    told = next(k for k, moment in enumerate(moments) if moment.pages[-1].index == 1)
    assert moments[told].frame.captured_ns + MATTED_NS >= turn.shown_ns
    ages_ms = [(moment.frame.captured_ns - turn.shown_ns) / 1e6 for moment in moments]
    for moment, age_ms in zip(moments, ages_ms, strict=True):
        if age_ms < DELAY_MS - EXPOSURE_MS / 2 - READOUT_MS / 2:
            assert lcd_level(moment) > 150
        elif DELAY_MS + EXPOSURE_MS / 2 + READOUT_MS / 2 < age_ms < TURN_NS / 1e6:
            assert lcd_level(moment) < 90
    assert any(moment.pages[0].index < moment.pages[-1].index for moment in moments)


def test_an_exposure_across_a_turn_catches_both_pages() -> None:
    lcd = Lcd(Scenario("t", "tune", ("white", "dark")), SIZE_WH, [], 1, 0)
    shown_ns = lcd.recent(100_000_000)[-1].shown_ns
    old, new = lcd.exposed(shown_ns + round(DELAY_MS * 1e6), 361)
    np.testing.assert_allclose(old.share + new.share, 1, atol=1e-6)
    assert new.share[180] == pytest.approx(0.5, abs=0.01)
    rise = READOUT_MS / EXPOSURE_MS
    assert new.share[-1] - new.share[0] == pytest.approx(rise, abs=0.01)
    assert len(lcd.exposed(shown_ns, 361)) == 1


def test_a_film_goes_on_while_the_camera_looks() -> None:
    lcd = Lcd(Scenario("t", "tune", ("video",)), SIZE_WH, [], 1, 0)
    pages = lcd.recent(2_000_000_000)
    assert len(pages) >= 15 and not any(page.is_flip for page in pages)
    steps = np.diff([page.shown_ns for page in pages])
    assert (steps == FILM_NS).all()


def test_the_truth_moves_with_the_picture() -> None:
    """A knocked camera sees the teacher elsewhere, and so does the truth."""
    still = Scenario("t", "check", held="stick")
    turned = tuple(np.ascontiguousarray(plane[:, ::-1]) for plane in person())
    clip = Clip("p", ((turned[0], turned[1]),))
    plain, moved = (
        list(Play(clip, scenario, SIZE_WH, [], 1, 3).moments())[-1]
        for scenario in (still, replace(still, knock_px=8.0))
    )
    np.testing.assert_array_equal(moved.pha[4:, 8:], plain.pha[:-4, :-8])
    np.testing.assert_array_equal(moved.fgr[4:, 8:], plain.fgr[:-4, :-8])
    assert moved.tip_xy is not None and plain.tip_xy is not None
    np.testing.assert_allclose(np.subtract(moved.tip_xy, plain.tip_xy), (8, 4))
    inside = cv2.erode(moved.pha, np.ones((9, 9), np.uint8)) == 255
    assert np.median(np.abs(moved.frame.rgb.astype(int) - moved.fgr)[inside]) <= 4


def test_a_knock_leaves_time_to_be_found() -> None:
    """At least a second before it, and twice as long after it as the watcher may take."""
    knocked = next(s for s in SCENARIOS if s.knock_px)
    assert Play(Clip("p", (person(),)), knocked, SIZE_WH, [], 1, 8).measured >= 3 * RATE_HZ
    assert Play(Clip("p", (person(),)), knocked, SIZE_WH, [], 1, 100).measured == 100


@pytest.mark.parametrize("change", [{"step": 0.7}, {"ambient": 0.5}, {"gain": 0.8}])
def test_other_light_is_in_the_truth_too(change: dict[str, float]) -> None:
    scenario = Scenario("t", "check", **change)
    moment = list(Play(Clip("p", (person(),)), scenario, SIZE_WH, [], 1, 2).moments())[-1]
    inside = cv2.erode(moment.pha, np.ones((9, 9), np.uint8)) == 255
    assert np.median(np.abs(moment.frame.rgb.astype(int) - moment.fgr)[inside]) <= 4


def test_lamps_dim_the_wall_and_not_the_lcd() -> None:
    dim = Scenario("t", "check", ("white",), "noise=0", ambient=0.5)
    first, *_, last = list(Play(Clip("p", (person(),)), dim, SIZE_WH, [], 1, 4).moments())
    wall = np.s_[335:355, 5:60]
    assert last.frame.rgb[wall].mean() < 0.85 * first.frame.rgb[wall].mean()
    assert lcd_level(last) == pytest.approx(lcd_level(first), rel=0.03)


def test_a_sleeve_is_white_and_the_rest_is_not() -> None:
    rgb, pha = person()
    plain, sleeved = (placed_figure(rgb, pha, SIZE_WH, held, 1, 0.0) for held in ("", "sleeve"))
    np.testing.assert_array_equal(plain.pha, sleeved.pha)
    changed = (np.abs(plain.light - sleeved.light).max(axis=2) > 0.1) & (plain.pha > 200)
    share = np.count_nonzero(changed) / np.count_nonzero(plain.pha > 200)
    assert 0.03 < share < 0.35
    assert sleeved.light[changed].mean() > 0.6


def test_hair_and_hand_are_where_they_should_be() -> None:
    play = Play(Clip("p", (person(),)), Scenario("t", "tune"), (1280, 720), [], 1, 1)
    moment = list(play.moments())[-1]
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
    play = Play(
        Clip("p", ((turned[0], turned[1]),)), Scenario("t", "tune", held="stick"), (1280, 720), [], 1, 1
    )
    moment = list(play.moments())[-1]
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
    assert main(["eval", "--set", str(tmp_path), "--refiner", str(tmp_path / "no.onnx"), *size]) == 1
    assert "no.onnx" in capsys.readouterr().err
    other = tmp_path / "other.onnx"
    named = onnx.load(WEIGHTS)
    onnx.helper.set_model_props(named, {VARIANT_KEY: "without anything"})
    onnx.save(named, other)
    assert main(["eval", "--set", str(tmp_path), "--json", str(out), "--refiner", str(other), *size]) == 0
    assert json.loads(out.read_text())["refiner"] == "without anything"
    assert main(["eval", "--set", str(tmp_path / "no")]) == 1
    assert "no folder" in capsys.readouterr().err
