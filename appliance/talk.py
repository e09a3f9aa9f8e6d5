"""Talk-back: who asks to speak, whom the assistant let in, and who hears and sees what meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from appliance.desk import Desk
from appliance.offered_sessions import OfferedSessions, StudioBusy
from appliance.talk_camera import RoomCamera
from pipelines.broadcast import Broadcast, Hears
from pipelines.media import Corner
from pipelines.orders import EndVoice, MixVoice, OfferVoice, Order
from pipelines.reports import CameraSeen, OfferAnswer, SessionEnded, VoiceHeard

LET_IN_S: Final = 60.0  # to answer the browser's question about the microphone

TalkState = Literal["none", "asking", "let_in", "speaking"]


class NotLetIn(Exception):
    """The assistant has not let this viewer speak, or no longer does."""


@dataclass(slots=True)
class Turn:
    """One room's turn to speak. since_s: seconds since 1970, when it was let in. is_muted: by the assistant.

    session: of its microphone, "" until it comes; is_heard: its first sound has arrived.
    """

    viewer_id: str
    since_s: float
    in_programme: bool = False
    is_muted: bool = False
    session: str = ""
    is_heard: bool = False


class Talk:
    """One turn at a time. Lives in the event loop. order: to the studio; it raises StudioBusy."""

    def __init__(
        self, desk: Desk, broadcast: Broadcast, order: Callable[[Order], None], on_change: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._broadcast = broadcast
        self._order = order
        self._tell = on_change
        self._sessions = OfferedSessions(order, OfferVoice, EndVoice, broadcast.servers_of_box)
        self._asked_s: dict[str, float] = {}
        self.turn: Turn | None = None
        self.camera = RoomCamera(order, on_change, broadcast.servers_of_box)

    # What rooms do ------------------------------------------------------------------------------

    def ask(self, viewer_id: str) -> None:
        """Raises KeyError for a viewer who has left, TooOften."""
        if self.state_of(viewer_id) == "none":
            self._desk.audience.spend(viewer_id)
            self._asked_s[viewer_id] = time.time()
            self._note("talk_asked", viewer_id)

    def withdraw(self, viewer_id: str, *, by_assistant: bool = False) -> None:
        """Takes back that a room asks, or ends its turn. Raises KeyError for a viewer who has left."""
        self._desk.audience.known(viewer_id)
        if self._asked_s.pop(viewer_id, None) is not None:
            self._note("talk_declined" if by_assistant else "talk_withdrawn", viewer_id)
        elif self.turn is not None and self.turn.viewer_id == viewer_id:
            self.stop()

    async def offer(self, viewer_id: str, sdp: str) -> OfferAnswer:
        """A room's microphone. Raises NotLetIn, TooOften, StudioBusy, TimeoutError."""
        turn = self.turn
        if turn is None or turn.viewer_id != viewer_id:
            raise NotLetIn
        self._desk.audience.spend(viewer_id)
        before, turn.session, turn.is_heard = turn.session, "", False
        if before:
            self._sessions.end(before)
        session, answer = await self._sessions.offer(sdp)
        if self.turn is not turn:  # stopped while the studio answered
            self._sessions.end(session)
            raise NotLetIn
        if not answer.fault:
            turn.session = session
        return answer

    async def offer_camera(self, viewer_id: str, sdp: str) -> OfferAnswer:
        """The same room's camera. Raises as `offer`."""
        turn = self.turn
        if turn is None or turn.viewer_id != viewer_id:
            raise NotLetIn
        self._desk.audience.spend(viewer_id)
        self._show_camera()
        answer = await self.camera.offer(sdp, lambda: self.turn is turn)
        if answer is None:
            raise NotLetIn
        return answer

    # What the assistant does --------------------------------------------------------------------

    def let_in(self, viewer_id: str, in_programme: bool) -> None:
        """This room's turn, and no other's. Raises KeyError for a viewer who has left, StudioBusy."""
        self._desk.audience.known(viewer_id)
        if self.turn is not None and self.turn.viewer_id == viewer_id:
            self.change(in_programme=in_programme)
            return
        self._order(MixVoice(in_programme, self._is_muted(viewer_id)))
        self.stop()
        self._asked_s.pop(viewer_id, None)
        self.turn = Turn(viewer_id, time.time(), in_programme)
        self._note("talk_let_in", viewer_id)

    def change(self, *, in_programme: bool | None = None, is_muted: bool | None = None) -> None:
        """Raises NotLetIn when nobody's turn it is, StudioBusy."""
        turn = self.turn
        if turn is None:
            raise NotLetIn
        in_programme = turn.in_programme if in_programme is None else in_programme
        is_muted = turn.is_muted if is_muted is None else is_muted
        self._order(MixVoice(in_programme, is_muted or self._is_muted(turn.viewer_id)))
        turn.in_programme, turn.is_muted = in_programme, is_muted
        self._show_camera()
        self._tell()

    def end_camera(self) -> None:
        """The turn goes on without a picture."""
        self.camera.end()
        self._tell()

    def change_camera(self, in_programme: bool | None, corner: Corner | Literal["auto"] | None) -> None:
        """Raises NotLetIn when nobody's turn it is, NoCamera, StudioBusy."""
        if self.turn is None:
            raise NotLetIn
        was_shown = self.camera.in_programme
        self.camera.change(in_programme, corner)
        if self.camera.in_programme and not was_shown:
            self._note("talk_camera_shown", self.turn.viewer_id)

    def stop(self) -> None:
        """Ends the turn, if there is one; what is on its way from that room is heard no more."""
        turn, self.turn = self.turn, None
        self.camera.end()
        if turn is None:
            return
        self._sessions.end(turn.session)
        self.tune(turn.viewer_id)
        self._note("talk_ended", turn.viewer_id)

    def muted(self) -> None:
        """A room was muted or unmuted: all hear, and are heard, as that says from now on."""
        for viewer in self._broadcast.viewers():
            self.tune(viewer.viewer_id)
        if self.turn is not None:
            with contextlib.suppress(StudioBusy):
                self.change()
        self._tell()

    def panicked(self) -> None:
        """Panic was called, or called off: then the small picture does not come back by itself."""
        with contextlib.suppress(StudioBusy):
            self.camera.change(in_programme=False)
            self._show_camera()

    # What is so ---------------------------------------------------------------------------------

    def state_of(self, viewer_id: str) -> TalkState:
        if viewer_id in self._asked_s:
            return "asking"
        if self.turn is None or self.turn.viewer_id != viewer_id:
            return "none"
        return "speaking" if self.turn.is_heard else "let_in"

    def asked_s(self, viewer_id: str) -> float | None:
        """Since when this viewer asks, seconds since 1970; None if they do not."""
        return self._asked_s.get(viewer_id)

    def tune(self, viewer_id: str) -> None:
        """Which sound a viewer gets: who speaks must not hear their own voice come back."""
        if not self._desk.audience.is_known(viewer_id):
            return  # the assistant's own
        hears: Hears = "programme"
        if self._desk.audience.mute_of(viewer_id).sound:
            hears = "nothing"
        elif self.state_of(viewer_id) == "speaking":
            hears = "minus"
        self._broadcast.hear(viewer_id, hears)

    def left(self, viewer_id: str) -> None:
        """They watch no longer: nothing more of them is heard."""
        self._asked_s.pop(viewer_id, None)
        if self.turn is not None and self.turn.viewer_id == viewer_id:
            self.stop()

    def look_around(self) -> None:
        """Once a second: who has left asks no more, and a turn that nobody takes is over."""
        audience = self._desk.audience
        self._asked_s = {v: at_s for v, at_s in self._asked_s.items() if audience.is_known(v)}
        turn = self.turn
        if turn is None:
            return
        with contextlib.suppress(StudioBusy):
            self._show_camera()  # a room's name may have changed
        if not audience.is_known(turn.viewer_id) or (
            not turn.is_heard and time.time() - turn.since_s > LET_IN_S
        ):
            self.stop()

    # What the studio says -----------------------------------------------------------------------

    def take(self, report: OfferAnswer | SessionEnded | VoiceHeard | CameraSeen) -> None:
        """What it says of a session, perhaps of a shared screen's."""
        if not isinstance(report, VoiceHeard) and self.camera.take(report) and self.turn is not None:
            self._note("talk_camera", self.turn.viewer_id)
        if isinstance(report, VoiceHeard):
            self._heard(report.session)
        elif isinstance(report, SessionEnded):
            self._ended(report.session)
        elif isinstance(report, OfferAnswer):
            self._sessions.take(report)

    def _heard(self, session: str) -> None:
        """The mixes without this voice are on their way since its offer."""
        if self.turn is not None and self.turn.session == session:
            self.turn.is_heard = True
            self.tune(self.turn.viewer_id)

    def _ended(self, session: str) -> None:
        """The microphone has gone, and the turn with it."""
        if self._sessions.ended(session) and self.turn is not None and self.turn.session == session:
            self.stop()

    def studio_ended(self) -> None:
        self._sessions.end_all()
        self.camera.studio_ended()
        self.stop()

    def _show_camera(self) -> None:
        """Muted, or in a panic, nobody sees the room. Raises StudioBusy."""
        turn = self.turn
        if turn is not None:
            room_id = self._desk.audience.room_of(turn.viewer_id)
            is_hidden = turn.is_muted or self._is_muted(turn.viewer_id) or self._desk.panic.is_on
            self.camera.show(self._desk.rooms.name_of(room_id), is_hidden)

    def _is_muted(self, viewer_id: str) -> bool:
        return self._desk.audience.mute_of(viewer_id).voice

    def _note(
        self,
        kind: Literal[
            "talk_asked",
            "talk_withdrawn",
            "talk_declined",
            "talk_let_in",
            "talk_ended",
            "talk_camera",
            "talk_camera_shown",
        ],
        viewer_id: str,
    ) -> None:
        self._desk.note(kind, viewer_id)
