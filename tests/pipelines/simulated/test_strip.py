from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.simulated.strip import Stamp, block_px, centres, draw_strip, read_strip
from pipelines.timing import NS_PER_MS, SessionClock

SIZE_WH = (640, 360)


def levels(rgb: np.ndarray) -> list[float]:
    return [float(rgb[y, x].mean()) for x, y in centres((rgb.shape[1], rgb.shape[0]))]


@pytest.mark.parametrize("size_wh", [(320, 180), (1280, 720), (1920, 1080)])
def test_what_is_drawn_is_read(size_wh: tuple[int, int]) -> None:
    rgb = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    draw_strip(rgb, captured_ns=0xDEADBEEF * NS_PER_MS + 999_999, pts=90_000 * 7 + 45_000)
    assert read_strip(levels(rgb)) == Stamp(0xDEADBEEF, 500)
    side = block_px(size_wh)
    assert (rgb[2 * side :] == 90).all() and (rgb[:, 25 * side :] == 90).all()


def test_it_survives_a_bad_jpeg() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (360, 640, 3)).astype(np.uint8)
    draw_strip(rgb, 123_456 * NS_PER_MS, 90)
    _, coded = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 20])
    assert read_strip(levels(cv2.imdecode(coded, cv2.IMREAD_COLOR))) == Stamp(123_456, 1)


def test_a_torn_strip_is_no_time() -> None:
    """One block wrong, or two, or none there at all: CRC-8 finds all of these."""
    rgb = np.zeros((360, 640, 3), np.uint8)
    draw_strip(rgb, 987_654_321 * NS_PER_MS, 12_345)
    right = levels(rgb)
    assert read_strip(right) is not None
    for wrong in itertools.chain(itertools.combinations(range(50), 1), itertools.combinations(range(50), 2)):
        torn = [255 - level if index in wrong else level for index, level in enumerate(right)]
        assert read_strip(torn) is None, wrong
    assert read_strip([0.0] * 50) is None
    assert read_strip([255.0] * 50) is None
    assert read_strip(right[1:]) is None


def test_the_camera_writes_when_it_took_the_picture() -> None:
    clock = SessionClock.start()
    room = SimulatedClassroom("simulated:?clock=yes&teacher=no", SIZE_WH, 25, clock, lambda: None)
    try:
        frame = None
        while frame is None:
            frame = room.read(1.0)
    finally:
        room.close()
    stamp = read_strip(levels(frame.rgb))
    assert stamp == Stamp(frame.captured_ns // NS_PER_MS % (1 << 32), frame.pts % 90_000 * 1000 // 90_000)
    assert not frame.rgb.flags.writeable
