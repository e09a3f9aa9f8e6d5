"""A camera by chance: lens blur, noise, tone curve, sharpening, compression; what a calibration finds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.light import LIGHT
from pipelines.media import F32, U8

_STEPS = 65_536
_MOST_LIGHT = 1.6
_SHARPENING = 0.45
_UNMEASURED = 0.2  # of the cameras: calibrated by corners or on a page of few greys
_KNOTS, _OFF_CODES = 7, 1.2  # by which a measured tone curve is off
_MIDDLE = 128  # code at which Calibration.tone holds its scale
Rng = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """curve: f32 (65536,), light 0 to 1.6 -> code 0 to 1. sigma_px: of lens and sensor. quality: of the
    compression, 0 for none."""

    curve: F32
    sigma_px: float
    noise: float
    sharpens: bool
    quality: int

    @classmethod
    def random(cls, rng: Rng) -> Camera:
        gamma, knee, bend = rng.uniform(2.0, 2.3), rng.uniform(0.05, 0.16), rng.uniform(-0.03, 0.03)
        code = np.linspace(0, _MOST_LIGHT, _STEPS) ** (1 / gamma)
        code = code / (1 + knee * code**3.6) * (1 + knee * 0.7)
        code = code + bend * np.sin(np.pi * np.clip(code, 0, 1)) ** 2
        curve = np.asarray(np.clip(np.maximum.accumulate(code), 0, 1), np.float32)
        quality = int(rng.uniform(74, 97)) if rng.random() < 0.75 else 0
        return cls(
            curve,
            float(rng.uniform(0.55, 1.1)),
            float(rng.uniform(0.4, 1.9)),
            bool(rng.random() < 0.25),
            quality,
        )

    def lens(self, light: F32, factor: float = 1.0) -> F32:
        """Blurred as the lens does it; factor: where its blur is known only roughly."""
        return np.asarray(cv2.GaussianBlur(light, (0, 0), self.sigma_px * factor), np.float32)

    def coded(self, light: F32) -> U8:
        """Light to codes u8, without noise, sharpened if this camera does so."""
        return self._rounded(self._sharpened(self._tone(light)))

    def shot(self, light: F32, rng: Rng) -> U8:
        """A picture: noise, codes, compression."""
        grain = rng.standard_normal(light.shape, dtype=np.float32)
        deviation = np.sqrt(np.clip(light, 0, None) * np.float32(2.2e-4) + np.float32(2e-6))
        noisy = light + grain * deviation * np.float32(self.noise)
        rgb = self._rounded(self._sharpened(self._tone(noisy)))
        if not self.quality:
            return rgb
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        return np.asarray(
            cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB), np.uint8
        )

    def measured(self, rng: Rng) -> F32:
        """Calibration.tone as it would be found: a little off. A pure power where it was not."""
        if rng.random() < _UNMEASURED:
            return LIGHT
        off = np.interp(np.arange(256), np.linspace(0, 255, _KNOTS), rng.normal(0, _OFF_CODES, _KNOTS))
        codes = np.clip(np.arange(256) + off, 0, 255) / 255
        light = np.searchsorted(self.curve, codes) * (_MOST_LIGHT / (_STEPS - 1))
        rising = np.maximum.accumulate(light) + 1e-6 * np.arange(256)
        return np.asarray(rising * (LIGHT[_MIDDLE] / rising[_MIDDLE]), np.float32)

    def _tone(self, light: F32) -> F32:
        index = np.clip(light, 0, _MOST_LIGHT - 1e-3) * np.float32((_STEPS - 1) / _MOST_LIGHT) + np.float32(
            0.5
        )
        return np.asarray(self.curve[index.astype(np.uint16)], np.float32)

    def _sharpened(self, code: F32) -> F32:
        if not self.sharpens:
            return code
        soft = cv2.GaussianBlur(code, (0, 0), 1.1)
        return np.asarray(np.clip(code + np.float32(_SHARPENING) * (code - soft), 0, 1), np.float32)

    @staticmethod
    def _rounded(code: F32) -> U8:
        return np.asarray(np.clip(code, 0, 1) * 255 + 0.5, np.uint8)
