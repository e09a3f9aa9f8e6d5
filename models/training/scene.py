"""One scene: a page on an LCD through a camera, somebody before it, and the plate that the box would have.

Everything is mixed in linear light and then coded by a camera: lens blur, noise, tone curve, sharpening,
compression. The plate is the same world without the person, with the errors that calibration leaves, and
worse ones. Source of the noise model: EMVA 1288.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.training.camera import Camera
from models.training.pages import clouds
from models.training.people import Cutout, placed
from models.training.shapes import add_shape
from pipelines.media import F32, F64, U8, UNKNOWN

_KINDS = ("hand", "stick", "strands", "book", "cloth")
_SCENE_SHAPES = (0.55, 0.5, 0.5, 0.25, 0.12)  # how often each kind is added to a person
_BORDER_DOUBT = 80  # quarter codes, at the LCD's frame
Rng = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """rgb, plate, fgr: u8 (h, w, 3). doubt (quarter codes), room and pha: u8 (h, w). All as the camera codes
    them.

    fgr: the person's own straight colour, spread beyond their edge. room, tone: of media.Prediction.
    """

    rgb: U8
    plate: U8
    doubt: U8
    room: U8
    pha: U8
    fgr: U8
    tone: F32


@dataclass(frozen=True, slots=True, eq=False)
class _World:
    """What is there without anybody. light: f32 (h, w, 3); room: the part of it that comes from the lamps,
    which somebody's shadow can take. lcd, frame: share of a pixel, f32 (h, w, 1).
    """

    light: F32
    room: F32
    lcd: F32
    frame: F32


def make_scene(
    rng: Rng, size_hw: tuple[int, int], pages: Sequence[U8], people: Sequence[Cutout], *, close: bool = False
) -> Scene:
    """close: a small scene of a few shapes, for much variety at little cost."""
    world = _world(rng, size_hw, pages[int(rng.integers(len(pages)))])
    person = np.zeros((*size_hw, 4), np.float32)
    if rng.random() < (0.55 if close else 0.97):
        person = placed(people[int(rng.integers(len(people)))], size_hw, float(world.light.mean()), rng)
    if close:
        kinds = list(rng.choice(_KINDS, int(rng.integers(1, 3)), p=[0.28, 0.28, 0.24, 0.1, 0.1]))
    else:
        kinds = [kind for kind, share in zip(_KINDS, _SCENE_SHAPES, strict=True) if rng.random() < share]
    for kind in kinds:
        person = add_shape(kind, person, world.light, rng)
    if rng.random() < 0.2:
        person = _moving(person, rng)
    return _photographed(world, person, rng)


def _world(rng: Rng, size_hw: tuple[int, int], page: U8) -> _World:
    """A part of the LCD, often with its frame and the wall in sight; linear light."""
    height, width = size_hw
    scale = float(rng.uniform(0.45, 1.1))
    angle, shear = np.deg2rad(rng.uniform(-2, 2)), rng.uniform(-0.06, 0.06, 2)
    turn = scale * np.array(
        [[np.cos(angle), shear[0] - np.sin(angle)], [shear[1] + np.sin(angle), np.cos(angle)]]
    )
    page_h, page_w = page.shape[:2]
    at = rng.uniform((0.12 * page_w, 0.15 * page_h), (0.88 * page_w, 0.85 * page_h))
    matrix = np.column_stack([turn, rng.uniform((0.1, 0.1), (0.9, 0.9)) * (width, height) - turn @ at])
    light = (page / np.float32(255)) ** np.float32(rng.uniform(2.1, 2.3)) + np.float32(0.003)
    if scale < 1:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.35 / scale))
    shown = cv2.warpAffine(light, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    lcd, framed = _covered(matrix, (page_w, page_h), size_hw)
    mix = np.eye(3) * 0.92 + rng.uniform(0, 0.05, (3, 3))
    tint = np.array([1, rng.uniform(0.93, 1.05), rng.uniform(0.9, 1.1)]) * rng.uniform(0.4, 1.1)
    panel = shown @ mix.T.astype(np.float32) * tint.astype(np.float32)
    veil = np.float32(rng.uniform(0.005, 0.07)) * (1 + 0.3 * clouds(rng, size_hw, 400))
    if rng.random() < 0.15:
        veil = veil + np.float32(rng.uniform(0.03, 0.25)) * _bump(rng, size_hw)
    wall = rng.uniform(0.05, 0.5) * np.array([1, rng.uniform(0.9, 1), rng.uniform(0.8, 1.05)])
    wall = wall * (1 + 0.03 * clouds(rng, size_hw, 60) + 0.012 * clouds(rng, size_hw, 3))
    room = veil * lcd + np.float32(0.02) * (framed - lcd) + wall * (1 - framed)
    everything: F32 = np.asarray(panel * lcd + room, np.float32)
    return _World(everything, np.asarray(room, np.float32), lcd, framed)


def _photographed(world: _World, person: F32, rng: Rng) -> Scene:
    """Light of person and world into the camera; then what the box would predict of the world alone."""
    camera = Camera.random(rng)
    alpha = person[..., 3:]
    size_hw = (alpha.shape[0], alpha.shape[1])
    bad = float(rng.random() ** 1.5)  # how wrong the plate is, all in all
    own = _lit(person, world, rng)
    behind = (world.light - _shadow(alpha[..., 0], rng) * world.room) * _moire(rng, size_hw)
    behind = behind * (1 + bad * 0.03 * clouds(rng, size_hw, 120)) + bad * 0.006 * clouds(rng, size_hw, 90)
    if rng.random() < 0.08:
        behind = behind + np.float32(rng.uniform(0.01, 0.12)) * _bump(rng, size_hw)  # a glare nobody learnt
    gain = 1 + bad * rng.uniform(-0.03, 0.03)
    seen = camera.lens(np.asarray((own + (1 - alpha) * behind) * gain, np.float32))
    cover = camera.lens(np.ascontiguousarray(alpha))
    cover = cover.reshape(size_hw)
    straight = (
        camera.lens(np.asarray(own, np.float32)) * np.float32(gain) / np.maximum(cover, 0.02)[..., None]
    )
    fgr = camera.coded(_spread(np.asarray(straight, np.float32), cover))
    plate, doubt = _predicted(world, camera, bad, rng)
    pha = np.asarray(np.clip(cover, 0, 1) * 255 + 0.5, np.uint8)
    rgb = camera.shot(np.asarray(seen, np.float32), rng)
    return Scene(rgb, plate, doubt, _lamps(world, rng), pha, fgr, camera.measured(rng))


def _lamps(world: _World, rng: Rng) -> U8:
    """The lamps' share of the light, as the box takes it: on the LCD only roughly."""
    share = world.room.mean(axis=2) / np.maximum(world.light.mean(axis=2), 1e-4)
    rough = share * rng.uniform(0.6, 1.5) + rng.uniform(-0.02, 0.04)
    share = np.where(world.lcd[..., 0] > 0.5, rough, share)
    return np.asarray(np.clip(share, 0, 1) * 255, np.uint8)


def _lit(person: F32, world: _World, rng: Rng) -> F32:
    """The person's premultiplied light in this room, with a little of the screen's on their edge."""
    size_hw = person.shape[:2]
    lamp = np.float32(rng.uniform(0.45, 0.95)) * (1 + 0.1 * clouds(rng, (size_hw[0], size_hw[1]), 200))
    glow = cv2.resize(world.light, (size_hw[1] // 8, size_hw[0] // 8), interpolation=cv2.INTER_AREA)
    glow = cv2.resize(cv2.GaussianBlur(glow, (0, 0), 6), (size_hw[1], size_hw[0]))
    alpha = person[..., 3:]
    rim = np.clip(1 - cv2.GaussianBlur(person[..., 3], (0, 0), 9), 0, 1)[..., None]
    own = person[..., :3] * lamp + glow * rim * alpha * np.float32(rng.uniform(0, 0.25))
    return np.asarray(own + glow * person[..., :3] * np.float32(0.04), np.float32)


def _shadow(alpha: F32, rng: Rng) -> F32:
    """Share of the room's light that is taken, f32 (h, w, 1): beside, below and around whoever stands there.

    On a dark page the room's light on the glass is most of what the camera sees.
    """
    if rng.random() < 0.15:
        return np.zeros((*alpha.shape, 1), np.float32)
    height, width = alpha.shape
    small = cv2.resize(alpha, (max(width // 8, 4), max(height // 8, 4)), interpolation=cv2.INTER_AREA)
    moved = np.roll(small, (int(rng.integers(-2, 6)), int(rng.integers(-7, 8))), (0, 1))
    soft = cv2.resize(cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(1.2, 6))), (width, height))
    return np.asarray(soft[..., None] * rng.uniform(0, 0.65), np.float32)


def _predicted(world: _World, camera: Camera, bad: float, rng: Rng) -> tuple[U8, U8]:
    """The plate, and how far it is to be doubted."""
    size_hw = world.lcd.shape[:2]
    spread = 1.2 if rng.random() < 0.05 else 0.22 * bad + 0.04
    dx, dy = rng.normal(0, spread, 2)
    shift = np.array([[1, 0, dx], [0, 1, dy]])
    light = cv2.warpAffine(
        world.light, shift, (size_hw[1], size_hw[0]), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_LINEAR
    )
    light = camera.lens(np.asarray(light, np.float32), float(rng.uniform(0.85, 1.15)))
    worse = 4 if rng.random() < 0.04 else 1
    light = light * (1 + bad * worse * rng.uniform(-0.02, 0.02, 3)) + bad * rng.uniform(-0.004, 0.004, 3)
    plate = camera.coded(np.asarray(light, np.float32))
    border = cv2.dilate(
        np.asarray((world.lcd > 0.02) & (world.lcd < 0.98), np.uint8), np.ones((5, 5), np.uint8)
    )
    doubt = np.full(size_hw, int(rng.integers(0, 9)), np.uint8)
    doubt[world.frame[..., 0] < 0.98] = int(rng.integers(2, 16))
    doubt[border > 0] = _BORDER_DOUBT
    if rng.random() < 0.3:
        doubt[world.lcd[..., 0] < 0.5] = UNKNOWN
    elif rng.random() < 0.4:  # a wall that was seen only in part so far
        hidden = clouds(rng, (size_hw[0], size_hw[1]), 160)[..., 0] > rng.uniform(-0.5, 1)
        doubt[(world.lcd[..., 0] < 0.5) & hidden] = UNKNOWN
    if rng.random() < 0.04:
        doubt[:] = UNKNOWN
    return plate, np.asarray(doubt, np.uint8)


def _covered(matrix: F64, page_wh: tuple[int, int], size_hw: tuple[int, int]) -> tuple[F32, F32]:
    """Share of each pixel that is LCD, and that is LCD or its frame: f32 (h, w, 1)."""
    shares = []
    for margin in (0, 22):
        width, height = page_wh
        low, high = -0.5 - margin, np.array([width, height]) - 0.5 + margin
        corners = np.array([[low, low], [high[0], low], [high[0], high[1]], [low, high[1]]])
        fine = (corners @ matrix[:, :2].T + matrix[:, 2]) * 16
        mask = np.zeros(size_hw, np.uint8)
        cv2.fillConvexPoly(mask, np.rint(fine).astype(np.int32), (255,), cv2.LINE_AA, 4)
        shares.append(np.asarray(mask[..., None] / np.float32(255), np.float32))
    return shares[0], shares[1]


def _moving(person: F32, rng: Rng) -> F32:
    """Motion blur along a straight way."""
    length, angle = float(rng.uniform(2, 14)), rng.uniform(0, np.pi)
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    middle, reach = size // 2, length / 2 * np.array([np.cos(angle), np.sin(angle)])
    ends = [[round(float(middle + sign * v)) for v in reach] for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], (1.0,))
    return np.asarray(cv2.filter2D(person, -1, kernel / kernel.sum()), np.float32)


def _bump(rng: Rng, size_hw: tuple[int, int]) -> F32:
    y, x = np.mgrid[0 : size_hw[0], 0 : size_hw[1]].astype(np.float32)
    at, reach = rng.uniform((0, 0), size_hw[::-1]), rng.uniform(60, 320, 2)
    bump = np.exp(-(((x - at[0]) / reach[0]) ** 2) - ((y - at[1]) / reach[1]) ** 2)
    return np.asarray(bump[..., None], np.float32)


def _moire(rng: Rng, size_hw: tuple[int, int]) -> F32:
    y, x = np.mgrid[0 : size_hw[0], 0 : size_hw[1]].astype(np.float32)
    f = rng.uniform(-0.75, 0.75, 4)
    waves = np.sin(x * f[0] + y * f[1]) * np.sin(x * f[2] + y * f[3])
    return np.asarray(1 + rng.uniform(0, 0.02) * (rng.random() < 0.5) * waves[..., None], np.float32)


def _spread(straight: F32, cover: F32) -> F32:
    """Colour carried a little beyond where alpha is too small to tell it."""
    weight = np.asarray(np.clip(cover, 0, 1) ** 2, np.float32)[..., None]
    blurred = cv2.GaussianBlur(straight * weight, (0, 0), 4) / np.maximum(
        cv2.GaussianBlur(weight, (0, 0), 4)[..., None], 1e-4
    )
    sure = np.clip(cover * 4 - 0.2, 0, 1)[..., None]
    return np.asarray(straight * sure + blurred * (1 - sure), np.float32)
