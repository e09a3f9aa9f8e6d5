"""Alpha from the mixing itself, and how sure it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.matting.cells import CELL_PX
from pipelines.matting.evidence import FEATURES, gather
from pipelines.matting.light import PURE, Tables
from pipelines.matting.unmixing import EXPECTED
from pipelines.media import F32, U8, UNKNOWN

HW = (64, 96)
DARK_HAIR, SKIN = [0.02, 0.015, 0.01], [0.3, 0.25, 0.2]
PAPER = [0.8, 0.85, 0.8]
POWER = Tables.of(PURE.light)  # a camera that is known to be one
F64 = npt.NDArray[np.float64]


def ramp() -> F64:
    return np.tile(np.linspace(0, 1, HW[1]), (HW[0], 1))


def coded(light: F64) -> U8:
    """Planes u8 (3, h, w) of linear light (h, w, 3)."""
    return np.asarray(np.rint(light ** (1 / 2.2) * 255), np.uint8).transpose(2, 0, 1).copy()


def unmixed(
    light: F64,
    own: list[float],
    behind: list[float],
    sigma: int = 7,
    *,
    spread: float = 0.0,
    tables: Tables = POWER,
) -> tuple[F32, F32]:
    """Alpha and how sure it is, f32 (h, w), 0 to 1, of a picture in linear light (h, w, 3). spread: of the
    teacher's own colours, in light."""
    flat: U8 = np.full(HW, 51, np.uint8)
    expected: F32 = np.ones((EXPECTED, HW[0] // CELL_PX, HW[1] // CELL_PX), np.float32)
    expected[:3], expected[4:] = np.array(own)[:, None, None], spread**2
    out: F32 = np.empty((4 * FEATURES, HW[0] // 2, HW[1] // 2), np.float32)
    plate = coded(np.broadcast_to(behind, light.shape))
    gather(coded(light), plate, np.full(HW, sigma, np.uint8), flat, flat, expected, tables, 0, 0, out)
    return whole(out[48:52]) + 0.5, whole(out[52:56]) + 0.5


def whole(planes: F32) -> F32:
    return planes.reshape(2, 2, *planes.shape[1:]).transpose(2, 0, 3, 1).reshape(HW)


def mixed(alpha: F64, own: list[float], behind: list[float]) -> F64:
    return np.asarray(alpha[..., None] * own + (1 - alpha[..., None]) * behind)


def test_alpha_follows_from_the_mixing_where_the_colours_differ() -> None:
    found, sure = unmixed(mixed(ramp(), DARK_HAIR, PAPER), DARK_HAIR, PAPER)
    assert np.abs(found - ramp()).max() < 0.02
    assert sure.min() > 0.9


def test_dark_hair_before_a_dark_page_tells_alpha_as_well() -> None:
    hair, page = [0.008, 0.006, 0.005], [0.03, 0.03, 0.035]
    found, sure = unmixed(mixed(ramp(), hair, page), hair, page)
    assert np.abs(found - ramp()).max() < 0.1
    assert sure.min() > 0.3


def test_colours_that_are_alike_tell_no_alpha() -> None:
    page = [0.28, 0.25, 0.22]
    assert unmixed(mixed(ramp(), SKIN, page), SKIN, page)[1].max() < 0.2


def test_a_teacher_of_many_colours_tells_less() -> None:
    light = mixed(ramp(), DARK_HAIR, PAPER)
    plain, many = (unmixed(light, DARK_HAIR, PAPER, spread=spread)[1] for spread in (0.0, 0.15))
    assert (many[:, 48:] < plain[:, 48:] - 0.1).all(), "where it counts: alpha above a half"
    assert np.abs(many[:, 0] - plain[:, 0]).max() < 0.01


def test_a_curve_that_was_not_measured_tells_less_in_the_middle() -> None:
    light = mixed(ramp(), DARK_HAIR, PAPER)
    known, taken = (unmixed(light, DARK_HAIR, PAPER, tables=tables)[1] for tables in (POWER, PURE))
    assert (taken[:, 44:52] < known[:, 44:52] - 0.2).all()
    assert np.abs(taken[:, [0, -1]] - known[:, [0, -1]]).max() < 0.02


def test_a_third_colour_is_not_taken_for_a_mixture() -> None:
    half: F64 = np.full(HW, 0.5)
    green: F64 = np.broadcast_to([0.1, 0.7, 0.1], (*HW, 3))
    right = unmixed(mixed(half, DARK_HAIR, PAPER), DARK_HAIR, PAPER)[1]
    assert unmixed(green, DARK_HAIR, PAPER)[1].max() < right.min() - 0.3


def test_where_no_plate_is_known_the_coarse_alpha_stands() -> None:
    found, sure = unmixed(mixed(ramp(), DARK_HAIR, PAPER), DARK_HAIR, PAPER, UNKNOWN)
    np.testing.assert_allclose(found, 51 / 255, atol=1e-6)
    assert (sure == 0).all()
