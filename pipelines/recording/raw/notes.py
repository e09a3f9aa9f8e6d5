"""What the studio's threads tell The raw recording: the very objects they worked with."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.alignment import Calibration
from pipelines.ink import PageKey
from pipelines.media import U8, Delay, Frame, Page, Scene
from pipelines.orders import Order


class Given(NamedTuple):
    """What one prediction of the plate was made from, besides its matte. pages: shown of late, oldest first.
    is_off: the camera was known to look elsewhere."""

    calibration: Calibration
    delay: Delay | None
    is_off: bool
    pages: tuple[Page, ...]


class KnownNote(NamedTuple):
    """A refiner is made anew for this calibration and delay; None: there is none from here on."""

    calibration: Calibration | None
    delay: Delay | None


class MatteNote(NamedTuple):
    """A frame of the camera that came to the matting. asked: the network was asked about it; thrifty: as in
    Keyer.ask. answer: pts of the frame whose answer was the newest then. given: of the predictions made.
    made: pts of the matte."""

    frame: Frame
    asked: bool
    thrifty: bool
    answer: int | None
    given: tuple[Given, ...]
    made: int | None


class OrderNote(NamedTuple):
    """An order, told before it is carried out: whatever shows its effect is told later."""

    order: Order


class TickNote(NamedTuple):
    """One programme picture and what it was made of. page: without ink. ink: how many changes of the ink are
    in it. matte: pts of the one chosen. rgb: u8 (H, W, 3), as it went to the encoders."""

    tick_ns: int
    key: PageKey | None
    page: Page | None
    ink: int
    matte: int | None
    scene: Scene
    calibration: Calibration | None
    page_reason: str
    camera_reason: str
    light: bool
    rgb: U8


Note = KnownNote | MatteNote | OrderNote | TickNote


def pictures_of(note: Note) -> tuple[U8, ...]:
    """The arrays that a note keeps alive."""
    match note:
        case MatteNote():
            return (note.frame.rgb, *(page.rgb for given in note.given for page in given.pages[-1:]))
        case TickNote():
            return (note.rgb, *(() if note.page is None else (note.page.rgb,)))
        case _:
            return ()
