"""Written traces of a line, a look a second, and the layers they lead to."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pipelines.broadcast.choosing import LEAST_SHARE, LOW_SHARE, UP_AFTER_S, LayerChooser, Line

GOOD = Line(loss=0.0, rtt_ms=20, estimate_bps=3e5, sent_bps=1e5)
LAYERS = ("444", "420", "low")


def follow(chooser: LayerChooser, trace: list[Line], start_s: float = 0.0) -> list[str]:
    return [chooser.look(line, start_s + i) for i, line in enumerate(trace)]


def test_begins_with_the_best_and_stays_there() -> None:
    assert set(follow(LayerChooser(LAYERS), [GOOD] * 200)) == {"444"}


def test_losses_that_are_mended_change_nothing() -> None:
    assert set(follow(LayerChooser(LAYERS), [Line(loss=0.05, rtt_ms=30, nacks_per_s=20)] * 100)) == {"444"}


@pytest.mark.parametrize(
    "bad",
    [
        Line(loss=0.12, rtt_ms=20),
        Line(loss=0.0, rtt_ms=400),
        Line(loss=0.03, rtt_ms=20, estimate_bps=5e6, sent_bps=8e6),
        Line(loss=0.0, rtt_ms=20, estimate_bps=5e6, sent_bps=8e6, nacks_per_s=30),
        Line(loss=0.0, rtt_ms=180, estimate_bps=5e6, sent_bps=8e6),
        Line(loss=0.0, rtt_ms=20, nacks_per_s=400),
    ],
)
def test_every_kind_of_trouble_leads_down_and_only_when_it_lasts(bad: Line) -> None:
    chooser = LayerChooser(LAYERS)
    assert set(follow(chooser, [GOOD, GOOD, bad, GOOD, bad, GOOD])) == {"444"}
    assert follow(chooser, [bad] * 3, 6.0) == ["444", "444", "420"]


def test_a_long_way_is_no_queue() -> None:
    assert set(follow(LayerChooser(LAYERS), [Line(rtt_ms=450)] * 60)) == {"444"}


def test_an_estimate_that_jitter_lowers_moves_nobody() -> None:
    """As seen of Chromium behind a line that delays each packet by up to 100 ms and loses none."""
    shaken = [Line(rtt_ms=5 + 100 * (i % 2), estimate_bps=3e6, sent_bps=8e6) for i in range(60)]
    assert set(follow(LayerChooser(LAYERS), [GOOD, *shaken])) == {"444"}


def test_a_low_estimate_of_a_still_page_is_no_trouble() -> None:
    quiet = Line(rtt_ms=20, estimate_bps=50_000, sent_bps=8_000)
    assert set(follow(LayerChooser(LAYERS), [quiet] * 60)) == {"444"}


def test_a_broken_line_ends_with_sound_and_comes_back_step_by_step() -> None:
    chooser = LayerChooser(LAYERS)
    went = follow(chooser, [GOOD, *[Line(loss=0.99, rtt_ms=20, sent_bps=8e6)] * 3])
    assert list(dict.fromkeys(went)) == ["444", "sound"]
    came = follow(chooser, [GOOD] * 100, 12.0)
    assert list(dict.fromkeys(came)) == ["sound", "low", "420", "444"]
    assert came.index("low") >= UP_AFTER_S - 1


@pytest.mark.parametrize(
    ("loss", "sent_bps", "layer"),
    [(0.12, 8e6, "420"), (0.6, 8e6, "low"), (0.2, 3e5, "420"), (0.99, 5e6, "sound"), (0.85, 5e6, "low")],
)
def test_down_goes_to_what_fits_what_comes_through(loss: float, sent_bps: float, layer: str) -> None:
    """Of a still page, which sends next to nothing, the share alone counts."""
    chooser = LayerChooser(LAYERS)
    assert follow(chooser, [Line(loss=loss, rtt_ms=20, sent_bps=sent_bps)] * 3)[-1] == layer


def test_an_estimate_says_what_fits_where_the_losses_do_not_tell() -> None:
    """As seen of Chromium behind a line of 300 kbit/s: it reports no loss, only a low estimate."""
    full = Line(loss=0.0, rtt_ms=40, estimate_bps=203_000, sent_bps=900_000, nacks_per_s=3000)
    chooser = LayerChooser(LAYERS)
    assert follow(chooser, [full] * 3)[-1] == "low"
    assert chooser.low_bps == pytest.approx(LOW_SHARE * 203_000)
    assert follow(LayerChooser(LAYERS), [replace(full, estimate_bps=80_000)] * 3)[-1] == "sound"


def test_the_low_layer_gives_way_before_the_pictures_end_and_comes_back_first() -> None:
    chooser = LayerChooser(("420", "low"))
    narrow = Line(loss=0.0, rtt_ms=20, estimate_bps=400_000, sent_bps=4e6, nacks_per_s=500)
    assert follow(chooser, [narrow] * 3)[-1] == "low"
    at_first = chooser.low_bps
    assert LEAST_SHARE * 600_000 < at_first < 400_000
    lossy = Line(loss=0.2, rtt_ms=20, sent_bps=at_first)
    went = follow(chooser, [lossy] * 4, 6.0)
    assert set(went) == {"low"} and chooser.low_bps < at_first
    went = follow(chooser, [lossy] * 40, 10.0)
    assert went[-1] == "sound" and chooser.low_bps == LEAST_SHARE * 600_000
    came = follow(chooser, [GOOD] * 60, 60.0)
    full_at = came.index("420")
    assert came[0] == "sound" and "low" in came and full_at > came.index("low") + UP_AFTER_S
    assert chooser.low_bps == 600_000


def test_wishes_for_lost_pictures_do_not_hold_down_who_gets_sound_alone() -> None:
    chooser = LayerChooser(LAYERS)
    chooser.pin("sound")
    chooser.pin(None)
    asks = Line(rtt_ms=20, estimate_bps=200_000, nacks_per_s=4000)
    assert follow(chooser, [asks] * 12)[-1] == "low"


def test_the_ceilings_are_those_of_the_settings() -> None:
    chooser = LayerChooser(LAYERS, {"444": 20_000_000, "420": 10_000_000, "low": 200_000})
    assert follow(chooser, [Line(loss=0.9, rtt_ms=20, sent_bps=20e6)] * 3)[-1] == "low"


def test_one_report_of_a_cut_moves_nobody() -> None:
    cut = Line(loss=0.8, rtt_ms=20, sent_bps=8e6)
    assert set(follow(LayerChooser(LAYERS), [GOOD, cut, cut, GOOD, GOOD])) == {"444"}


def test_a_line_too_narrow_for_the_better_layer_is_tried_ever_more_seldom() -> None:
    chooser = LayerChooser(("420", "low"))
    layers: list[str] = []
    for i in range(600):  # 420 never fits
        bad = Line(loss=0.15, rtt_ms=20) if chooser.layer == "420" else GOOD
        layers.append(chooser.look(bad, float(i)))
    tries = sum(a == "low" and b == "420" for a, b in pairwise(layers))
    assert 3 <= tries <= 6
    assert layers.count("low") > 540


def test_a_backlog_that_overflows_counts_when_it_does() -> None:
    chooser = LayerChooser(LAYERS)
    assert set(follow(chooser, [Line(dropped=30)] * 20)) == {"444"}


def test_a_pin_holds_until_it_is_taken_out() -> None:
    chooser = LayerChooser(LAYERS)
    chooser.pin("low")
    assert set(follow(chooser, [GOOD] * 60)) == {"low"}
    chooser.pin(None)
    assert chooser.look(GOOD, 60.0) == "low"
    assert follow(chooser, [GOOD] * 12, 61.0)[-1] == "420"
    with pytest.raises(ValueError, match="takes 420, low, sound, not 444"):
        LayerChooser(("420", "low")).pin("444")


def test_in_parts_the_teacher_takes_the_best_layers_place() -> None:
    chooser = LayerChooser(LAYERS)
    chooser.in_parts = True
    assert set(follow(chooser, [GOOD] * 20)) == {"teacher"}
    assert chooser.layers == ("teacher", *LAYERS, "sound")
    chooser.pin("444")
    assert chooser.layer == "444"
    chooser.pin(None)
    assert chooser.layer == "teacher"
    chooser.in_parts = False
    assert chooser.layer == "444" and "teacher" not in chooser.layers


def test_held_parts_survive_a_weak_line_and_a_film() -> None:
    chooser = LayerChooser(LAYERS)
    with pytest.raises(ValueError, match="not teacher"):
        chooser.pin("teacher")
    chooser.in_parts = True
    chooser.pin("teacher")
    assert set(follow(chooser, [Line(loss=0.5)] * 10)) == {"teacher"}
    chooser.in_parts = False
    assert chooser.layer == "444"
    chooser.in_parts = True
    assert chooser.layer == "teacher"


def test_a_weak_line_leaves_the_parts_and_comes_back_to_them() -> None:
    chooser = LayerChooser(LAYERS)
    chooser.in_parts = True
    bad = follow(chooser, [Line(loss=0.12, rtt_ms=20, sent_bps=5_000_000)] * 4)
    assert bad[-1] == "420"
    good = follow(chooser, [GOOD] * 30, start_s=4)
    assert good[-1] == "teacher"
