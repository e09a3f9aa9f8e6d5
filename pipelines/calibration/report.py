"""What a calibration found, in numbers and words: the JSON of the API and of `classroom calibrate`."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.saying import Said, Value, from_json, said, to_json

Kind = Literal["pattern", "courseware"]
Verdict = Literal["good", "warning", "refused"]

LCD_WIDTH_M = 1.905  # 86 inches, 16:9
PARALLAX_CM = (2, 5, 10)
PARALLAX_PAGE_PX = 1920


class Finding(BaseModel):
    """One thing that was looked at. mend: what to do about it, empty when it is good. code, mend_code: which
    sentences these are, values: what they were filled with (`saying.to_json`); empty in what an earlier box
    stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Verdict
    text: str
    mend: str = ""
    code: str = ""
    mend_code: str = ""
    values: dict[str, Any] = {}


def found(verdict: Verdict, text: Said, mend: str = "") -> Finding:
    """A finding; mend: a Said, or nothing."""
    values: dict[str, Value] = {**text.values, **(mend.values if isinstance(mend, Said) else {})}
    mend_code = mend.code if isinstance(mend, Said) else ""
    return Finding(
        verdict=verdict, text=text, mend=mend, code=text.code, mend_code=mend_code, values=to_json(values)
    )


def sentence(finding: Finding) -> Said:
    """What was found and what to do, in one."""
    values = from_json(finding.values)
    return said(
        "found_and_mend",
        "{text}: {mend}.",
        text=Said(finding.text, finding.code, values),
        mend=Said(finding.mend, finding.mend_code, values),
    )


class Report(BaseModel):
    """Lengths in camera pixels where the name does not say otherwise. None: not measured.

    points: corners or features that the solution rests on, of points_of that there are. rms_px: distance
    between seen and predicted. outline_px: expected error of the LCD's border. photometric_codes: picture
    minus prediction, of 255. noise_codes: (level, sigma) pairs. delay_ms: shown_ns to light in the camera.
    angle: of the line from the LCD's middle to the camera, off the LCD's normal; right and down as the
    audience sees it. moved_px: of the camera between beginning and end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    made_at: str = Field(description="ISO 8601, UTC.")
    camera_wh: tuple[int, int]
    page_wh: tuple[int, int]
    points: int
    points_of: int
    rms_px: float
    outline_px: float
    lcd_width_share: float = Field(description="Of the picture's width.")
    lcd_in_picture: bool = Field(description="Is the whole LCD in the picture?")
    angle_deg: float
    angle_sigma_deg: float
    angle_right_deg: float
    angle_down_deg: float
    k1: float
    k2: float
    photometric_codes: float | None = None
    noise_codes: list[tuple[int, float]] = []
    blur_px: float | None = None
    clipped: float | None = Field(None, description="Share of the LCD at the top of the camera's range.")
    washed: float | None = Field(None, description="Share of the LCD that is bright whatever is shown.")
    has_tone: bool = Field(False, description="Was the camera's tone curve measured?")
    delay_ms: float | None = None
    delay_sigma_ms: float | None = None
    moved_px: float | None = None
    seconds: float = 0.0
    findings: list[Finding] = []

    @property
    def is_refused(self) -> bool:
        return any(finding.verdict == "refused" for finding in self.findings)

    def parallax_px(self) -> dict[int, float]:
        """Centimetres before the LCD -> pixels of a 1920-px page by which a fingertip misses its place."""
        slope = math.tan(math.radians(min(self.angle_deg, 80.0))) * PARALLAX_PAGE_PX / LCD_WIDTH_M
        return {cm: cm / 100 * slope for cm in PARALLAX_CM}


def finite(number: float) -> float | None:
    """None for nan: JSON has no such number."""
    return number if math.isfinite(number) else None
