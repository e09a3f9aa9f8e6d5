from __future__ import annotations

import numpy as np
import pytest

from pipelines.media import I16
from pipelines.sound.aligned import Aligner
from pipelines.timing import NS_PER_MS, NS_PER_S

from .conftest import roughness

HZ = 440.0
LAG_NS = 60 * NS_PER_MS
BLOCK_NS = 20 * NS_PER_MS


def spoken(at_s: np.ndarray) -> np.ndarray:
    """What is spoken at an instant: a sine, and steps in loudness to tell the time by."""
    loud = np.where((at_s % 1.0) < 0.5, 1.0, 0.25)
    return 8000 * loud * np.sin(2 * np.pi * HZ * at_s)


class Card:
    """A sound card that is `ppm` fast and whose samples arrive `jitter_ms` late at most."""

    def __init__(self, ppm: float, jitter_ms: float, piece: int = 480) -> None:
        self.rate_hz = 48_000 * (1 + ppm * 1e-6)
        self.jitter_ns = jitter_ms * NS_PER_MS
        self.piece = piece
        self.count = 0
        self.rng = np.random.default_rng(5)

    def piece_until(self, now_ns: float) -> tuple[I16, int] | None:
        first, last = self.count, self.count + self.piece
        if last / self.rate_hz * NS_PER_S + self.jitter_ns > now_ns:
            return None
        self.count = last
        at_s = np.arange(first, last) / self.rate_hz
        pcm = np.rint(spoken(at_s)).astype(np.int16)
        stamp_ns = first / self.rate_hz * NS_PER_S + self.rng.uniform(0, self.jitter_ns)
        return np.stack((pcm, pcm), axis=1), round(stamp_ns)


def heard(aligner: Aligner, card: Card, seconds: float, from_s: float = 0.0) -> tuple[I16, list[float]]:
    """Runs the session: the sound from from_s on, one channel, and the error of each block in ms."""
    blocks, errors = [], []
    for start_ns in range(round(from_s * NS_PER_S), round((from_s + seconds) * NS_PER_S), BLOCK_NS):
        while (piece := card.piece_until(start_ns + BLOCK_NS + LAG_NS)) is not None:
            aligner.put(*piece)
        block = aligner.take(start_ns)
        assert block is None or block.shape == (960, 2)
        blocks.append(np.zeros(960, np.int16) if block is None else block[:, 0])
        errors.append(aligner.error_ms)
    return np.concatenate(blocks), errors


def delay_ms(pcm: I16) -> float:
    """By how much the sound is late (or, negative, early): where it grows loud, which is at full seconds.

    pcm begins at a full second. Good to 1 ms, a quarter of a wave and the ripple of the filter.
    """
    quiet = 36_000  # surely: the middle of the quiet half
    onset = quiet + int(np.argmax(np.abs(pcm[quiet:]) > 2500))
    assert np.abs(pcm[24_500:onset]).max() < 2500
    return (onset / 48_000 - 1.0) * 1000


@pytest.mark.parametrize("ppm", [0, 300, -300, 1000])
def test_a_card_with_another_clock_is_followed_without_clicks(ppm: float) -> None:
    aligner = Aligner()
    pcm, errors = heard(aligner, Card(ppm, 6.0), 90)
    assert aligner.jumps == 0
    assert max(map(abs, errors)) < 20
    assert max(map(abs, errors[1500:])) < 2
    assert aligner.drift_ppm == pytest.approx(ppm, abs=150)
    settled = pcm[48_000 * 60 :]
    quiet = settled.reshape(-1, 24_000)[0, 500:-500]  # within one level of loudness
    assert roughness(quiet, HZ) < 12
    # Stamps are 0 .. 6 ms late, 3 ms on average: that remains, for nobody can know it.
    assert 2 < delay_ms(settled[-96_000:]) < 5


def test_the_same_clock_passes_through_as_it_is() -> None:
    aligner = Aligner()
    pcm, _ = heard(aligner, Card(0, 0.0), 5)
    at_s = np.arange(len(pcm)) / 48_000
    away = np.abs(pcm - spoken(at_s))
    inside = (at_s % 0.5 > 0.01) & (at_s % 0.5 < 0.49) & (at_s > 0.1)
    assert away[inside].max() < 8  # of 8000: -60 dB


def test_high_notes_survive() -> None:
    aligner = Aligner()
    n = np.arange(48_000)
    pcm = np.rint(8000 * np.sin(2 * np.pi * 10_000 / 48_000 * n)).astype(np.int16)
    for start in range(0, 48_000, 480):
        piece = pcm[start : start + 480]
        aligner.put(np.stack((piece, piece), axis=1), round((start + 0.5) * NS_PER_S / 48_000))
    middle = aligner.take(500 * NS_PER_MS)
    assert middle is not None
    assert np.abs(middle).max() == pytest.approx(8000, rel=0.02)


def test_lost_samples_are_noticed_and_the_time_is_right_again() -> None:
    aligner, card = Aligner(), Card(0, 1.0)
    heard(aligner, card, 10)
    card.count += 48_000 // 5  # the card lost 200 ms
    heard(aligner, card, 3, 10)
    pcm, errors = heard(aligner, card, 2, 13)
    assert max(map(abs, errors)) < 20
    assert -1 < delay_ms(pcm) < 2


def test_a_late_thread_is_not_a_gap() -> None:
    aligner, card = Aligner(), Card(0, 0.0)
    heard(aligner, card, 10)
    piece = card.piece_until(1e12)
    assert piece is not None
    aligner.put(piece[0], piece[1] + 300 * NS_PER_MS)
    _, errors = heard(aligner, card, 2, 10)
    assert aligner.jumps == 0
    assert max(map(abs, errors)) < 2


def test_silence_when_nothing_comes_and_soft_edges_around_it() -> None:
    aligner, card = Aligner(), Card(0, 0.0)
    assert aligner.take(0) is None
    heard(aligner, card, 1)
    tail: list[I16] = []
    at_ns = NS_PER_S
    while (block := aligner.take(at_ns)) is not None:
        tail.append(block[:, 0])
        at_ns += BLOCK_NS
        assert len(tail) < 20
    assert tail
    assert np.abs(np.diff(np.append(np.concatenate(tail), 0).astype(int))).max() < 700  # a sine's own is 461
    assert tail[-1][-1] == 0
    again, _ = heard(aligner, card, 1, at_ns / NS_PER_S)
    assert abs(int(again[0])) < 50
    assert np.abs(again).max() > 7000


def test_loud_samples_do_not_wrap_around() -> None:
    aligner = Aligner()
    square = np.where(np.arange(9600) // 50 % 2, 32767, -32768).astype(np.int16)
    aligner.put(np.stack((square, square), axis=1), 7_000)
    block = aligner.take(50 * NS_PER_MS)
    assert block is not None
    flips = np.abs(np.diff(block[:, 0].astype(int))) > 60_000
    assert flips.sum() <= 960 // 50 + 1
