"""Where the page is in the camera's picture: the lens, and the homography behind it. Pixels as in `media`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.media import F32, F64, SizeWh, freeze


@dataclass(frozen=True, slots=True)
class Lens:
    """Radial distortion, bent = flat (1 + k1 r^2 + k2 r^4): Brown, "Close-range camera calibration" (1971).

    Lengths are shares of the picture's width, so that a lens serves every size of the same picture: focal,
    and the middle of the distortion centre_xy, counted from the picture's middle.
    """

    focal: float
    k1: float
    k2: float
    centre_xy: tuple[float, float] = (0.0, 0.0)

    def flatten(self, pixels: F64, size_wh: SizeWh) -> F64:
        """(..., 2) camera pixels to those of a camera with the same focal length and no distortion."""
        flat = bent = self._shares(pixels, size_wh)
        for _ in range(10):  # fixed point, 1e-9 for |k1| up to 0.3
            r2 = (flat**2).sum(-1, keepdims=True)
            flat = bent / (1 + self.k1 * r2 + self.k2 * r2 * r2)
        return self._pixels(flat, size_wh)

    def bend(self, pixels: F64, size_wh: SizeWh) -> F64:
        """The inverse of `flatten`, exact."""
        flat = self._shares(pixels, size_wh)
        r2 = (flat**2).sum(-1, keepdims=True)
        return self._pixels(flat * (1 + self.k1 * r2 + self.k2 * r2 * r2), size_wh)

    def _shares(self, pixels: F64, size_wh: SizeWh) -> F64:
        return np.asarray((pixels - self._middle(size_wh)) / (self.focal * size_wh[0]), np.float64)

    def _pixels(self, shares: F64, size_wh: SizeWh) -> F64:
        return np.asarray(shares * (self.focal * size_wh[0]) + self._middle(size_wh), np.float64)

    def _middle(self, size_wh: SizeWh) -> F64:
        middle = (np.array(size_wh, np.float64) - 1) / 2 + np.array(self.centre_xy) * size_wh[0]
        return np.asarray(middle, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Where the page is in the camera's picture.

    page_from_camera: f64 (3, 3), camera pixel (x, y, 1) to page pixel, for exactly the two sizes given; with
    a lens that bends straight lines, the homography that fits best. lens, page_from_flat: the distortion, and
    the homography f64 (3, 3) for pixels that `lens.flatten` made; both or neither. source: "simulated" (the
    truth), "corners" (four corners from the operator). tone: the light that each of the camera's codes stands
    for, f32 (256,), rising, that of a power of 2.2 at code 128,
    frozen here; None where it was not measured.
    """

    page_from_camera: F64
    camera_size_wh: SizeWh
    page_size_wh: SizeWh
    source: str
    lens: Lens | None = None
    page_from_flat: F64 | None = None
    tone: F32 | None = None

    def __post_init__(self) -> None:
        if self.tone is not None:
            freeze(self.tone)

    def for_sizes(self, camera_size_wh: SizeWh, page_size_wh: SizeWh) -> F64:
        """page_from_camera for other sizes of the same pictures (half-pixel centres kept), f64 (3, 3)."""
        return self._for_sizes(self.page_from_camera, camera_size_wh, page_size_wh)

    def to_page(self, camera_xy: F64, camera_size_wh: SizeWh, page_size_wh: SizeWh) -> F64:
        """(..., 2) pixels of the camera's picture to page pixels, the lens included."""
        flat = camera_xy if self.lens is None else self.lens.flatten(camera_xy, camera_size_wh)
        return _mapped(self.flat_for_sizes(camera_size_wh, page_size_wh), flat)

    def to_camera(self, page_xy: F64, camera_size_wh: SizeWh, page_size_wh: SizeWh) -> F64:
        """The inverse of `to_page`. Raises numpy.linalg.LinAlgError for a calibration that has none."""
        exact = np.asarray(np.linalg.inv(self.flat_for_sizes(camera_size_wh, page_size_wh)), np.float64)
        flat = _mapped(exact, page_xy)
        return flat if self.lens is None else self.lens.bend(flat, camera_size_wh)

    def flat_for_sizes(self, camera_size_wh: SizeWh, page_size_wh: SizeWh) -> F64:
        """page_from_flat for other sizes; page_from_camera where there is no lens. f64 (3, 3)."""
        matrix = self.page_from_camera if self.page_from_flat is None else self.page_from_flat
        return self._for_sizes(matrix, camera_size_wh, page_size_wh)

    def _for_sizes(self, matrix: F64, camera_size_wh: SizeWh, page_size_wh: SizeWh) -> F64:
        page = _resize(self.page_size_wh, page_size_wh)
        camera = _resize(camera_size_wh, self.camera_size_wh)
        return page @ matrix @ camera


def _mapped(matrix: F64, points: F64) -> F64:
    """(..., 2) points through a homography f64 (3, 3)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:], np.float64)


def _resize(from_wh: SizeWh, to_wh: SizeWh) -> F64:
    """Pixel centres of a picture of from_wh to those of the same picture resized to to_wh, f64 (3, 3)."""
    sx, sy = to_wh[0] / from_wh[0], to_wh[1] / from_wh[1]
    return np.array([[sx, 0.0, (sx - 1) / 2], [0.0, sy, (sy - 1) / 2], [0.0, 0.0, 1.0]])
