"""The real network in the simulated classroom: near the truth, and as it was when the goldens were made.

Goldens: tests/golden/matting/*.png, alpha at half size. GOLDEN_WRITE=1 writes them anew: look at them
before they are committed. On failure out/matting/NAME.png shows camera, alpha, truth and difference.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from pipelines.matting import metrics
from pipelines.matting.keyer import Keyer
from pipelines.matting.settings import MattingSettings
from pipelines.media import U8, Matte

if TYPE_CHECKING:
    from conftest import Classroom, Shot

    from models.matting_net import MattingNet

REPO = Path(__file__).parents[3]
GOLDEN = REPO / "tests" / "golden" / "matting"
OUT = REPO / "out" / "matting"
# Standing, walking, the arm raised, pointing, the other hand open; the page turns at 50.
INDICES = tuple(range(0, 104, 2))
# Measured: 0.0069, 0.0508, 0.156. The whole picture through the same network fails all three:
# 0.0081, 0.0568, 0.172.
LIMIT_MAD, LIMIT_DTSSD, LIMIT_HAND = 0.0078, 0.056, 0.168
LOOKED_AT = {12: "standing", 44: "raised", 60: "pointing", 102: "hands"}


@pytest.fixture(scope="module")
def lesson(net: MattingNet, make_classroom: type[Classroom]) -> dict[int, tuple[Shot, Matte]]:
    """Four seconds as the box sees them at 12.5 Hz."""
    classroom = make_classroom(page_frames=50)
    keyer = Keyer(net, MattingSettings(budget_px=98_304), (1280, 720))
    shots = {index: classroom.shot(index) for index in INDICES}
    return {index: (shot, keyer.matte(shot.frame)) for index, shot in shots.items()}


def settled(lesson: dict[int, tuple[Shot, Matte]]) -> list[tuple[Shot, U8]]:
    return [(shot, metrics.full_pha(matte)) for index, (shot, matte) in lesson.items() if index >= 10]


def test_alpha_is_near_the_truth(lesson: dict[int, tuple[Shot, Matte]]) -> None:
    pairs = [(pha, shot.truth.pha) for shot, pha in settled(lesson)]
    mads = [metrics.mad(*pair) for pair in pairs]
    flicker = [metrics.dtssd(*now, *before) for before, now in pairwise(pairs)]
    assert np.mean(mads) < LIMIT_MAD, mads
    assert np.max(mads) < 1.5 * LIMIT_MAD, mads
    assert np.mean(flicker) < LIMIT_DTSSD, flicker


def test_the_body_is_whole_and_the_stage_is_clean(lesson: dict[int, tuple[Shot, Matte]]) -> None:
    for shot, pha in settled(lesson):
        core = cv2.erode(shot.truth.pha, np.ones((25, 25), np.uint8)) == 255
        far = cv2.dilate(shot.truth.pha, np.ones((61, 61), np.uint8)) == 0
        assert (pha[core] > 240).mean() > 0.995
        assert (pha[far] > 12).mean() < 0.0005


def test_the_pointing_hand_is_there(lesson: dict[int, tuple[Shot, Matte]]) -> None:
    errors = [
        metrics.mad(pha, shot.truth.pha, metrics.near([shot.truth.finger_tip_xy], 72, shot.truth.pha))
        for shot, pha in settled(lesson)
        if shot.truth.finger_tip_xy is not None
    ]
    assert len(errors) > 20
    assert np.mean(errors) < LIMIT_HAND, errors


def test_own_colour_beats_the_cameras(lesson: dict[int, tuple[Shot, Matte]]) -> None:
    """Over a green page, the edge shows less of the old page than the camera's own pixels would."""
    page = np.array([40.0, 160.0, 90.0], np.float32)

    def over_page(pha: U8, fgr: U8) -> U8:
        share = (pha / np.float32(255))[..., None]
        return np.rint(share * fgr + (1 - share) * page).astype(np.uint8)

    gains = []
    for index in LOOKED_AT:
        shot, matte = lesson[index]
        pha, fgr = metrics.full_pha(matte), shot.frame.rgb.copy()
        fgr[matte.box.slices] = matte.fgr
        wanted, edge = over_page(shot.truth.pha, shot.truth.fgr), metrics.edge_band(shot.truth.pha)
        plain = metrics.psnr_db(over_page(pha, shot.frame.rgb), wanted, edge)
        gains.append(metrics.psnr_db(over_page(pha, fgr), wanted, edge) - plain)
    assert min(gains) > 0, gains
    assert np.mean(gains) > 0.6, gains


@pytest.mark.parametrize("index", LOOKED_AT)
def test_golden(lesson: dict[int, tuple[Shot, Matte]], index: int) -> None:
    shot, matte = lesson[index]
    pha = half(metrics.full_pha(matte))
    path = GOLDEN / f"{LOOKED_AT[index]}.png"
    if os.environ.get("GOLDEN_WRITE"):
        cv2.imwrite(str(path), pha)
    golden = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert golden is not None, f"{path} is missing: GOLDEN_WRITE=1 makes it"
    expected = np.asarray(golden, np.uint8)
    if metrics.mad(pha, expected) > 0.002 or (cv2.absdiff(pha, expected) > 64).mean() > 0.001:
        pytest.fail(f"alpha is not as it was: see {show(LOOKED_AT[index], shot, pha, expected)}")


def test_an_empty_stage_stays_empty_through_page_turns(net: MattingNet, classroom: Classroom) -> None:
    keyer = Keyer(net, MattingSettings(), (1280, 720))
    for index in range(0, 40, 2):
        frame = classroom.shot(index, teacher=False, page=index // 6).frame
        assert keyer.matte(frame).box.is_empty, index


def test_whoever_leaves_is_gone_and_whoever_comes_is_found(net: MattingNet, classroom: Classroom) -> None:
    keyer = Keyer(net, MattingSettings(), (1280, 720))
    present = [
        not keyer.matte(classroom.shot(k, teacher=k < 8 or k >= 32).frame).box.is_empty
        for k in range(0, 40, 2)
    ]
    assert present == [k < 8 or k >= 32 for k in range(0, 40, 2)]


def half(pha: U8) -> U8:
    return np.asarray(cv2.resize(pha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def show(name: str, shot: Shot, pha: U8, expected: U8) -> Path:
    """Camera, alpha, truth, golden and their difference (grey: equal), in one picture."""
    camera = cv2.cvtColor(cv2.resize(shot.frame.rgb, None, fx=0.5, fy=0.5), cv2.COLOR_RGB2BGR)
    difference = np.clip(128 + (pha.astype(int) - expected), 0, 255).astype(np.uint8)
    greys = [
        cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR) for grey in (pha, half(shot.truth.pha), expected, difference)
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.png"
    cv2.imwrite(
        str(path),
        np.vstack([np.hstack([camera, greys[0]]), np.hstack(greys[1:3]), np.hstack([greys[3], camera])]),
    )
    return path
