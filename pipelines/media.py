"""What travels through the pipelines. Units and colour are written down here, once.

Colour: every `rgb` array is sRGB-coded, full range, 8 bits a channel, in the order R, G, B.
BT.709 limited range exists only inside `encoding` and inside decoders.

Pixels: arrays are (H, W, C); sizes are `size_wh`, (width, height). The centre of the top left
pixel is (0, 0), as in OpenCV; the picture's corner is therefore (-0.5, -0.5).

Time: `pts` is an integer in the stream's own clock (90 kHz pictures, 48 kHz sound) from the
session's zero; `_ns` values are `time.monotonic_ns()`.

Arrays are read-only once handed on: `freeze` makes it so, and whoever writes to one has a bug.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

PTS_HZ = 90_000
SOUND_HZ = 48_000
SOUND_BLOCK_SAMPLES = 960  # 20 ms, one Opus frame

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

SizeWh = tuple[int, int]

SCALE_ROWS = 720  # lengths in camera pixels are written down for a picture of so many rows

FRESH_S = 0.12  # alpha carried for no longer is where the teacher is
TRUST_TILE_PX = 32
DOUBT_UNITS = 4  # to one code
UNKNOWN = 255  # Prediction.doubt where there is no plate


class SourceLost(Exception):
    """A source cannot deliver now. `reason` is one sentence for a person: what, where, how to mend it."""

    def __init__(self, source: str, reason: str, *, retry: bool = True) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason
        self.retry = retry


def freeze(array: npt.NDArray[np.generic]) -> None:
    """Makes an array read-only, so that it can be shared between threads without copies."""
    array.setflags(write=False)


def length_scale(size_wh: SizeWh) -> float:
    """How much longer a length is in this picture than in one of SCALE_ROWS rows.

    By the shorter side: a camera that hangs sideways has the same lens and the same pixels, so that a quarter
    turn changes no length; and for a picture wider than high it is the rows.
    """
    return min(size_wh) / SCALE_ROWS


class Box(NamedTuple):
    """A rectangle of whole pixels: x, y of its top left pixel, and its size. May be empty."""

    x: int
    y: int
    w: int
    h: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an (H, W, ...) array."""
        return slice(self.y, self.y + self.h), slice(self.x, self.x + self.w)

    @property
    def is_empty(self) -> bool:
        return self.w <= 0 or self.h <= 0


EMPTY_BOX = Box(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the camera. rgb: u8 (H, W, 3). captured_ns: nearest the sensor."""

    rgb: U8
    pts: int
    captured_ns: int

    @property
    def size_wh(self) -> SizeWh:
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True, slots=True)
class Matte:
    """The teacher of one frame: straight (never premultiplied) colour and coverage, inside `box`.

    pha: u8 (box.h, box.w), 255 = all teacher. fgr: u8 (box.h, box.w, 3), the teacher's own colour,
    meaningful wherever pha > 0 and spread a little beyond, so that it can be resampled.
    Outside the box alpha is 0. The matte holds its very frame: a matte of another frame cannot be shown.
    carried_pts: how much younger the frame is than the one that alpha was found in; 0: the same. From FRESH_S
    on the teacher may have moved on: stale_s, and so much longer.
    """

    frame: Frame
    box: Box
    pha: U8
    fgr: U8
    carried_pts: int = 0

    def __post_init__(self) -> None:
        expected = (self.box.h, self.box.w)
        if self.pha.shape != expected or self.fgr.shape != (*expected, 3):
            raise ValueError(
                f"matte of box {self.box} needs pha {expected} and fgr {(*expected, 3)}, "
                f"got {self.pha.shape} and {self.fgr.shape}"
            )

    @property
    def pts(self) -> int:
        return self.frame.pts

    @property
    def captured_ns(self) -> int:
        return self.frame.captured_ns

    @property
    def stale_s(self) -> float:
        return max(self.carried_pts / PTS_HZ - FRESH_S, 0.0)

    @classmethod
    def empty(cls, frame: Frame) -> Matte:
        """The matte of a frame with nobody in it."""
        return cls(frame, EMPTY_BOX, np.empty((0, 0), np.uint8), np.empty((0, 0, 3), np.uint8))


@dataclass(frozen=True, slots=True)
class Page:
    """The courseware as shown on the LCD from `shown_ns` on. rgb: u8 (H, W, 3), the programme's size.

    revision grows by one with every change of picture. index counts pages from 0; a moving page
    (video) keeps its index while its revision grows. is_flip: the whole picture changed (a page
    turn), so that an encoder wants a key frame; False for the next picture of a video.
    """

    rgb: U8
    revision: int
    shown_ns: int
    index: int = 0
    is_flip: bool = True

    @property
    def size_wh(self) -> SizeWh:
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The plate of one frame: what its camera would see with nobody there, inside `box` of its picture.

    rgb: u8 (box.h, box.w, 3). doubt: u8 (box.h, box.w), quarter codes: the standard deviation by which the
    picture may be off the plate for reasons that neither sensor noise nor the plate's own gradient explain
    (the LCD's frame, colours not seen yet, a wall not learnt, a moving film); 255 where nothing is known.
    trust: u8 (rows, columns), by square tiles of TRUST_TILE_PX camera pixels from the box's corner on: 255
    where the plate agreed with the sure background around, 0 where the network must stand alone.
    room: u8 (box.h, box.w), the share of the plate's light that comes from the lamps, which a shadow
    can take: 255, all of it, on a wall; little on a bright page. tone: see Calibration.
    """

    box: Box
    rgb: U8
    doubt: U8
    trust: U8
    room: U8
    tone: F32 | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms of sound. pcm: i16 (960, 2), 48 kHz. pts in 1/48000 s from the session's zero."""

    pcm: I16
    pts: int
    captured_ns: int


# Best first: 4:4:4, 4:2:0, and 4:2:0 with few pictures a second.
LOW_LAYER = "low"
VIDEO_LAYERS = ("444", "420", LOW_LAYER)
# The teacher alone, colour above and alpha below, for viewers who have the sheet as pictures.
TEACHER_LAYER = "teacher"
# While a remote room speaks: the programme's sound without its voice, and that voice alone.
MINUS_SOUND = "minus"
VOICE_SOUND = "voice"


@dataclass(frozen=True, slots=True)
class Packet:
    """One coded picture (H.264 Annex B, no B-frames, SPS and PPS before each IDR) or one Opus frame.

    layer: one of VIDEO_LAYERS, or TEACHER_LAYER. Of sound: MINUS_SOUND (the programme's without the remote
    voice in it) or VOICE_SOUND (that voice alone); anything else is the programme's.
    """

    data: bytes
    kind: Literal["video", "sound"]
    pts: int
    is_key: bool
    captured_ns: int
    layer: str = "420"


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of a sheet, lossless. box: programme pixels; png: 8 bits a channel, RGB, no colour profile."""

    box: Box
    png: bytes


@dataclass(frozen=True, slots=True)
class SheetUpdate:
    """The sheet (the programme without the teacher) as a viewer's browser gets it.

    number: of the sheet, growing; the teacher's pictures carry it, so that both change in step. base: the
    number of the sheet that the patches change; None: they make a whole one. moves: it changes all the time,
    so that there are no patches and the composed video must be watched. scene, layout: what it was made for.
    """

    number: int
    scene: int
    layout: str
    base: int | None = None
    moves: bool = False
    patches: tuple[Patch, ...] = ()

    @property
    def size_bytes(self) -> int:
        return sum(len(patch.png) for patch in self.patches)


class Layout(StrEnum):
    """How the programme is put together."""

    ALIGNED = "aligned"  # the teacher at their place in front of the page: the finger points right
    CORNER = "corner"  # the teacher, scaled, at a corner of the page
    BESIDE = "beside"  # page and teacher side by side, neither covering the other
    COURSEWARE = "courseware"  # the page alone
    CAMERA = "camera"  # the camera's picture alone
    SLATE = "slate"  # a hold picture with a text


class Corner(StrEnum):
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the assistant wants to see. Immutable, numbered, replaced as a whole: no locks.

    scale: height of the teacher in the corner layout as a share of the programme's height, 0.1 to 1.
    opacity: 0 to 1, of the teacher. mirror: left and right swapped, camera and corner layouts only
    (in the aligned layout the place in the picture has a meaning). place_xy: in the corner layout, where the
    teacher's feet (or the lowest that the camera sees of them) stand instead of at the corner: shares of the
    programme's width, 0 to 1, and height, 0.1 to 2 (over 1: below its edge). text_fade: 0 to 1, how
    far the body fades where it hides writing; hands and what they hold do not. pane_share: in the layout side
    by side, the teacher's share of the programme's width, 0.2 to 0.5, on the side of `corner`; cut_out: the
    teacher alone there, not the camera's picture. transition_ms: how long the programme takes to get to this
    scene from the one before, 0 at once; None: as the settings say.
    """

    number: int = 0
    layout: Layout = Layout.ALIGNED
    corner: Corner = Corner.BOTTOM_RIGHT
    scale: float = 0.6
    opacity: float = 1.0
    mirror: bool = False
    slate_text: str = ""
    place_xy: tuple[float, float] | None = None
    text_fade: float = 0.0
    pane_share: float = 0.28
    cut_out: bool = False
    transition_ms: int | None = None


class Delay(NamedTuple):
    """From a page's `shown_ns` to its light in the camera. ms: at half of the rise, middle of the LCD.

    sigma_ms: its standard error. rise_ms: 0 % to 100 %, by exposure and panel.
    """

    ms: float
    sigma_ms: float
    rise_ms: float


@dataclass(slots=True)
class SourceState:
    """Health of one source, for the status page. state: "starting", "live", "lost" or "ended"."""

    name: str
    state: str = "starting"
    reason: str = ""
    detail: dict[str, str | int | float | bool | None] = field(default_factory=dict)
