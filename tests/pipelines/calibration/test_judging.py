"""Every number has its limit, and every refusal its mend."""

from __future__ import annotations

import pytest

from pipelines.calibration.judging import judge, placement
from pipelines.calibration.report import Report

GOOD = Report(
    kind="pattern",
    made_at="2026-01-01T08:00:00+00:00",
    camera_wh=(1280, 720),
    page_wh=(1280, 720),
    points=110,
    points_of=120,
    rms_px=0.05,
    outline_px=0.08,
    lcd_width_share=0.75,
    lcd_in_picture=True,
    angle_deg=9,
    angle_sigma_deg=0.3,
    angle_right_deg=8,
    angle_down_deg=-4,
    k1=-0.05,
    k2=0.01,
    photometric_codes=1.2,
    has_tone=True,
    blur_px=0.8,
    clipped=0.0,
    washed=0.0,
    delay_ms=85.0,
    delay_sigma_ms=0.4,
    moved_px=0.03,
)


def test_a_good_report_has_only_good_findings():
    findings = judge(GOOD)
    assert {finding.verdict for finding in findings} == {"good"}
    assert not any(finding.mend for finding in findings)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"points": 18}, "refused", "corners"),
        ({"points": 40}, "warning", "corners"),
        ({"rms_px": 1.0}, "refused", "reprojection"),
        ({"rms_px": 0.4}, "warning", "reprojection"),
        ({"outline_px": 2.0}, "refused", "border"),
        ({"lcd_in_picture": False}, "refused", "cut off"),
        ({"lcd_width_share": 0.2}, "refused", "fills"),
        ({"blur_px": 3.0}, "refused", "blur"),
        ({"washed": 0.3}, "refused", "glare"),
        ({"clipped": 0.5}, "refused", "overexposed"),
        ({"moved_px": 2.0}, "refused", "moved"),
        ({"photometric_codes": None}, "warning", "colours"),
        ({"photometric_codes": 20.0}, "warning", "colours"),
        ({"has_tone": False}, "warning", "tone"),
        ({"delay_ms": None}, "warning", "delay"),
        ({"delay_sigma_ms": 12.0}, "warning", "delay"),
        ({"angle_deg": 25.0, "angle_right_deg": 25.0}, "warning", "normal"),
        ({"angle_deg": 55.0, "angle_right_deg": 55.0}, "refused", "normal"),
    ],
)
def test_each_fault_is_found_with_its_mend(change, verdict, words):
    found = [f for f in judge(GOOD.model_copy(update=change)) if f.verdict != "good"]
    assert [f.verdict for f in found] == [verdict]
    assert words in found[0].text
    assert len(found[0].mend) > 10


def test_limits_grow_with_the_picture():
    large = GOOD.model_copy(update={"camera_wh": (3840, 2160), "rms_px": 0.6, "blur_px": 4.0})
    assert {finding.verdict for finding in judge(large)} == {"good"}


@pytest.mark.parametrize("change", [{"rms_px": 0.4}, {"rms_px": 1.0}, {"blur_px": 2.0}, {"moved_px": 0.5}])
def test_limits_do_not_turn_with_the_camera(change):
    lying, upright = (
        GOOD.model_copy(update={"camera_wh": wh, **change}) for wh in ((1280, 720), (720, 1280))
    )
    assert [f.verdict for f in judge(upright)] == [f.verdict for f in judge(lying)]


def test_parallax_is_the_depth_times_the_tangent():
    """An 86-inch LCD on a page of 1920 pixels; by hand: 0.05 m tan 20 / 1.905 m x 1920 = 18.3."""
    at = GOOD.model_copy(update={"angle_deg": 20.0}).parallax_px()
    assert at[5] == pytest.approx(18.3, abs=0.1)
    assert at[10] == pytest.approx(2 * at[5])


def test_the_advice_names_the_side():
    assert placement(GOOD).endswith("move 8 degrees to the left and 4 degrees down")
    from_below = GOOD.model_copy(update={"angle_right_deg": -20.0, "angle_down_deg": 9.0})
    assert placement(from_below).endswith("move 20 degrees to the right and 9 degrees up")
