"""Which way up people are: drawn silhouettes for what shape tells, the rest is the network's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.matting.uprighting import upright_by_people


def a_teacher(cut=True):
    """A silhouette in the picture's green: its alpha, as a perfect network would give it."""
    picture = np.zeros((360, 640, 3), np.uint8)
    bottom = 360 if cut else 330
    cv2.ellipse(picture, (330, 110), (32, 42), 0, 0, 360, (0, 255, 0), -1)
    cv2.ellipse(picture, (330, bottom), (90, bottom - 150), 0, 180, 360, (0, 255, 0), -1)
    cv2.line(picture, (280, 220), (150, 130), (0, 255, 0), 22)
    return picture


def green(rgb):
    return rgb[..., 1].astype(np.float32) / 255


@pytest.mark.parametrize("quarters", range(4))
def test_the_turn_that_makes_people_stand(quarters):
    hung = np.ascontiguousarray(np.rot90(a_teacher(), k=quarters))
    assert upright_by_people(green, [hung] * 2) == quarters


@pytest.mark.parametrize("quarters", range(4))
def test_shape_alone_is_no_wrong_answer(quarters):
    """A teacher whom no border cuts, and a network that is as sure of them in every turn."""
    hung = np.ascontiguousarray(np.rot90(a_teacher(cut=False), k=quarters))
    assert upright_by_people(green, [hung]) in (quarters, None)


def test_nobody_tells_nothing():
    assert upright_by_people(green, []) is None
    assert upright_by_people(green, [np.zeros((360, 640, 3), np.uint8)]) is None


def test_a_shape_that_is_alike_in_all_turns_tells_nothing():
    ball = np.zeros((400, 400, 3), np.uint8)
    cv2.circle(ball, (200, 200), 90, (0, 255, 0), -1)
    assert upright_by_people(green, [ball]) is None
