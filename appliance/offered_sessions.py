"""What browsers send by WHIP: an offer goes down to the studio, its answer comes back up."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Final

from pipelines.broadcast import IceServer
from pipelines.orders import (
    BoxServer,
    EndCamera,
    EndScreen,
    EndVoice,
    OfferCamera,
    OfferScreen,
    OfferVoice,
    Order,
)
from pipelines.reports import CameraSeen, OfferAnswer, SessionEnded, VoiceHeard

ANSWER_S: Final = 10.0


class StudioBusy(Exception):
    """The studio takes no orders at this moment."""


class OfferedSessions:
    """The sessions of one kind by id, for the event loop. order: to the studio; it raises StudioBusy.

    servers: the STUN and TURN servers that the box uses for one more session.
    """

    def __init__(
        self,
        order: Callable[[Order], None],
        begin: type[OfferScreen] | type[OfferVoice] | type[OfferCamera],
        finish: type[EndScreen] | type[EndVoice] | type[EndCamera],
        servers: Callable[[], list[IceServer]],
    ) -> None:
        self._order = order
        self._begin = begin
        self._finish = finish
        self._servers = servers
        self._sessions: dict[str, asyncio.Future[OfferAnswer]] = {}

    async def offer(self, sdp: str) -> tuple[str, OfferAnswer]:
        """An offer's session and the studio's answer. Raises StudioBusy, TimeoutError."""
        session = secrets.token_urlsafe(16)
        answered: asyncio.Future[OfferAnswer] = asyncio.get_running_loop().create_future()
        self._sessions[session] = answered
        try:
            servers = [BoxServer(one.url, one.username, one.password) for one in self._servers()]
            self._order(self._begin(session, sdp, tuple(servers)))
            answer = await asyncio.wait_for(answered, ANSWER_S)
        except (StudioBusy, TimeoutError):
            self.end(session)
            raise
        if answer.fault:
            self._sessions.pop(session, None)
        return session, answer

    def end(self, session: str) -> bool:
        """False: there is no such session (any more)."""
        if self._sessions.pop(session, None) is None:
            return False
        with contextlib.suppress(StudioBusy):  # it died, and the session with it
            self._order(self._finish(session))
        return True

    def take(self, report: OfferAnswer | SessionEnded | VoiceHeard | CameraSeen) -> None:
        """What the studio says of a session, perhaps of another kind."""
        if isinstance(report, OfferAnswer):
            self._answered(report)
        elif isinstance(report, SessionEnded):
            self.ended(report.session)

    def _answered(self, answer: OfferAnswer) -> None:
        waiting = self._sessions.get(answer.session)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def ended(self, session: str) -> bool:
        """By the studio, on purpose or not. False: it is not one of these (any more)."""
        return self._sessions.pop(session, None) is not None

    def end_all(self) -> None:
        """The studio is gone: who waits for its answer gets StudioBusy."""
        for waiting in self._sessions.values():
            if not waiting.done():
                waiting.set_exception(StudioBusy())
        self._sessions.clear()
