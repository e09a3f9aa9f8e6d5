"""A page turn behind the teacher is no cut; another scene is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from pipelines.matting.coarse import Coarse, seen
from pipelines.matting.crop import Crop
from pipelines.matting.cuts import GAP_S, CutDetector
from pipelines.matting.specks import Teacher
from pipelines.media import PTS_HZ, Box, Frame

if TYPE_CHECKING:
    from conftest import Classroom, Shot

FRAME = PTS_HZ // 25


def true_answer(shot: Shot) -> Coarse:
    """As a network would say that makes no mistakes and sees the whole picture."""
    crop = Crop(Box(0, 0, *shot.frame.size_wh), 4, (320, 192))
    pha = np.asarray(cv2.resize(shot.truth.pha, crop.net_wh, interpolation=cv2.INTER_AREA) / 255, np.float32)
    return Coarse(shot.frame, crop, seen(shot.frame, crop), Teacher(pha, Box(0, 0, *crop.net_wh)))


def test_page_turns_behind_the_teacher_are_no_cuts(classroom: Classroom) -> None:
    cuts = CutDetector()
    for index in range(0, 120, 2):  # as the network sees it, at half the camera's rate
        shot = classroom.shot(index, page=index // 4)
        assert not cuts.is_cut(shot.frame.rgb, shot.frame.pts), index
        cuts.remember(true_answer(shot))


def test_another_scene_is_a_cut(classroom: Classroom) -> None:
    cuts = CutDetector()
    shot = classroom.shot(0)
    cuts.is_cut(shot.frame.rgb, 0)
    cuts.remember(true_answer(shot))
    other = np.ascontiguousarray(255 - shot.frame.rgb[:, ::-1])
    assert cuts.is_cut(other, FRAME)


def test_a_long_gap_is_a_cut_and_so_is_time_that_runs_back(classroom: Classroom) -> None:
    rgb = classroom.shot(0).frame.rgb
    cuts = CutDetector()
    assert not cuts.is_cut(rgb, 0)
    assert not cuts.is_cut(rgb, FRAME)
    assert cuts.is_cut(rgb, FRAME + round(GAP_S * PTS_HZ) + 1)
    assert cuts.is_cut(rgb, 0)


def test_a_slow_pace_is_no_row_of_cuts(classroom: Classroom) -> None:
    rgb = classroom.shot(0).frame.rgb
    cuts = CutDetector()
    times_s = [0.0, 1.4, 2.9, 4.2, 7.0, 8.4]
    judged = [cuts.is_cut(rgb, round(time_s * PTS_HZ)) for time_s in times_s]
    assert judged == [False, True, False, False, False, False]
    assert cuts.is_cut(rgb, 30 * PTS_HZ), "a pause even so"
    assert cuts.is_cut(rgb, 60 * PTS_HZ), "and no pause is usual"
    other = np.ascontiguousarray(255 - rgb[:, ::-1])
    assert cuts.is_cut(other, 60 * PTS_HZ + FRAME)


def test_small_pictures_have_thumbnails_too() -> None:
    cuts = CutDetector()
    frame = Frame(np.zeros((180, 320, 3), np.uint8), 0, 0)
    assert not cuts.is_cut(frame.rgb, 0)
    crop = Crop(Box(0, 0, 320, 180), 16, (320, 192))
    cuts.remember(Coarse(frame, crop, seen(frame, crop), None))
    assert not cuts.is_cut(frame.rgb, FRAME)
