"""A page turn behind the teacher is no cut; another scene is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.matting.cuts import GAP_S, CutDetector
from pipelines.media import PTS_HZ, Box, Frame, Matte

if TYPE_CHECKING:
    from conftest import Classroom, Shot

FRAME = PTS_HZ // 25


def true_matte(shot: Shot) -> Matte:
    width, height = shot.frame.size_wh
    return Matte(shot.frame, Box(0, 0, width, height), shot.truth.pha, shot.frame.rgb)


def test_page_turns_behind_the_teacher_are_no_cuts(classroom: Classroom) -> None:
    cuts = CutDetector()
    for index in range(0, 120, 2):  # as the network sees it, at half the camera's rate
        shot = classroom.shot(index, page=index // 4)
        assert not cuts.is_cut(shot.frame.rgb, shot.frame.pts), index
        cuts.remember(true_matte(shot))


def test_another_scene_is_a_cut(classroom: Classroom) -> None:
    cuts = CutDetector()
    shot = classroom.shot(0)
    cuts.is_cut(shot.frame.rgb, 0)
    cuts.remember(true_matte(shot))
    other = np.ascontiguousarray(255 - shot.frame.rgb[:, ::-1])
    assert cuts.is_cut(other, FRAME)


def test_a_long_gap_is_a_cut_and_so_is_time_that_runs_back(classroom: Classroom) -> None:
    rgb = classroom.shot(0).frame.rgb
    cuts = CutDetector()
    assert not cuts.is_cut(rgb, 0)
    assert not cuts.is_cut(rgb, FRAME)
    assert cuts.is_cut(rgb, FRAME + round(GAP_S * PTS_HZ) + 1)
    assert cuts.is_cut(rgb, 0)


def test_small_pictures_have_thumbnails_too() -> None:
    cuts = CutDetector()
    frame = Frame(np.zeros((180, 320, 3), np.uint8), 0, 0)
    assert not cuts.is_cut(frame.rgb, 0)
    cuts.remember(Matte.empty(frame))
    assert not cuts.is_cut(frame.rgb, FRAME)
