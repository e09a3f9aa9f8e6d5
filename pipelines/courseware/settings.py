"""What an operator may choose about the courseware."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CoursewareSettings(BaseModel):
    """[courseware]: what the LCD shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(
        "demo",
        description='A PDF, an image, a folder of images, a video file, or "demo" for the built-in lesson.',
    )
