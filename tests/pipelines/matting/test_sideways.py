"""A camera that hangs sideways: its mattes are refined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from pipelines.matting.refining import Refiner
from pipelines.media import U8, Box, Matte
from pipelines.plate.plate import Plate
from pipelines.simulated.optics import Optics
from pipelines.simulated.room import room_from_url

if TYPE_CHECKING:
    from conftest import Classroom

WH = (720, 1280)


@pytest.mark.parametrize("fill", [0.5, 0.8])
def test_mattes_are_refined(make_classroom: type[Classroom], fill: float) -> None:
    room = room_from_url(f"simulated:?fill={fill}&yaw=0&pitch=0&roll=0")
    classroom = make_classroom(WH, room=room)
    page = classroom.pages[0]
    plate = Plate(Optics(room, WH).calibration()[0], lambda: (page,))
    refiner = Refiner(RefinerNet.open(NetworkSettings(provider="cpu", threads=1)), plate.predict)
    for index in (56, 58, 60):
        shot = classroom.shot(index, page=0)
        truth = shot.truth
        coarse: U8 = np.asarray(cv2.GaussianBlur(truth.pha, (0, 0), 5), np.uint8)
        refined = refiner(Matte(shot.frame, Box(0, 0, *WH), coarse, truth.fgr))
    assert refiner.trust > 0.5 and refiner.tiles > 0, refiner.trust
    assert plate.view is not None
    lcd = plate.view.box.slices
    whole = np.zeros_like(truth.pha)
    whole[refined.box.slices] = refined.pha
    before, after = (float(cv2.absdiff(pha[lcd], truth.pha[lcd]).mean()) for pha in (coarse, whole))
    assert after < 0.6 * before, (before, after)
