"""A remote room's camera: received by WebRTC, as a small picture of few pixels and few pictures a second.

What arrives is a stranger's choice. So pictures are scaled down at once, those between are dropped, and a
sender whose pictures would cost this machine too much to decode is sent away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from av import VideoFrame
from av.video.reformatter import Colorspace

from pipelines.channels import Closed, Latest
from pipelines.media import I16, U8, SizeWh, freeze
from pipelines.orders import BoxServer
from pipelines.receiving.peer import Wording
from pipelines.receiving.reception import Answered
from pipelines.receiving.single import OneSender
from pipelines.saying import said
from pipelines.scaling import Scaler, fit_inside
from pipelines.timing import NS_PER_S, Rate

MOST_WH: Final = (640, 360)
MOST_HZ: Final = 15.0
MOST_PX_PER_S: Final = 1280 * 720 * 30  # decoded: eight times what a room's page sends
BURST_S: Final = 2.0
STALLED_S: Final = 2.0  # an older picture is not shown
GONE_S: Final = 10.0
_POLL_S: Final = 0.5

FULL: Final = said("cameras_full", "another room's camera is being connected; try again in a moment")
WORDING: Final = Wording(
    over=said("camera_over", "The room's camera is off."),
    lost=said("camera_gone", "The connection to the room's camera was lost."),
    never=said(
        "camera_never", "The room's camera never arrived. Is a firewall between the room and the box?"
    ),
    too_slow=said("camera_slow", "This box cannot decode the room's camera in time."),
)
TOO_MUCH: Final = said(
    "camera_much",
    "The room's camera sends more than this box takes: {width_px}x{height_px} at {hz} pictures a second is "
    "enough.",
    width_px=MOST_WH[0],
    height_px=MOST_WH[1],
    hz=round(MOST_HZ),
)


class _Pictures:
    """Satisfies Sink: counts what was decoded, and hands it on."""

    def __init__(self, session: str, put: Callable[[tuple[str, VideoFrame]], None]) -> None:
        self._session = session
        self._put = put
        self._decoded_px = 0.0
        self._counted_s = time.monotonic()

    def picture(self, picture: VideoFrame) -> str:
        now_s = time.monotonic()
        allowed_px = (now_s - self._counted_s) * MOST_PX_PER_S
        self._counted_s = now_s
        self._decoded_px = max(0.0, self._decoded_px - allowed_px) + picture.width * picture.height
        if self._decoded_px > BURST_S * MOST_PX_PER_S:
            return TOO_MUCH
        self._put((self._session, picture))
        return ""

    def sound(self, pcm: I16) -> None:
        """Its offer has no sound."""

    def end(self, reason: str) -> None:
        """`OneSender` forgets the session."""


@dataclass(frozen=True, slots=True)
class _Seen:
    session: str
    rgb: U8
    at_ns: int


class RemoteCamera:
    """One room at a time: the newest. Safe between threads.

    on_seen(session): its first picture was decoded. on_picture(session, rgb): a picture, u8 (H, W, 3), at
    most MOST_WH, frozen; at most MOST_HZ a second. on_ended(session, reason): it has gone. All are called in
    threads of this class.
    """

    def __init__(
        self,
        on_seen: Callable[[str], None],
        on_picture: Callable[[str, U8], None],
        on_ended: Callable[[str, str], None],
    ) -> None:
        self._on_picture = on_picture
        self._arrived: Latest[tuple[str, VideoFrame]] = Latest()
        self._sender = OneSender("camera", FULL, WORDING, self._sink, on_seen, on_ended)
        self._scaler = Scaler(untagged=Colorspace.ITU601)
        self._seen: _Seen | None = None
        self._sent_wh: SizeWh = (0, 0)
        self._thread: threading.Thread | None = None  # few lessons need it
        self._closed = threading.Event()
        self.rate = Rate()

    @property
    def is_open(self) -> bool:
        """Is a room's camera connected, or about to be?"""
        return self._sender.newest is not None

    @property
    def sent_wh(self) -> SizeWh:
        """Size of what arrives, before it is scaled down; (0, 0) before the first picture."""
        return self._sent_wh

    @property
    def dropped(self) -> int:
        """Pictures beyond MOST_HZ so far."""
        return self._arrived.dropped

    def offer(self, session: str, sdp: str, answered: Answered, servers: Sequence[BoxServer] = ()) -> None:
        """A room's WHIP offer; the camera before it is sent away. Not after `close`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="remote camera", daemon=True)
            self._thread.start()
        self._sender.offer(session, sdp, answered, servers)

    def end(self, session: str) -> None:
        """From now on nothing of it is seen."""
        self._sender.end(session)

    def newest(self, now_ns: int) -> U8 | None:
        """The newest picture, u8 (H, W, 3), frozen; None without a camera, or when it is STALLED_S old."""
        seen, sender = self._seen, self._sender.newest
        if seen is None or sender is None or seen.session != sender[0]:
            return None
        return seen.rgb if now_ns - seen.at_ns <= STALLED_S * NS_PER_S else None

    def close(self) -> None:
        self._closed.set()
        self._arrived.close()
        self._sender.close()
        if self._thread is not None:
            self._thread.join()

    def _sink(self, session: str) -> _Pictures:
        self._seen = None
        return _Pictures(session, self._arrived.put)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                arrived = self._arrived.take(_POLL_S)
            except Closed:
                return
            if arrived is None:
                self._end_stalled()
                continue
            begun_s = time.monotonic()
            self._take(*arrived)
            self._closed.wait(max(0.0, 1 / MOST_HZ - (time.monotonic() - begun_s)))

    def _take(self, session: str, picture: VideoFrame) -> None:
        self._sent_wh = picture.width, picture.height
        rgb = self._scaler.rgb_of(picture, fit_inside(self._sent_wh, MOST_WH))
        sender = self._sender.newest
        if rgb is None or sender is None or sender[0] != session:
            return
        freeze(rgb)
        self._seen = _Seen(session, rgb, time.monotonic_ns())
        self.rate.tick()
        self._on_picture(session, rgb)

    def _end_stalled(self) -> None:
        """A camera that only pretends to be there does not keep its place."""
        seen, sender = self._seen, self._sender.newest
        if seen is None or sender is None or seen.session != sender[0]:
            return
        if time.monotonic_ns() - seen.at_ns > GONE_S * NS_PER_S:
            self._sender.end(sender[0])
