"""What an operator may choose about the courseware."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

DEMO: Final = "demo"
DEMO_PDF: Final = Path(__file__).parent / "assets" / "demo.pdf"


class CoursewareSettings(BaseModel):
    """[courseware]: what the LCD shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(
        "demo",
        description="A PDF, an image, a folder of images, a video file, v4l2:/dev/video2 (a capture card), "
        'x11::0 (a screen of this machine), or "demo" for the built-in lesson.',
    )
    sound: bool = Field(True, description="Films and shared screens are heard with the teacher.")
