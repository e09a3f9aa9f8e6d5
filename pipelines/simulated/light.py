"""Light and codes: what the LCD emits, how the camera codes light, how much noise a code carries.

Light is linear, in the camera's three channels; 1 is where the camera begins to saturate. Kernels keep it as
u16 with LIGHT_UNITS to 1, and codes as i16 with CODE_UNITS to one 8-bit code.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.media import F32, F64, I16, U8
from pipelines.simulated.room import Room

LIGHT_UNITS = 40_000
CODE_UNITS = 128
NOISE_SIGMA_UNITS = 32  # an i8 noise sample of 32 is one sigma
NOISE_SHIFT = 3
I8 = npt.NDArray[np.int8]
U16 = npt.NDArray[np.uint16]
I32 = npt.NDArray[np.int32]

_LCD_GAMMA = (2.18, 2.22, 2.26)
_LCD_BLACK = 0.0025
_TEACHER_LIGHT = (0.80, 0.78, 0.74)  # room light that falls on the teacher, warmer than the LCD
_MOST_LIGHT = 4.0  # within a fifth of a code of the last
_KNEE = 0.8
_TOE = 0.001  # keeps the curve from rising without bound at black, where noise would be torn up
_BLEND_STEPS = 16_384
_READ_NOISE = 0.003  # light at which shot noise equals the sensor's own noise

# What the camera's channels see of the LCD's red, green and blue.
COLOUR_MIX = np.array([[0.95, 0.08, -0.01], [0.05, 0.90, 0.05], [0.0, 0.07, 0.97]], np.float32)


def lcd_table(room: Room) -> F32:
    """Page code to light of the panel per channel: f32 (1, 256, 3) in LIGHT_UNITS, as cv2.LUT wants it."""
    codes = np.arange(256)[:, None] / 255
    light = (codes ** np.array(_LCD_GAMMA) + _LCD_BLACK) * room.bright
    return np.asarray(light[None] * LIGHT_UNITS, np.float32, order="C")


def blended(pages: Sequence[tuple[U8, float]]) -> U8:
    """The page that gives the light of several ones for their shares of an exposure, u8 (h, w, 3)."""
    codes = np.arange(256)[:, None] / 255
    light_of = np.asarray(codes ** np.array(_LCD_GAMMA), np.float32)[None]
    light = sum(np.float32(share) * cv2.LUT(rgb, light_of) for rgb, share in pages)
    steps = np.linspace(0, 1, _BLEND_STEPS)[:, None] ** (1 / np.array(_LCD_GAMMA)) * 255
    code_of = np.asarray(np.rint(steps), np.uint8)
    index = np.asarray(np.clip(light, 0, 1) * np.float32(_BLEND_STEPS - 1) + np.float32(0.5), np.uint16)
    return np.dstack([code_of[index[..., c], c] for c in range(3)])


def teacher_table(room: Room) -> F32:
    """Clip code to light under the room's lamps: f32 (256, 3) in LIGHT_UNITS."""
    codes = np.arange(256)[:, None] / 255
    return np.asarray(codes**2.2 * np.array(_TEACHER_LIGHT) * room.light * LIGHT_UNITS, np.float32)


def tone(light: F64) -> F64:
    """The camera's tone curve: light to code 0..1. Gamma, a mild S, and a soft shoulder to saturation."""
    code = (np.clip(light, 0, None) + _TOE) ** (1 / 2.2) - _TOE ** (1 / 2.2)
    code = code / ((1 + _TOE) ** (1 / 2.2) - _TOE ** (1 / 2.2))
    code = code - 0.02 * np.sin(2 * np.pi * np.clip(code, 0, 1))
    rest = 1 - _KNEE
    return np.asarray(np.where(code < _KNEE, code, _KNEE + rest * (1 - np.exp(-(code - _KNEE) / rest))))


def light_of_codes() -> F32:
    """The inverse of `tone`: light of each 8-bit code, f32 (256,), see Calibration.tone."""
    light = np.linspace(0, _MOST_LIGHT, 65_536)
    found = np.interp(np.arange(256), tone(light) * 255, light)
    return np.asarray(found * ((128 / 255) ** 2.2 / found[128]), np.float32)


def tone_table() -> I16:
    """Light in LIGHT_UNITS (u16) to code in CODE_UNITS: i16 (65536,)."""
    return np.asarray(np.rint(tone(np.arange(65536) / LIGHT_UNITS) * 255 * CODE_UNITS), np.int16)


def noise_table(room: Room) -> U8:
    """Sigma by 8-bit code: u8 (256,), sigma in codes times CODE_UNITS / NOISE_SIGMA_UNITS * 2**NOISE_SHIFT.

    Shot noise grows with the root of light; the tone curve stretches it in the dark and squeezes it near
    saturation (EMVA 1288 gives the linear model). Scaled so that room.noise is the sigma at code 128.
    """
    light = np.linspace(0, 1.6, 20_001)
    code = tone(light) * 255
    sigma = np.gradient(code, light) * np.sqrt(light + _READ_NOISE)
    sigma_by_code = np.interp(np.arange(256), code, sigma)
    scaled = sigma_by_code / sigma_by_code[128] * room.noise
    units = scaled * (CODE_UNITS / NOISE_SIGMA_UNITS * 2**NOISE_SHIFT)
    return np.asarray(np.clip(np.rint(units), 0, 255), np.uint8)


def noise_bank(height: int, width: int, rng: np.random.Generator) -> I8:
    """One large tile of noise, i8 (height, width, 3), sigma NOISE_SIGMA_UNITS.

    Neighbours and channels are slightly alike, as a colour filter array and its interpolation make them.
    """
    shape = (height, width)
    luma = rng.standard_normal(shape, dtype=np.float32)
    colour = rng.standard_normal((*shape, 3), dtype=np.float32)
    mixed = 0.8 * colour + 0.6 * luma[..., None]
    soft = mixed + 0.35 * np.roll(mixed, 1, 1) + 0.25 * np.roll(mixed, 1, 0)
    soft *= NOISE_SIGMA_UNITS / np.sqrt(1 + 0.35**2 + 0.25**2)
    return np.asarray(np.clip(np.rint(soft), -127, 127), np.int8)
