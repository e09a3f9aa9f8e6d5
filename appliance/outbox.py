"""Orders on their way to the studio: one that starts reads none for minutes, and none may be lost by that."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from typing import Final

from pipelines.orders import (
    DrawStroke,
    EndCamera,
    EndRaw,
    EndScreen,
    EndVoice,
    KeepWorst,
    MixVoice,
    Order,
    PointAt,
    RequestKey,
    SetInk,
    SetScene,
    ShowCamera,
    ShowRecording,
    Stop,
    WatchLayers,
    WatchSheets,
)

MOST: Final = 64


class Outbox:
    """Between the loop, which puts, and one thread, which takes.

    Up to MOST orders wait as they came. With more, of those that say how a thing is to be only the newest is
    kept; such an order is always taken, for things are few. Of those that add to others at most MOST are
    taken: whoever gives more is told.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Order] = deque()
        self._is_closed = False

    def put(self, order: Order) -> bool:
        """Never blocks. False: it was not taken."""
        with self._changed:
            if _subject(order) is None and sum(_subject(one) is None for one in self._waiting) >= MOST:
                return False
            self._waiting.append(order)
            if len(self._waiting) > MOST:
                self._waiting = _newest(self._waiting)
            self._changed.notify()
            return True

    def take(self) -> Order | None:
        """The next one, as soon as there is one; None when it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            return None if self._is_closed else self._waiting.popleft()

    def close(self) -> None:
        """The studio is gone, and what waits for it with it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()


def _newest(orders: deque[Order]) -> deque[Order]:
    """Without those to whose thing a later one says how it is to be. A later one keeps its place: what was
    ordered before it stays before it."""
    kept: deque[Order] = deque()
    seen: set[Hashable] = set()
    for order in reversed(orders):
        subject = _subject(order)
        if subject is None or subject not in seen:
            kept.appendleft(order)
            seen.add(subject)
    return kept


def _subject(order: Order) -> Hashable | None:
    """The thing of which an order says all, whatever was said before; None for one that adds to others."""
    kind = type(order).__name__
    match order:
        case RequestKey(of) | SetInk(of) | EndScreen(of) | EndVoice(of) | EndCamera(of):
            return kind, of
        case DrawStroke():  # as long as it is by now
            return kind, order.stroke.stroke_id
        case (
            SetScene()
            | WatchLayers()
            | WatchSheets()
            | ShowRecording()
            | KeepWorst()
            | EndRaw()
            | MixVoice()
            | ShowCamera()
            | PointAt()
            | Stop()
        ):
            return kind
    return None
