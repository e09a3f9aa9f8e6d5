"""Looks: where page and teacher stand in one picture, and any look on the way from one to another."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pipelines.alignment import Lens
from pipelines.compositing.beside import Edges
from pipelines.compositing.cutout import Fade
from pipelines.compositing.placing import Placement
from pipelines.compositing.steadying import Body
from pipelines.media import F64, Box, SizeWh

# Of the camera's width: who is put farther away than this in the programme is as good as at the horizon.
_FAR = 8.0


class Rect(NamedTuple):
    """A rectangle of the programme, in fractions of pixels too."""

    x: float
    y: float
    w: float
    h: float

    @property
    def box(self) -> Box:
        """The nearest whole pixels."""
        x, y = round(self.x), round(self.y)
        return Box(x, y, round(self.x + self.w) - x, round(self.y + self.h) - y)


class Pane(NamedTuple):
    """The camera's picture beside the page. body: whom it frames. share: of its opacity, 0 to 1."""

    at: Rect
    body: Body | None
    mirror: bool
    share: float = 1.0


class Look(NamedTuple):
    """page: where it lies. opacity: of the teacher. place: None while there is nobody to be placed."""

    page: Rect
    opacity: float
    place: Placement | None = None
    edges: Edges | None = None
    pane: Pane | None = None


def between(one: Look, other: Look, share: float, anchor: F64 | None, camera_wh: SizeWh) -> Look:
    """The look that has gone this share of the way, 0 to 1, from one to the other.

    anchor: f64 (4, 2), camera pixels around the teacher, which go straight; None: nobody was seen yet. Where
    no straight way makes sense (mirrored, or behind the horizon) the teacher fades out here and in there.
    """
    page = Rect(*_mixed(one.page, other.page, share))
    opacity = one.opacity + share * (other.opacity - one.opacity)
    place = other.place or one.place
    if one.place is not None and other.place is not None and anchor is not None:
        place = _place_between(one.place, other.place, share, anchor, camera_wh)
        if place is None:
            place = one.place if share < 0.5 else other.place
            opacity *= abs(1 - 2 * share)
    return Look(
        page,
        opacity,
        place,
        _edges_between(one.edges, other.edges, share),
        _pane_between(one.pane, other.pane, share),
    )


def _mixed(one: tuple[float, ...], other: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(a + share * (b - a) for a, b in zip(one, other, strict=True))


def _edges_between(one: Edges | None, other: Edges | None, share: float) -> Edges | None:
    if one is None:
        return None if other is None else other._replace(strength=share * other.strength)
    if other is None:
        return one._replace(strength=(1 - share) * one.strength)
    return Edges(*_mixed(one, other, share))


def _pane_between(one: Pane | None, other: Pane | None, share: float) -> Pane | None:
    """A pane that only one of two has stays where it is, and fades."""
    if one is None:
        return None if other is None else other._replace(share=share * other.share)
    if other is None:
        return one._replace(share=(1 - share) * one.share)
    body = other.body
    if one.body is not None and body is not None:
        centre_x, top, bottom = _mixed(one.body[:3], body[:3], share)
        body = Body(centre_x, top, bottom, body.is_cut)
    at = Rect(*_mixed(one.at, other.at, share))
    return Pane(at, body, other.mirror, one.share + share * (other.share - one.share))


def _place_between(
    one: Placement, other: Placement, share: float, anchor: F64, camera_wh: SizeWh
) -> Placement | None:
    """Each corner of the anchor goes straight from where one puts it to where the other does."""
    ends = [_in_programme(place, anchor, camera_wh) for place in (one, other)]
    if any(end is None for end in ends):
        return None
    start, end = (corners for corners in ends if corners is not None)
    if np.sign(_area(start)) != np.sign(_area(end)) or min(abs(_area(start)), abs(_area(end))) < 1.0:
        return None
    lens = _lens_between(one.lens, other.lens, share)
    flat = anchor if lens is None else lens.flatten(anchor, camera_wh)
    matrix = _homography(start + share * (end - start), flat)
    if matrix is None:
        return None
    return Placement(matrix, Fade(*_mixed(one.fade, other.fade, share)), lens)


def _in_programme(place: Placement, anchor: F64, camera_wh: SizeWh) -> F64 | None:
    """The anchor's corners in the programme, f64 (4, 2); None where they are beyond the horizon or far."""
    flat = anchor if place.lens is None else place.lens.flatten(anchor, camera_wh)
    to_programme = np.linalg.inv(place.camera_from_programme)
    moved = np.column_stack((flat, np.ones(4))) @ to_programme.T
    if moved[:, 2].min() <= 0:
        return None
    corners = np.asarray(moved[:, :2] / moved[:, 2:], np.float64)
    return corners if np.abs(corners).max() < _FAR * max(camera_wh) else None


def _area(corners: F64) -> float:
    """Twice the signed area of four corners in order."""
    x, y = corners[:, 0], corners[:, 1]
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def _homography(from_xy: F64, to_xy: F64) -> F64 | None:
    """f64 (3, 3) from four points to four, depth 1 at the middle of the first; None where there is none."""
    rows = np.zeros((8, 8))
    for index, ((x, y), (u, v)) in enumerate(zip(from_xy, to_xy, strict=True)):
        rows[2 * index] = x, y, 1, 0, 0, 0, -u * x, -u * y
        rows[2 * index + 1] = 0, 0, 0, x, y, 1, -v * x, -v * y
    try:
        matrix = np.append(np.linalg.solve(rows, to_xy.ravel()), 1.0).reshape(3, 3)
    except np.linalg.LinAlgError:
        return None
    depths = np.column_stack((from_xy, np.ones(4))) @ matrix[2]
    if depths.min() <= 0 <= depths.max():
        return None
    return np.asarray(matrix / depths.mean(), np.float64)


def _lens_between(one: Lens | None, other: Lens | None, share: float) -> Lens | None:
    """Where only one bends, it bends less and less."""
    if one is None:
        return None if other is None else replace(other, k1=share * other.k1, k2=share * other.k2)
    if other is None:
        return replace(one, k1=(1 - share) * one.k1, k2=(1 - share) * one.k2)
    focal, k1, k2 = _mixed((one.focal, one.k1, one.k2), (other.focal, other.k1, other.k2), share)
    x, y = _mixed(one.centre_xy, other.centre_xy, share)
    return Lens(focal, k1, k2, (x, y))
