"""How much light a code stands for: what mixes is light, and every camera bends it as it codes it.

Where the camera's tone curve was measured (`Calibration.tone`), these tables are its own. Else they are those
of a pure power, which is right in the middle of most cameras' curves and wrong towards their white.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.media import F32, U8, freeze

CODE_STEPS = 4096
POWER = 2.2
_LEAST_SLOPE = 1e-4
_PURE_OFF = 0.08


class Tables(NamedTuple):
    """light: of each code, f32 (256,), see Calibration.tone. slope: of light, by a code, f32 (256,). code: of
    light in CODE_STEPS from 0 to that of the last code, u8 (CODE_STEPS,). Frozen. off: by how much an alpha
    of a half that is unmixed in this light is wrong for the curve's sake, one standard deviation.
    """

    light: F32
    slope: F32
    code: U8
    off: np.float32

    @classmethod
    def of(cls, light: F32, off: float = 0.0) -> Tables:
        """light: rising, f32 (256,)."""
        codes = np.interp(np.linspace(0, light[-1], CODE_STEPS), light, np.arange(256))
        # Of a flat end of a curve a code tells nothing, which is not to say that it tells it exactly.
        slope = np.maximum(np.gradient(np.asarray(light, np.float64)), _LEAST_SLOPE)
        tables = np.array(light), np.asarray(slope, np.float32), np.asarray(np.rint(codes), np.uint8)
        for table in tables:
            freeze(table)
        return cls(*tables, np.float32(off))


PURE = Tables.of(np.asarray((np.arange(256) / 255) ** POWER, np.float32), _PURE_OFF)
LIGHT = PURE.light
