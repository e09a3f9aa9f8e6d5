from __future__ import annotations

import numpy as np
import pytest

from pipelines.encoding.colour import Canvas
from pipelines.encoding.forms import FULL, HALF
from pipelines.media import U8


def planes(canvas: Canvas) -> tuple[U8, U8, U8]:
    height, width = canvas.frames["yuv420p"].height, canvas.frames["yuv420p"].width
    packed = canvas.frames["yuv420p"].to_ndarray().reshape(-1)
    luma, chroma = height * width, height * width // 4
    return (
        packed[:luma].reshape(height, width),
        packed[luma : luma + chroma].reshape(height // 2, width // 2),
        packed[luma + chroma :].reshape(height // 2, width // 2),
    )


def reference(rgb: U8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """BT.709 in float64, written from the standard's formulas."""
    r, g, b = (rgb[..., i] / 255 for i in range(3))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    cb, cr = (b - y) / 1.8556, (r - y) / 1.5748

    def halved(plane: np.ndarray) -> np.ndarray:
        h, w = plane.shape
        return plane.reshape(h // 2, 2, w // 2, 2).mean(axis=(1, 3))

    return 16 + 219 * y, 128 + 224 * halved(cb), 128 + 224 * halved(cr)


@pytest.mark.parametrize("size_wh", [(640, 360), (322, 182), (1366, 20), (2, 2)])
def test_every_plane_is_within_rounding_of_the_standard(size_wh: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    canvas = Canvas(size_wh)
    canvas.draw(rgb)
    for got, wanted in zip(planes(canvas), reference(rgb), strict=True):
        assert np.abs(got - wanted).max() <= 0.51


def test_extremes_stay_in_limited_range() -> None:
    canvas = Canvas((64, 2))
    for colour, luma in (((0, 0, 0), 16), ((255, 255, 255), 235)):
        canvas.draw(np.full((2, 64, 3), colour, np.uint8))
        y, cb, cr = planes(canvas)
        assert (y == luma).all() and (cb == 128).all() and (cr == 128).all()


@pytest.mark.parametrize("size_wh", [(640, 360), (1366, 40)])
def test_only_what_changed_is_converted_and_the_result_is_whole(size_wh: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    width, height = size_wh
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    canvas = Canvas(size_wh)
    everything = canvas.draw(rgb)
    assert canvas.draw(rgb.copy()) == 0
    for _ in range(20):  # single pixels in any place, the last column and row among them
        x, y = (
            rng.choice([0, width - 1, rng.integers(width)]),
            rng.choice([0, height - 1, rng.integers(height)]),
        )
        rgb = rgb.copy()
        rgb[y, x] ^= 0x55
        assert canvas.draw(rgb) == 1
    fresh = Canvas(size_wh)
    assert fresh.draw(rgb) == everything
    for got, wanted in zip(planes(canvas), planes(fresh), strict=True):
        assert np.array_equal(got, wanted)


def test_takes_a_buffer_that_its_owner_uses_again() -> None:
    canvas, rgb = Canvas((64, 4)), np.full((4, 64, 3), 40, np.uint8)
    canvas.draw(rgb)
    rgb[:] = 200
    assert canvas.draw(rgb) == 2


@pytest.mark.parametrize("size_wh", [(640, 360), (322, 182)])
def test_full_chroma_is_within_rounding_of_the_standard(size_wh: tuple[int, int]) -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    canvas = Canvas(size_wh)
    canvas.draw(rgb, (HALF, FULL))
    r, g, b = (rgb[..., i] / 255 for i in range(3))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    wanted = (16 + 219 * y, 128 + 224 * (b - y) / 1.8556, 128 + 224 * (r - y) / 1.5748)
    for got, exact in zip(canvas.frames[FULL].to_ndarray(), wanted, strict=True):
        assert np.abs(got - exact).max() <= 0.51


def test_a_form_left_out_is_whole_when_it_is_wanted_again() -> None:
    rng = np.random.default_rng(4)
    canvas, alone = Canvas((130, 8)), Canvas((130, 8))
    for forms in ((HALF,), (FULL,), (HALF, FULL), (FULL,), (HALF,)):
        rgb = rng.integers(0, 256, (8, 130, 3), dtype=np.uint8)
        canvas.draw(rgb, forms)
        alone.draw(rgb, (HALF, FULL))
        for form in forms:
            assert np.array_equal(canvas.frames[form].to_ndarray(), alone.frames[form].to_ndarray())


def test_read_only_and_strided_pictures_are_taken() -> None:
    canvas, wide = Canvas((64, 4)), np.full((4, 128, 3), 77, np.uint8)
    wide.setflags(write=False)
    assert canvas.draw(wide[:, ::2]) == 2


def test_odd_sizes_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="even width and height, got 641x360"):
        Canvas((641, 360))
    with pytest.raises(ValueError, match="picture of shape"):
        Canvas((64, 4)).draw(np.zeros((4, 66, 3), np.uint8))
