"""Changes: wakes everybody who follows the box's state."""

from __future__ import annotations

import asyncio


class Changes:
    """For one event loop. count: how often it was told. wider: whoever follows that is woken as well."""

    def __init__(self, wider: Changes | None = None) -> None:
        self._changed = asyncio.Event()
        self._wider = wider
        self.count = 0

    def tell(self) -> None:
        """Something has changed."""
        self.count += 1
        self._changed.set()
        self._changed = asyncio.Event()
        if self._wider is not None:
            self._wider.tell()

    async def wait(self, timeout_s: float) -> bool:
        """True as soon as anything changes, False after timeout_s."""
        event = self._changed
        try:
            # Not wait_for: Python 3.11's loses a cancellation that comes together with the event.
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return False
        return True
