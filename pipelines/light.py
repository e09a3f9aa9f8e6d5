"""sRGB codes to linear light and back, by table (IEC 61966-2-1:1999, clause 5).

Mixing must happen in linear light: half a dark hair over a white page lets half of the light through,
which is code 188, not 128. Mixed in codes, hair looks too dark on white and too bright on black.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.media import F64, U8, freeze

U16 = npt.NDArray[np.uint16]

# 16 bits: near black one code is worth 20 steps, so codes survive the way there and back, and the
# rounding of a mixture is off by less than 0.03 codes.
LINEAR_MAX = 65_535


def linear_from_srgb(coded: npt.NDArray[np.floating[Any]]) -> F64:
    """sRGB-coded 0..1 to linear light 0..1, any shape."""
    coded = np.asarray(coded, np.float64)
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: npt.NDArray[np.floating[Any]]) -> F64:
    """Linear light 0..1 to sRGB-coded 0..1, any shape."""
    linear = np.asarray(linear, np.float64)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _linear_of_code() -> U16:
    return np.rint(linear_from_srgb(np.arange(256) / 255) * LINEAR_MAX).astype(np.uint16)


def _code_of_linear() -> U8:
    return np.rint(srgb_from_linear(np.arange(LINEAR_MAX + 1) / LINEAR_MAX) * 255).astype(np.uint8)


LINEAR_OF_CODE: U16 = _linear_of_code()
"""u16 (256,): linear light of each 8-bit code."""

CODE_OF_LINEAR: U8 = _code_of_linear()
"""u8 (65536,): nearest 8-bit code of each linear light."""

freeze(LINEAR_OF_CODE)
freeze(CODE_OF_LINEAR)
