"""The scene over the wire, with the words of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.media import Corner, Layout

Place = Annotated[
    tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0.1, le=2)]],
    Field(description="x, y as shares of the programme."),
]


TransitionMs = Annotated[
    int,
    Field(
        ge=0,
        le=2000,
        description="How long page and teacher move to this scene, for once; 0: not at all. Left out, as "
        "`programme.transition_ms` says. Slates and the camera's picture are always there at once.",
    ),
]


class SceneBody(BaseModel):
    """How the programme is put together."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"layout": "aligned", "text_fade": 0.6},
                {"layout": "slate", "slate_text": "Break"},
            ]
        },
    )

    layout: Layout = Field(
        Layout.ALIGNED, description="aligned: the teacher in front of the page, pointing right."
    )
    corner: Corner = Field(Corner.BOTTOM_RIGHT, description="Where the teacher stands in the corner layout.")
    scale: float = Field(
        0.6, ge=0.1, le=1.0, description="Teacher's height in the corner layout / programme's."
    )
    opacity: float = Field(1.0, ge=0.0, le=1.0, description="Opacity of the teacher.")
    mirror: bool = Field(False, description="Left and right swapped, in the camera and corner layouts.")
    slate_text: str = Field("", max_length=200, description="Text of the slate layout.")
    place_xy: Place | None = Field(
        None,
        description="Where the teacher's feet stand in the corner layout, instead of at the corner: shares "
        "of the programme's width and height. Over 1 they are below its edge. null: at the corner.",
    )
    text_fade: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="How far the teacher's body fades where it hides writing of the page, in the layouts "
        "aligned and corner. Hands, and what they hold, do not fade.",
    )
    pane_share: float = Field(
        0.28,
        ge=0.2,
        le=0.5,
        description="The teacher's share of the width in the layout side by side, on the side of `corner`.",
    )
    cut_out: bool = Field(
        False, description="Side by side, the teacher alone is shown instead of the camera's picture."
    )
    transition_ms: TransitionMs | None = None


class SceneChange(BaseModel):
    """Any fields of the scene; the others stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"layout": "corner", "corner": "bottom_left", "scale": 0.4},
                {"layout": "corner", "place_xy": [0.8, 1.0], "scale": 0.5},
                {"layout": "beside", "corner": "top_right", "pane_share": 0.3},
                {"layout": "courseware", "transition_ms": 0},
            ]
        },
    )

    layout: Layout | None = None
    corner: Corner | None = None
    scale: float | None = Field(None, ge=0.1, le=1.0)
    opacity: float | None = Field(None, ge=0.0, le=1.0)
    mirror: bool | None = None
    slate_text: str | None = Field(None, max_length=200)
    place_xy: Place | None = Field(None, description="null: back to the corner.")
    text_fade: float | None = Field(None, ge=0.0, le=1.0)
    pane_share: float | None = Field(None, ge=0.2, le=0.5)
    cut_out: bool | None = None
    transition_ms: TransitionMs | None = None

    def given(self) -> dict[str, Any]:
        """The fields to change."""
        sent = self.model_dump(exclude_unset=True)
        return {name: value for name, value in sent.items() if value is not None or name == "place_xy"}


class SceneOut(SceneBody):
    model_config = ConfigDict(from_attributes=True, json_schema_extra=None)

    number: int = Field(description="Grows with every change.")
