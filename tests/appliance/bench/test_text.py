"""How text is judged: by numbers worked out by hand, and beside a teacher whose place is known."""

from __future__ import annotations

import argparse
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from appliance.bench import text
from appliance.bench.browser import APART, Sight, probes_between
from appliance.bench.flips import Turn, middle, watch_turn
from appliance.bench.ours import BenchFailed
from appliance.bench.slow_line import OVERHEAD_BYTES, Queue
from appliance.bench.stock import Teacher
from appliance.bench.whereabouts import Whereabouts, text_of
from pipelines.matting.metrics import psnr_db, ssim
from pipelines.media import U8


@pytest.fixture(scope="module")
def whereabouts() -> Whereabouts:
    return Whereabouts()


def written(seed: int, size_wh: tuple[int, int] = (640, 360)) -> U8:
    width, height = size_wh
    page = np.full((height, width, 3), (250, 250, 246), np.uint8)
    rng = np.random.default_rng(seed)
    for y in range(24, height // 2, 24):
        words = "".join(rng.choice(list("abcdefgh mnopqr+-=01234"), width // 10))
        cv2.putText(page, words, (8, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 30, 120), 1, cv2.LINE_AA)
    return page


def test_psnr_counts_the_text_alone() -> None:
    """Off by 5 codes in one of three colours: 10 log10(255^2 / (25 / 3)) = 38.92 dB; elsewhere anything."""
    true = np.full((40, 60, 3), 100, np.uint8)
    shown = true.copy()
    shown[:20, :, 1] += 5
    shown[20:] = 0
    where = np.zeros((40, 60), bool)
    where[:20] = True
    assert psnr_db(shown, true, where) == pytest.approx(38.92, abs=0.01)


def test_ssim_counts_the_windows_of_the_text_alone() -> None:
    """Flat 100 against flat 120: (2 a b + C1) / (a^2 + b^2 + C1) where they differ, 1 where they do not."""
    true = np.full((40, 80, 3), 100, np.uint8)
    shown = true.copy()
    shown[:, 40:] = 120
    left, right = (np.zeros((40, 80), bool) for _ in range(2))
    left[:, :30], right[:, 50:] = True, True
    c1 = (0.01 * 255) ** 2
    assert ssim(shown, true, left) == pytest.approx(1)
    assert ssim(shown, true, right) == pytest.approx((24_000 + c1) / (24_400 + c1), abs=1e-4)


def test_text_is_what_is_drawn_and_not_the_paper() -> None:
    page = written(1)
    where = text_of(page)
    assert where[page.max(axis=2) < 128].all()
    assert not where[200:].any()


def test_the_teacher_is_left_out_and_text_beside_them_is_not(whereabouts: Whereabouts) -> None:
    page = written(1, (1280, 720))
    teacher = Teacher(page)
    for index in (0, 11, 23):
        programme = teacher.before(page, index)
        away = whereabouts.away(programme, page)
        assert np.array_equal(programme[away], page[away])
        assert away.mean() > 0.35


def test_probes_lie_where_the_pages_differ() -> None:
    before, after = written(1), written(2)
    probes = np.array(probes_between(before, after, points=50)).reshape(50, 7)
    offset, first, second = probes[:, 0], probes[:, 1:4], probes[:, 4:]
    assert (offset % 4 == 0).all() and len(set(offset.tolist())) == 50
    assert np.array_equal(before.reshape(-1, 3)[offset // 4], first)
    assert np.array_equal(after.reshape(-1, 3)[offset // 4], second)
    assert (np.abs(first - second).max(axis=1) > APART).all()
    with pytest.raises(BenchFailed, match="too alike"):
        probes_between(before, before)


class Screening:
    """A recorder whose browser shows prepared pictures: one every 100 ms, with the numbers given."""

    def __init__(self, pictures: list[U8], numbers: list[int], settled: U8) -> None:
        self._pictures, self._numbers, self._settled = pictures, numbers, settled

    def record(self, seconds: float, least: int, probes: object) -> None:
        assert seconds > 1 and least == 3

    def wait(self, seconds: float) -> None:
        assert seconds <= 5.1

    def recorded(self) -> list[Sight]:
        return [Sight(i, i / 10, number) for i, number in enumerate(self._numbers)]

    def picture(self, sight: Sight) -> U8:
        return self._pictures[sight.index]

    def one(self) -> U8:
        return self._settled

    def forget(self) -> None:
        pass


def test_the_instants_after_a_turn(whereabouts: Whereabouts) -> None:
    """Off by 8, 4, 2, 1 and 0 codes: 30.1, 36.1, 42.1, 48.1 dB, and 99 for the same."""
    before, after = written(1), written(2)
    off = [8, 8, 4, 4, 2, *[1] * 8]
    pictures = [after - np.uint8(codes) for codes in off]
    numbers = [7, 8, 10, *range(11, 21)]  # picture 9 was missed: two after the flip is 10, read third or not
    recorder = Screening(pictures, numbers, after)
    orders: list[int] = []
    turn = Turn(before, after, lambda: orders.append(1))
    figures = watch_turn(recorder, turn, whereabouts)  # type: ignore[arg-type]
    db = {key: round(value, 1) for key, value in figures.items() if key.endswith("_db")}
    assert db == {
        "flip_db": 30.1,
        "two_frames_db": 36.1,  # number 9 was never read: the first one after it
        "after_300_ms_db": 36.1,
        "after_1_s_db": 48.1,
        "settled_db": 99.0,
    }
    assert figures["frames_to_sharp"] == numbers[4] - numbers[0]
    assert orders == [1]


def test_the_median_takes_never_as_the_worst() -> None:
    turns = [{"sharp_ms": 100.0}, {"sharp_ms": None}, {"sharp_ms": None}]
    assert middle(turns) == {"sharp_ms": None, "turns": turns}
    assert middle([*turns, {"sharp_ms": 50.0}, {"sharp_ms": 70.0}])["sharp_ms"] == 100.0


def test_a_wrong_subject_is_refused_with_what_there_is() -> None:
    args = argparse.Namespace(only=["layer_999"], size="1280x720", turns=1, bandwidth=[])
    with pytest.raises(BenchFailed, match="no subject layer_999; there are layer_444"):
        text.measure(args, SimpleNamespace)  # type: ignore[arg-type]


def test_a_slow_line_holds_a_quarter_second_and_drops_the_rest() -> None:
    """1 Mbit/s: a packet of 1250 bytes with its headers takes 10 ms; the next waits for it."""
    queue = Queue(1_000_000, held_s=0.025)
    size = 1250 - OVERHEAD_BYTES
    passed = [queue.passes_at(size, 5.0) for _ in range(5)]
    assert passed == [pytest.approx(5.01), pytest.approx(5.02), pytest.approx(5.03), None, None]
    assert queue.dropped == 2
    assert queue.passes_at(size, 7.0) == pytest.approx(7.01)
