"""Ink on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from pipelines.ink import Hand, InkColour, Tool

Share = Annotated[float, Field(ge=-0.5, le=1.5, allow_inf_nan=False)]
Points = Annotated[
    list[tuple[Share, Share]],
    Field(min_length=1, max_length=400, description="x, y: shares of the page's width and height."),
]
Index = Annotated[int, Query(ge=0, le=100_000, description="Of the courseware that is open, from 0.")]
PageIndex = Annotated[int, Field(ge=0, le=100_000, description="The page that was drawn on, from 0.")]


class StrokeBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "page": 0,
                    "tool": "pen",
                    "colour": "vermillion",
                    "width": 0.006,
                    "points": [[0.2, 0.3], [0.4, 0.3]],
                }
            ]
        },
    )

    page: PageIndex
    tool: Tool = Field(Tool.PEN, description="pen covers; marker lets the page shine through.")
    colour: InkColour = "vermillion"
    width: float = Field(0.006, ge=0.001, le=0.1, description="Share of the page's height.")
    points: Points


class StrokeGrowth(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"page": 0, "points": [[0.45, 0.31], [0.5, 0.33]]}]}
    )

    page: PageIndex
    points: Points


class PointerBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "spotlight", "x": 0.5, "y": 0.4, "radius": 0.2}]},
    )

    kind: Literal["laser", "spotlight"]
    x: Share
    y: Share
    radius: float = Field(0.18, ge=0.02, le=1, description="Of the spotlight: share of the page's height.")


class StrokeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    stroke_id: str
    tool: Tool
    colour: InkColour
    width: float
    points: list[tuple[float, float]]
    by: Hand = Field(description="Whose token it was drawn with.")


class InkOut(BaseModel):
    page: int = Field(description="From 0.")
    strokes: list[StrokeOut] = Field(description="In the order of drawing.")
    can_undo: bool
    colours: dict[str, str] = Field(description="The colours by name, as #rrggbb.")


class ShownOut(BaseModel):
    """The page that may be drawn on."""

    page: int = Field(description="From 0.")
    count: int = Field(description="Of pages; 0: there is none.")
    revision: int = Field(description="Grows with every change of the page.")
    ink_revision: int = Field(description="Grows with every change of the ink.")
    can_undo: bool = Field(description="By this token.")
