import numpy as np
import pytest

from pipelines.media import EMPTY_BOX, Box, Frame, Matte, length_scale


def a_frame(width: int = 8, height: int = 6) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8), pts=90, captured_ns=1_000_000)


def test_a_box_indexes_rows_and_columns() -> None:
    picture = np.arange(48).reshape(6, 8)
    assert picture[Box(2, 1, 3, 4).slices].tolist() == picture[1:5, 2:5].tolist()


def test_a_matte_is_of_its_very_frame() -> None:
    frame = a_frame()
    matte = Matte(frame, Box(1, 1, 2, 3), np.zeros((3, 2), np.uint8), np.zeros((3, 2, 3), np.uint8))
    assert matte.frame is frame
    assert (matte.pts, matte.captured_ns) == (frame.pts, frame.captured_ns)


def test_a_matte_whose_arrays_do_not_fit_its_box_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs pha \(3, 2\)"):
        Matte(a_frame(), Box(1, 1, 2, 3), np.zeros((2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8))


def test_an_empty_matte_covers_nothing() -> None:
    matte = Matte.empty(a_frame())
    assert matte.box == EMPTY_BOX and matte.box.is_empty


def test_a_quarter_turn_changes_no_length() -> None:
    assert length_scale((1280, 720)) == length_scale((720, 1280)) == length_scale((960, 720)) == 1
    assert length_scale((1080, 1920)) == 1.5
