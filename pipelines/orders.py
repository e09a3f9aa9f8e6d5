"""What the gateway (the daemon) tells the studio (its child process): the way down, see `pipelines.reports`.

Pickled over one pipe between two processes of one user.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipelines.ink import PageKey, Pointer, Stroke
from pipelines.media import Corner, Scene

CalibrationKind = Literal["pattern", "courseware"]
Share2 = tuple[float, float]
CornerShares = tuple[Share2, Share2, Share2, Share2]


@dataclass(frozen=True, slots=True)
class SetScene:
    scene: Scene


@dataclass(frozen=True, slots=True)
class TurnPage:
    """step: +1 next, -1 previous; or go to `index` (from 0). Out of range: stays at the first or last."""

    step: int = 0
    index: int | None = None


@dataclass(frozen=True, slots=True)
class OpenCourseware:
    """path: a file or folder on the box, "demo", "v4l2:/dev/video2" (a capture card) or "x11::0" (a screen).
    name: for people; "" takes the file's own."""

    path: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SetFilm:
    """The film that is shown. is_paused: False goes on, a film that is over from its start. position_s: goes
    there, and stays paused or goes on as before; one that is over waits there. None: as it is."""

    is_paused: bool | None = None
    position_s: float | None = None


@dataclass(frozen=True, slots=True)
class BoxServer:
    """A STUN or TURN server for the box's own side. password: a secret until it expires; "" for STUN."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OfferScreen:
    """A presenter's SDP offer (RFC 9725), answered by OfferAnswer. session: chosen by the gateway."""

    session: str
    sdp: str
    servers: tuple[BoxServer, ...] = ()


@dataclass(frozen=True, slots=True)
class EndScreen:
    """The presenter stops sharing."""

    session: str


@dataclass(frozen=True, slots=True)
class OfferVoice:
    """A remote room's SDP offer, which was let in; answered by OfferAnswer. It sends the one before away."""

    session: str
    sdp: str
    servers: tuple[BoxServer, ...] = ()


@dataclass(frozen=True, slots=True)
class EndVoice:
    """The room speaks no longer."""

    session: str


@dataclass(frozen=True, slots=True)
class MixVoice:
    """in_programme: all rooms hear the remote voice, not the main room alone. is_muted: nobody does."""

    in_programme: bool = False
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class OfferCamera:
    """The camera of the room that was let in, as OfferVoice."""

    session: str
    sdp: str
    servers: tuple[BoxServer, ...] = ()


@dataclass(frozen=True, slots=True)
class EndCamera:
    """The room's camera is off."""

    session: str


@dataclass(frozen=True, slots=True)
class ShowCamera:
    """in_programme: the room's small picture lies over the programme, with the room's name; else the main
    room alone sees it. is_hidden: nobody does. corner: None is the one away from the teacher."""

    in_programme: bool = False
    is_hidden: bool = False
    name: str = ""
    corner: Corner | None = None


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A viewer needs a key frame of this layer; "" of every one that is coded."""

    layer: str = ""


@dataclass(frozen=True, slots=True)
class WatchLayers:
    """What somebody watches, out of media.VIDEO_LAYERS and TEACHER_LAYER: the others need not be coded.

    low_bps: what the low layer may take at the moment; None: its ceiling.
    """

    layers: frozenset[str] = frozenset()
    low_bps: int | None = None


@dataclass(frozen=True, slots=True)
class ShowRecording:
    """The recording light in the programme's corner, on or off."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class KeepWorst:
    """The worst mattes are kept with this file of the recording, being written; "": none from now on."""

    item_id: str


@dataclass(frozen=True, slots=True)
class EndRaw:
    """The raw recording ends, for panic: what the camera sees from now on is not written down."""


@dataclass(frozen=True, slots=True)
class WatchSheets:
    """Somebody takes the sheets as pictures, beginning with a whole one; or nobody does any more."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Calibrate:
    """Find the LCD in the camera's picture. kind: with the pattern on the LCD, or from the courseware."""

    kind: CalibrationKind


@dataclass(frozen=True, slots=True)
class ForgetCalibration:
    """Remove the stored calibration and use what the settings say."""


@dataclass(frozen=True, slots=True)
class UseCorners:
    """Where a person saw the corners of the LCD's picture: top left, top right, bottom right, bottom left, as
    shares of the camera's picture. None: those of the settings again. is_fallback: kept from before, for
    where nothing was measured; otherwise they take the place of what was."""

    shares: CornerShares | None
    is_fallback: bool = False


@dataclass(frozen=True, slots=True)
class TurnCamera:
    """How the camera hangs: capture.upright.Upright. A calibration of before is of another picture."""

    turn_deg: Literal[0, 90, 180, 270]
    mirrored: bool


@dataclass(frozen=True, slots=True)
class FindUpright:
    """Look how the camera hangs; UprightFound tells. Nothing is turned."""


@dataclass(frozen=True, slots=True)
class DrawStroke:
    """Ink on a page: a new stroke, or the last one, which has grown."""

    page: PageKey
    stroke: Stroke


@dataclass(frozen=True, slots=True)
class SetInk:
    """All the ink of a page; () takes it away."""

    page: PageKey
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class PointAt:
    """Laser or spotlight on the page shown; None puts it away."""

    pointer: Pointer | None


PictureKind = Literal["page", "inked", "programme", "camera", "matte", "plate"]


@dataclass(frozen=True, slots=True)
class TakePicture:
    """Answered by PictureTaken. number: chosen by the gateway."""

    number: int
    kind: PictureKind


@dataclass(frozen=True, slots=True)
class Stop:
    """End the studio in good order."""


Order = (
    SetScene
    | TurnPage
    | OpenCourseware
    | SetFilm
    | OfferScreen
    | EndScreen
    | OfferVoice
    | EndVoice
    | MixVoice
    | OfferCamera
    | EndCamera
    | ShowCamera
    | RequestKey
    | WatchLayers
    | ShowRecording
    | KeepWorst
    | EndRaw
    | WatchSheets
    | Calibrate
    | ForgetCalibration
    | UseCorners
    | TurnCamera
    | FindUpright
    | DrawStroke
    | SetInk
    | PointAt
    | TakePicture
    | Stop
)
