"""The network is asked more seldom only where that brings frames a matte."""

from __future__ import annotations

from pipelines.media import PTS_HZ
from pipelines.studio.pace import MOST_MATTES, MOST_S, PATIENCE, THRIFTY_AFTER, Pace


def play(
    pace: Pace,
    answers: int,
    wall_s: float,
    cpu_s: float,
    dropped_a_matte: float,
    matte_s: float = 0.02,
    answer_s: tuple[float, float] = (0.0, 0.0),
) -> int:
    """So many answers of the network; answer_s: time and processor time of each. Returns the mattes made of
    the last one."""
    dropped, made, pts = 0.0, 0, 0
    for _ in range(answers):
        pace.asked(pts, *answer_s)
        made = 0
        while not pace.is_due(pts) or made == 0:
            dropped += dropped_a_matte
            pace.note(wall_s, cpu_s, round(dropped))
            made += 1
            pts += round(matte_s * PTS_HZ)
    return made


def test_a_machine_that_keeps_up_asks_at_every_matte() -> None:
    assert play(Pace(), 10, wall_s=0.02, cpu_s=0.02, dropped_a_matte=0) == 1


def test_short_of_processors_the_frames_go_first_up_to_a_limit() -> None:
    pace = Pace()
    assert play(pace, 3, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1) > 1
    assert play(pace, 20, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1) == MOST_MATTES


def test_slow_mattes_on_an_idle_machine_do_not_slow_the_network() -> None:
    assert play(Pace(), 10, wall_s=0.09, cpu_s=0.088, dropped_a_matte=1) == 1


def test_waiting_without_a_frame_lost_costs_the_network_nothing() -> None:
    assert play(Pace(), 10, wall_s=0.03, cpu_s=0.02, dropped_a_matte=0) == 1


def test_the_network_comes_back_when_the_machine_has_time_again() -> None:
    pace = Pace()
    play(pace, 20, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1)
    assert play(pace, MOST_MATTES + 1, wall_s=0.02, cpu_s=0.02, dropped_a_matte=0) == 1


def test_alpha_does_not_get_too_old_for_that() -> None:
    made = play(Pace(), 20, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1, matte_s=0.09)
    assert (made - 1) * 0.09 < MOST_S <= made * 0.09


def test_a_machine_that_stays_short_is_thrifty_and_tries_again_later_and_later() -> None:
    pace = Pace()
    play(pace, THRIFTY_AFTER, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1)  # the first judges nothing
    assert not pace.is_thrifty
    play(pace, 2, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1)
    assert pace.is_thrifty
    play(pace, PATIENCE // 2, wall_s=0.02, cpu_s=0.02, dropped_a_matte=0)
    assert pace.is_thrifty, "a moment's ease says little"
    play(pace, PATIENCE, wall_s=0.02, cpu_s=0.02, dropped_a_matte=0)
    assert not pace.is_thrifty
    play(pace, THRIFTY_AFTER + 2, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1)
    play(pace, 2 * PATIENCE, wall_s=0.02, cpu_s=0.02, dropped_a_matte=0)
    assert pace.is_thrifty, "it did not last: more patience"


def test_good_moments_between_bad_ones_do_not_hide_that_it_is_short() -> None:
    pace = Pace()
    for _ in range(THRIFTY_AFTER + 1):
        play(pace, 3, wall_s=0.09, cpu_s=0.05, dropped_a_matte=1)
        play(pace, 1, wall_s=0.02, cpu_s=0.02, dropped_a_matte=0)
    assert pace.is_thrifty


def test_a_network_that_waits_for_a_processor_counts_as_well() -> None:
    mattes_alone, with_network = Pace(), Pace()
    for pace, answer_s in ((mattes_alone, (0.0, 0.0)), (with_network, (0.6, 0.1))):
        play(pace, THRIFTY_AFTER + 2, wall_s=0.05, cpu_s=0.05, dropped_a_matte=1, answer_s=answer_s)
    assert (mattes_alone.is_thrifty, with_network.is_thrifty) == (False, True)


def test_answers_too_old_for_a_matte_are_frames_lost() -> None:
    pace = Pace()
    for n in range(THRIFTY_AFTER + 2):
        pace.asked(n * PTS_HZ)
        for has_matte in (True, False, False):
            pace.note(0.09, 0.05, 0, has_matte)
    assert pace.is_thrifty
