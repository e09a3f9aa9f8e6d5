"""Single pictures from the studio, asked for and answered by number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

from pipelines.orders import Order, PictureKind, TakePicture
from pipelines.reports import PictureTaken

ANSWER_S: Final = 5.0
MOST_AT_ONCE: Final = 4


class TooManyPictures(Exception):
    """MOST_AT_ONCE are being taken."""


class Pictures:
    """For the event loop. order: to the studio; it raises StudioBusy."""

    def __init__(self, order: Callable[[Order], None]) -> None:
        self._order = order
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[PictureTaken]] = {}

    async def take(self, kind: PictureKind) -> PictureTaken:
        """Raises StudioBusy, TooManyPictures, TimeoutError."""
        if len(self._waiting) >= MOST_AT_ONCE:
            raise TooManyPictures
        number = next(self._numbers)
        self._waiting[number] = taken = asyncio.get_running_loop().create_future()
        try:
            self._order(TakePicture(number, kind))
            return await asyncio.wait_for(taken, ANSWER_S)
        finally:
            del self._waiting[number]

    def taken(self, picture: PictureTaken) -> None:
        waiting = self._waiting.get(picture.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(picture)
