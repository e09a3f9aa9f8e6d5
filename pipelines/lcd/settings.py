"""What an operator may choose about the classroom's LCD."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

ELSEWHERE: Final = -1


class LcdSettings(BaseModel):
    """[lcd]: the screen behind the teacher, where it hangs at this box."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    screen: int = Field(
        ELSEWHERE,
        ge=ELSEWHERE,
        le=15,
        description="The screen of this box that is the LCD, from 0: the box draws the courseware there. "
        "-1: the LCD hangs at another computer. `classroom doctor` lists the screens.",
    )
    driver: Literal["auto", "kmsdrm", "x11", "wayland"] = Field(
        "auto",
        description="How it is reached: kmsdrm without a desktop, x11 or wayland on one; auto finds it.",
    )

    @property
    def is_here(self) -> bool:
        return self.screen != ELSEWHERE
