"""Which mattes the studio offers to be kept as bad ones."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from pipelines.matting.refining import Refiner
from pipelines.media import F32, Box, Frame, Layout, Matte, Scene
from pipelines.orders import KeepWorst, Order, SetScene
from pipelines.recording.worst import WorstMattes
from pipelines.studio.keying import Known, Watch
from pipelines.studio.witnessing import Witness


class Noting(WorstMattes):
    """Notes what it is told, and has neither thread nor disk."""

    def __init__(self) -> None:
        self.told: list[str | float | None] = []

    def keep_for(self, item_id: str) -> None:
        self.told.append(item_id)

    def see(self, matte: Matte, score: float | None, trust: float) -> None:
        self.told.append(score)


class NoNet:
    def answer(self, features: F32) -> F32:
        return features


def known() -> Known:
    refiner = Refiner(NoNet(), lambda _: None)
    refiner.quality = 0.3
    return Known(cast(Watch, None), refiner)


RGB = np.zeros((90, 160, 3), np.uint8)
FRAME = Frame(RGB, 0, 0)
SOMEBODY = Matte(FRAME, Box(0, 0, 4, 4), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("scene", "score"),
    [
        (Scene(1), 0.3),
        (Scene(1, Layout.CORNER), 0.3),
        (Scene(1, Layout.CAMERA), 0.3),
        (Scene(1, Layout.SLATE), None),
        (Scene(1, Layout.COURSEWARE), None),
        (Scene(1, opacity=0.0), None),
    ],
)
def test_whom_the_recording_does_not_show_is_not_kept(scene: Scene, score: float | None) -> None:
    ordered, from_start = Noting(), Noting()
    witness = Witness(None, ordered, known, Scene())
    witness.order(SetScene(scene))
    for one in (witness, Witness(None, from_start, known, scene)):
        one.matte(FRAME, True, None, SOMEBODY)
    assert ordered.told == from_start.told == [score]


def test_only_what_was_scored_has_a_score() -> None:
    """The refiner's score stays where it is while nobody asks it."""
    worst = Noting()
    witness = Witness(None, worst, known, Scene())
    witness.matte(FRAME, True, None, None)
    witness.matte(FRAME, True, None, Matte.empty(FRAME))
    Witness(None, worst, lambda: None, Scene()).matte(FRAME, True, None, SOMEBODY)
    assert worst.told == [None, None]


def test_it_begins_and_ends_on_order() -> None:
    worst = Noting()
    witness = Witness(None, worst, known, Scene())
    orders: tuple[Order, ...] = (KeepWorst("20260302-081500-001"), KeepWorst(""))
    for order in orders:
        witness.order(order)
    assert worst.told == ["20260302-081500-001", ""]
