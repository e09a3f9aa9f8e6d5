"""The calibration in the state folder: one JSON file that survives restarts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.alignment import Calibration, Lens
from pipelines.calibration.report import Report
from pipelines.media import F64, SizeWh
from pipelines.saying import said

FILE_NAME = "calibration.json"
_MAX_BYTES = 1_000_000

Finite = Annotated[float, Field(allow_inf_nan=False)]
Row = tuple[Finite, Finite, Finite]
Matrix = tuple[Row, Row, Row]
Light = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Size = tuple[Annotated[int, Field(ge=16, le=16_384)], Annotated[int, Field(ge=16, le=16_384)]]


class CalibrationDamaged(ValueError):
    """The stored calibration cannot be read; the text names the file, the fault and the mend."""


class StoredLens(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    focal: Annotated[float, Field(gt=0, lt=100)]
    k1: Finite
    k2: Finite
    centre_xy: tuple[Finite, Finite]


class StoredCalibration(BaseModel):
    """What the file holds. Matrices row by row; see alignment.Calibration. tone: none in files of before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    camera_size_wh: Size
    page_size_wh: Size
    source: Literal["pattern", "courseware"]
    page_from_camera: Matrix
    page_from_flat: Matrix
    lens: StoredLens
    tone: Annotated[tuple[Light, ...], Field(min_length=256, max_length=256)] | None = None
    report: Report

    @classmethod
    def of(cls, calibration: Calibration, report: Report) -> StoredCalibration:
        lens = calibration.lens
        if lens is None or calibration.page_from_flat is None:
            raise ValueError("only calibrations with a lens are stored")
        return cls.model_validate(
            {
                "camera_size_wh": calibration.camera_size_wh,
                "page_size_wh": calibration.page_size_wh,
                "source": calibration.source,
                "page_from_camera": calibration.page_from_camera.tolist(),
                "page_from_flat": calibration.page_from_flat.tolist(),
                "lens": {"focal": lens.focal, "k1": lens.k1, "k2": lens.k2, "centre_xy": lens.centre_xy},
                "tone": None if calibration.tone is None else calibration.tone.tolist(),
                "report": report.model_dump(),
            }
        )

    def calibration(self) -> Calibration:
        lens = Lens(self.lens.focal, self.lens.k1, self.lens.k2, self.lens.centre_xy)
        return Calibration(
            _matrix(self.page_from_camera),
            self.camera_size_wh,
            self.page_size_wh,
            self.source,
            lens,
            _matrix(self.page_from_flat),
            None if self.tone is None else np.array(self.tone, np.float32),
        )

    def fits(self, camera_size_wh: SizeWh) -> bool:
        """May it be used for pictures of this size? The same picture resized: yes; another shape: no."""
        (width, height), (w, h) = self.camera_size_wh, camera_size_wh
        return abs(width * h - height * w) <= 2 * max(width, w)


def store(path: Path, stored: StoredCalibration) -> None:
    """Replaces the file in one step, readable by its owner alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(stored.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load_stored(path: Path) -> StoredCalibration | None:
    """None when there is no file. Raises CalibrationDamaged."""
    mend = said("calibrate_or_remove", "calibrate again, or remove the file")
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CalibrationDamaged(
                said(
                    "stored_too_large",
                    "{path} is too large for a calibration: {mend}",
                    path=str(path),
                    mend=mend,
                )
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CalibrationDamaged(
            said(
                "stored_unreadable",
                "{path} cannot be read ({why}): {mend}",
                path=str(path),
                why=str(error),
                mend=mend,
            )
        ) from error
    try:
        stored = StoredCalibration.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CalibrationDamaged(
            said(
                "stored_damaged",
                "{path} is damaged ({why}): {mend}",
                path=str(path),
                why=f"{where}: {first['msg']}",
                mend=mend,
            )
        ) from error
    if stored.tone is not None and (np.diff(np.array(stored.tone, np.float32)) < 0).any():
        raise CalibrationDamaged(
            said("stored_tone", "{path} holds a tone curve that falls: {mend}", path=str(path), mend=mend)
        )
    for matrix in (stored.page_from_camera, stored.page_from_flat):
        if abs(np.linalg.det(_matrix(matrix))) < 1e-12:
            raise CalibrationDamaged(
                said(
                    "stored_flat",
                    "{path} holds a matrix that squeezes the page flat: {mend}",
                    path=str(path),
                    mend=mend,
                )
            )
    return stored


def forget(path: Path) -> bool:
    """Removes the file; False when there was none."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _matrix(rows: Matrix) -> F64:
    return np.array(rows, np.float64)
