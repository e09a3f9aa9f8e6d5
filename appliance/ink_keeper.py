"""Keeps the ink on the disk, a moment after it was drawn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from appliance.desk import Desk
from appliance.errors import CannotStore
from pipelines.saying import reason_of, said

log = logging.getLogger("classroom.desk")

EVERY_S: Final = 2.0


class InkKeeper:
    """For the event loop. notify: the assistant."""

    def __init__(self, desk: Desk, notify: Callable[[str], None]) -> None:
        self._desk, self._notify = desk, notify

    async def run(self) -> None:
        """Until cancelled. The disk may be slow: a thread writes."""
        while True:
            await asyncio.sleep(EVERY_S)
            save = self._desk.unsaved_ink()
            if save is None:
                continue
            try:
                # A file that was begun is finished, even when the box is stopped meanwhile.
                await asyncio.shield(asyncio.to_thread(save))
            except CannotStore as error:
                log.error("%s", error)
                self._notify(
                    said("ink_not_kept", "Ink is lost when the box is restarted: {why}", why=reason_of(error))
                )

    def close(self) -> None:
        """What is not kept yet, at once."""
        save = self._desk.unsaved_ink()
        if save is None:
            return
        try:
            save()
        except CannotStore as error:
            log.error("%s", error)
