"""The packed picture of the teacher, as a viewer decodes it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.teacher import (
    CELL_PX,
    CHECK_BITS,
    COLUMNS,
    NOWHERE,
    NUMBER_BITS,
    PLACE_BITS,
    STRIP_PX,
    TeacherEncoder,
    check_of,
    check_of_place,
    packed_wh,
)
from pipelines.media import TEACHER_LAYER, U8

SIZE_WH = (320, 180)
SETTINGS = EncodingSettings(encoder="x264")
TICKS = 3600


@pytest.fixture
def encoder() -> TeacherEncoder:
    encoder = TeacherEncoder(SIZE_WH, 25, SETTINGS)
    encoder.watch(True)
    return encoder


def teacher() -> U8:
    """A soft-edged disc of one colour, premultiplied in codes: good enough for a coder."""
    alpha = np.zeros((180, 320), np.uint8)
    cv2.circle(alpha, (160, 90), 50, 255, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 2)
    colour = np.array((190, 130, 90)) * (alpha[..., None] / 255)
    return np.dstack((colour, alpha)).astype(np.uint8)


def read_number(packed: U8) -> tuple[int, int]:
    """Number and check, as a player samples them: one pixel in the middle of each cell."""
    coded = read_cells(packed, 0, NUMBER_BITS + CHECK_BITS)
    return coded >> CHECK_BITS, coded & 0xFF


def read_cells(packed: U8, first: int, count: int) -> int:
    row = packed[-STRIP_PX // 2]
    bits = [int(row[cell * CELL_PX + CELL_PX // 2, 1] > 127) for cell in range(first, first + count)]
    return int("".join(map(str, bits)), 2)


@pytest.mark.parametrize("number", [0, 1, 77, 0xABCDEF, 0xFFFFFF])
def test_the_sheets_number_survives_the_coder(encoder, decoder, number: int) -> None:
    (packet,) = encoder.encode(teacher(), number, 0, 0, False)
    assert read_number(decoder.rgb(packet)) == (number, check_of(number))


def test_a_new_number_is_there_with_its_very_picture(encoder, decoder) -> None:
    for tick in range(12):
        (packet,) = encoder.encode(teacher(), 1000 + tick // 3, tick * TICKS, 0, False)
        assert read_number(decoder.rgb(packet))[0] == 1000 + tick // 3


def test_numbers_begin_anew_after_the_last(encoder, decoder) -> None:
    (packet,) = encoder.encode(None, (1 << NUMBER_BITS) + 5, 0, 0, False)
    assert read_number(decoder.rgb(packet))[0] == 5


def test_colour_above_and_alpha_below(encoder, decoder) -> None:
    rgba = teacher()
    (packet,) = encoder.encode(rgba, 1, 0, 0, False)
    packed = decoder.rgb(packet)
    assert packed.shape == (*reversed(packed_wh(SIZE_WH)), 3)
    assert packet.layer == TEACHER_LAYER
    colour, alpha = packed[:180].astype(int), packed[180:360, :, 1].astype(int)
    assert np.abs(colour - rgba[..., :3])[rgba[..., 3] == 255].mean() < 4
    assert np.abs(alpha - rgba[..., 3]).mean() < 0.5
    # Where nobody is, a viewer must see the page untouched: within what the compositor takes for nothing.
    far = cv2.dilate(rgba[..., 3], np.ones((17, 17))) == 0
    assert alpha[far].max() < 4


def test_nobody_leaves_an_empty_picture(encoder, decoder) -> None:
    (first,) = encoder.encode(teacher(), 1, 0, 0, False)
    (second,) = encoder.encode(None, 2, TICKS, 0, True)
    decoder.rgb(first)
    assert decoder.rgb(second)[:360].max() < 4


def test_the_layer_is_coded_only_while_it_is_watched_and_begins_with_a_key(encoder) -> None:
    assert [p.is_key for p in encoder.encode(teacher(), 1, 0, 0, False)] == [True]
    assert [p.is_key for p in encoder.encode(teacher(), 1, TICKS, 0, False)] == [False]
    encoder.watch(False)
    assert encoder.encode(teacher(), 1, 2 * TICKS, 0, True) == []
    encoder.watch(True)
    assert [p.is_key for p in encoder.encode(teacher(), 1, 3 * TICKS, 0, False)] == [True]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_place_holds_the_teacher_and_little_else(decoder, is_there: bool) -> None:
    wide = TeacherEncoder((960, 180), 25, SETTINGS)
    wide.watch(True)
    rgba = np.pad(teacher(), ((0, 0), (600, 40), (0, 0)))
    rgba[20:23, 100:700] = 255  # a stick
    (packet,) = wide.encode(rgba if is_there else None, 7, 0, 0, False)
    packed = decoder.rgb(packet)
    assert read_number(packed) == (7, check_of(7))
    coded = read_cells(packed, NUMBER_BITS + CHECK_BITS, PLACE_BITS + CHECK_BITS)
    place = coded >> CHECK_BITS
    assert coded & 0xFF == check_of_place(place)
    held = np.zeros((180, 960), bool)
    for k, column in enumerate(place.to_bytes(COLUMNS)):
        held[180 * (column >> 4) // 16 : -(-180 * ((column & 15) + 1) // 16), 96 * k : 96 * (k + 1)] = True
    if not is_there:
        assert place == NOWHERE and not held.any()
        return
    assert held[rgba[..., 3] > 0].all()
    assert held.mean() < 0.2
