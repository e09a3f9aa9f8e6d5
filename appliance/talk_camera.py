"""The camera of the room whose turn it is: connected, shown, and passed on to the main room's console."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final, Literal

from appliance.offered_sessions import OfferedSessions
from pipelines.broadcast import IceServer
from pipelines.media import Corner
from pipelines.orders import EndCamera, OfferCamera, Order, ShowCamera
from pipelines.reports import CameraPicture, CameraSeen, OfferAnswer, SessionEnded

STALLED_S: Final = 2.0  # an older picture is not shown, as in the studio
HEARTBEAT_S: Final = 5.0

CameraState = Literal["none", "connecting", "live", "stalled"]


class NoCamera(Exception):
    """The room has not switched its camera on, or no longer has it on."""


class RoomCamera:
    """Lives in the event loop. order: to the studio; it raises StudioBusy. on_change: after each change.

    servers: the STUN and TURN servers that the box uses for one more session.
    """

    def __init__(
        self,
        order: Callable[[Order], None],
        on_change: Callable[[], None],
        servers: Callable[[], list[IceServer]],
    ) -> None:
        self._order = order
        self._tell = on_change
        self._sessions = OfferedSessions(order, OfferCamera, EndCamera, servers)
        self._session = ""
        self._is_seen = False
        self._name = ""
        self._told = ShowCamera()
        self._newest = b""
        self._newest_s = 0.0
        self._changed = asyncio.Event()
        self.is_hidden = False
        self.in_programme = False
        self.corner: Corner | None = None

    @property
    def state(self) -> CameraState:
        if not self._session:
            return "none"
        if not self._is_seen:
            return "connecting"
        is_late = not self.is_hidden and time.monotonic() - self._newest_s > STALLED_S
        return "stalled" if is_late else "live"

    @property
    def picture(self) -> bytes:
        """JPEG for the main room; empty while there is none to be seen."""
        return self._newest if self.state == "live" and not self.is_hidden else b""

    async def offer(self, sdp: str, is_wanted: Callable[[], bool]) -> OfferAnswer | None:
        """A second one takes the first's place; None if it is no longer wanted once the studio has answered.

        Raises StudioBusy, TimeoutError.
        """
        self.end()
        self._show(self._wanted())
        session, answer = await self._sessions.offer(sdp)
        if not is_wanted():
            self._sessions.end(session)
            return None
        if not answer.fault:
            self.end()
            self._session = session
            self._show(self._wanted())  # a mute may have come meanwhile
            self._tell()
        return answer

    def end(self) -> None:
        """Nothing more of it is seen, here or in the programme. The next camera begins outside of that."""
        session, self._session = self._session, ""
        if not session:
            return
        self._is_seen = self.in_programme = False
        self._newest = b""
        self._sessions.end(session)
        self._look()

    def change(
        self, in_programme: bool | None = None, corner: Corner | Literal["auto"] | None = None
    ) -> None:
        """Raises NoCamera, StudioBusy."""
        if in_programme and not self._session:
            raise NoCamera
        wanted = self.in_programme if in_programme is None else in_programme
        place = self.corner if corner is None else None if corner == "auto" else corner
        if self._session:
            self._show(ShowCamera(wanted, self.is_hidden, self._name, place))
        self.in_programme, self.corner = wanted, place
        self._tell()

    def show(self, name: str, is_hidden: bool) -> None:
        """With this room's name; hidden from everybody or not. Raises StudioBusy."""
        if is_hidden != self.is_hidden:
            self.is_hidden = is_hidden
            self._newest = b""
            self._look()
        self._name = name
        if self._session:
            self._show(self._wanted())

    async def pictures(self, is_here: Callable[[], bool]) -> AsyncGenerator[bytes]:
        """JPEG files as they come, the newest for who is slow. Empty: there is none to be seen, or no news.

        is_here: asked a few times a minute.
        """
        sent: bytes | None = None
        while is_here():
            changed, newest = self._changed, self.picture
            if newest is not sent:
                sent = newest
                yield newest
                continue
            try:
                await asyncio.wait_for(changed.wait(), STALLED_S if newest else HEARTBEAT_S)
            except TimeoutError:
                sent = None

    def take(self, report: OfferAnswer | SessionEnded | CameraSeen) -> bool:
        """What the studio says of a session, perhaps of another kind. True: this camera's first picture."""
        if isinstance(report, CameraSeen):
            is_first = report.session == self._session and not self._is_seen
            if is_first:
                self._is_seen, self._newest_s = True, time.monotonic()
            return is_first
        if isinstance(report, SessionEnded):
            if self._sessions.ended(report.session) and report.session == self._session:
                self.end()
        else:
            self._sessions.take(report)
        return False

    def take_picture(self, picture: CameraPicture) -> None:
        if picture.session == self._session and not self.is_hidden:
            self._newest, self._newest_s = picture.jpeg, time.monotonic()
            self._look()

    def studio_ended(self) -> None:
        """The next one knows nothing of what was shown."""
        self._sessions.end_all()
        self.end()
        self._told = ShowCamera()

    def _wanted(self) -> ShowCamera:
        return ShowCamera(self.in_programme, self.is_hidden, self._name, self.corner)

    def _show(self, order: ShowCamera) -> None:
        if order != self._told:
            self._order(order)
            self._told = order

    def _look(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
