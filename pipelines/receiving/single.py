"""OneSender: of the senders of one medium the newest counts, and no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from pipelines.orders import BoxServer
from pipelines.receiving.offer import FaultKind, Medium
from pipelines.receiving.peer import ReceivingPeer, Sink, Wording
from pipelines.receiving.reception import Answered, Reception

MAX_SESSIONS: Final = 2  # one is taken; another may just be coming or going

S = TypeVar("S", bound=Sink)


class OneSender(Generic[S]):
    """Safe between threads.

    full: what a sender is told when others are just coming and going. make(session): who takes what it sends.
    on_arrived(session): the first of it was decoded. on_ended(session, reason): it has gone. All are called
    in a thread of this class.
    """

    def __init__(
        self,
        medium: Medium,
        full: str,
        wording: Wording,
        make: Callable[[str], S],
        on_arrived: Callable[[str], None],
        on_ended: Callable[[str, str], None],
    ) -> None:
        self._medium: Medium = medium
        self._full = full
        self._wording = wording
        self._make_sink = make
        self._on_arrived = on_arrived
        self._on_ended = on_ended
        self._lock = threading.Lock()
        self._reception: Reception | None = None  # few lessons need it, and it costs a thread
        self._newest: tuple[str, S] | None = None

    @property
    def newest(self) -> tuple[str, S] | None:
        """The session that counts, connected or about to be, and who takes what it sends."""
        return self._newest

    def offer(self, session: str, sdp: str, answered: Answered, servers: Sequence[BoxServer] = ()) -> None:
        """A WHIP offer; the sender before it is sent away."""

        def told(answer: str, fault: FaultKind | None, reason: str) -> None:
            if fault is not None:
                self._forget(session)
            answered(answer, fault, reason)

        with self._lock:
            if self._reception is None:
                self._reception = Reception(
                    f"{self._medium}s", MAX_SESSIONS, self._full, self._make, self._gone
                )
            reception, before = self._reception, self._newest
        if before is not None:
            self.end(before[0])
        reception.offer(session, sdp, told, servers)

    def end(self, session: str) -> None:
        """From now on nothing of it counts, whatever is still on its way."""
        self._forget(session)
        with self._lock:
            reception = self._reception
        if reception is not None:
            reception.end(session)

    def close(self) -> None:
        with self._lock:
            reception, self._reception, self._newest = self._reception, None, None
        if reception is not None:
            reception.close()

    def _make(self, session: str, servers: Sequence[BoxServer]) -> ReceivingPeer:
        sink = self._make_sink(session)
        with self._lock:
            self._newest = session, sink
        return ReceivingPeer(self._medium, sink, self._wording, lambda: self._on_arrived(session), servers)

    def _gone(self, session: str, reason: str) -> None:
        self._forget(session)
        self._on_ended(session, reason)

    def _forget(self, session: str) -> None:
        with self._lock:
            if self._newest is not None and self._newest[0] == session:
                self._newest = None
