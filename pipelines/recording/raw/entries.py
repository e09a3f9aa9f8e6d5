"""What stands in a raw recording: one line of JSON for each thing that happened, in the order it happened."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pipelines.alignment import Calibration, Lens
from pipelines.ink import PageKey
from pipelines.media import U8, Delay, Page, Scene, SizeWh
from pipelines.orders import (
    Calibrate,
    DrawStroke,
    ForgetCalibration,
    OpenCourseware,
    Order,
    PointAt,
    SetFilm,
    SetInk,
    SetScene,
    ShowRecording,
    TurnCamera,
    TurnPage,
    UseCorners,
)

EVENTS = "events.jsonl"
PAGES = "pages"
VERSION: Literal[1] = 1

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Began(_Entry):
    """The first line. settings: those that the pictures depend on; scene: the one at the start."""

    kind: Literal["began"] = "began"
    version: Literal[1] = VERSION
    software: str
    provider: str
    settings: dict[str, Any]
    scene: Scene


class PageShown(_Entry):
    """A page of the courseware, the first time that anything was made from it. Its picture: pages/SHA256.png;
    sha256: of the pixels, RGB, row by row."""

    kind: Literal["page"] = "page"
    revision: int
    shown_ns: int
    index: int
    is_flip: bool
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    def page(self, rgb: U8) -> Page:
        return Page(rgb, self.revision, self.shown_ns, self.index, self.is_flip)


class CalibrationUsed(_Entry):
    """A calibration, the first time that anything was made with it; later lines name its number."""

    kind: Literal["calibration"] = "calibration"
    number: int
    page_from_camera: Matrix
    camera_size_wh: SizeWh
    page_size_wh: SizeWh
    source: str
    lens: Lens | None
    page_from_flat: Matrix | None
    tone: tuple[float, ...] | None = None  # recordings of before know none

    @classmethod
    def of(cls, number: int, calibration: Calibration) -> CalibrationUsed:
        flat = calibration.page_from_flat
        return cls(
            number=number,
            page_from_camera=calibration.page_from_camera.tolist(),
            camera_size_wh=calibration.camera_size_wh,
            page_size_wh=calibration.page_size_wh,
            source=calibration.source,
            lens=calibration.lens,
            page_from_flat=None if flat is None else flat.tolist(),
            tone=None if calibration.tone is None else calibration.tone.tolist(),
        )

    def calibration(self) -> Calibration:
        flat = self.page_from_flat
        return Calibration(
            np.array(self.page_from_camera, np.float64),
            self.camera_size_wh,
            self.page_size_wh,
            self.source,
            self.lens,
            None if flat is None else np.array(flat, np.float64),
            None if self.tone is None else np.array(self.tone, np.float32),
        )


class KnownAnew(_Entry):
    """See notes.KnownNote."""

    kind: Literal["known"] = "known"
    calibration: int | None
    delay: Delay | None


class GivenThen(_Entry):
    """See notes.Given. pages: revisions."""

    calibration: int
    delay: Delay | None
    is_off: bool
    pages: tuple[int, ...]


class FrameTaken(_Entry):
    """See notes.MatteNote. film: number of the film that the frame is the next picture of; digest: of it."""

    kind: Literal["frame"] = "frame"
    pts: int
    captured_ns: int
    film: int
    digest: str
    asked: bool
    thrifty: bool = False  # recordings of before know none that were
    answer: int | None
    given: tuple[GivenThen, ...]
    made: int | None


class Ordered(_Entry):
    """An order. number: counted from 1 over the logged ones."""

    kind: Literal["order"] = "order"
    number: int
    name: str
    order: dict[str, Any]


class Composed(_Entry):
    """See notes.TickNote. scene: number of its order, 0 for the one at the start. digest: of the picture."""

    kind: Literal["picture"] = "picture"
    tick_ns: int
    key: PageKey | None
    page: int | None
    ink: int
    matte: int | None
    scene: int
    calibration: int | None
    page_reason: str
    camera_reason: str
    light: bool
    digest: str


class Gap(_Entry):
    """Things that happened here were not noted: the disk or the processor was too slow."""

    kind: Literal["gap"] = "gap"
    dropped: int


class Ended(_Entry):
    """The last line of a log that was ended in good order. reason: "" or why it ended before the lesson."""

    kind: Literal["ended"] = "ended"
    reason: str


Entry = Began | PageShown | CalibrationUsed | KnownAnew | FrameTaken | Ordered | Composed | Gap | Ended
ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])

# Key frames, viewers and shared screens' SDP change no picture, or are none of a log's business.
LOGGED = (
    SetScene,
    TurnPage,
    OpenCourseware,
    SetFilm,
    Calibrate,
    ForgetCalibration,
    UseCorners,
    TurnCamera,
    DrawStroke,
    SetInk,
    PointAt,
    ShowRecording,
)
_ORDERS: dict[str, TypeAdapter[Any]] = {one.__name__: TypeAdapter(one) for one in LOGGED}


def ordered(number: int, order: Order) -> Ordered:
    """An order of LOGGED."""
    name = type(order).__name__
    return Ordered(number=number, name=name, order=_ORDERS[name].dump_python(order, mode="json"))


def order_of(entry: Ordered) -> Order:
    """Raises ValueError for what is none."""
    if entry.name not in _ORDERS:
        raise ValueError(f"{entry.name} is no order")
    order: Order = _ORDERS[entry.name].validate_python(entry.order)
    return order


def digest_of(rgb: U8) -> str:
    """BLAKE2b-128 of a picture's pixels, row by row, hexadecimal."""
    return hashlib.blake2b(np.ascontiguousarray(rgb).data, digest_size=16).hexdigest()
