"""Reception: takes WHIP offers, answers them, and ends sessions.

WebRTC lives in an event loop, the studio in threads: the loop has a thread of its own here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Final

from pipelines.orders import BoxServer
from pipelines.receiving import hooks
from pipelines.receiving.offer import BadOffer, FaultKind
from pipelines.receiving.peer import ReceivingPeer

CLOSE_S: Final = 2.0

Answered = Callable[[str, FaultKind | None, str], None]


class Reception:
    """Sessions by id. Everything here may be called from any thread.

    full: what a sender is told when `most` sessions are there already. make: a peer for a session, with
    these STUN and TURN servers, called in the loop. on_ended(session, reason): it has gone, for whatever
    reason; called in the loop's thread.
    """

    def __init__(
        self,
        name: str,
        most: int,
        full: str,
        make: Callable[[str, Sequence[BoxServer]], ReceivingPeer],
        on_ended: Callable[[str, str], None],
    ) -> None:
        hooks.install()
        self._most = most
        self._full = full
        self._make = make
        self._on_ended = on_ended
        self._peers: dict[str, ReceivingPeer] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def offer(self, session: str, sdp: str, answered: Answered, servers: Sequence[BoxServer] = ()) -> None:
        """answered(sdp, None, ""), or answered("", kind, reason) for an offer that is refused.

        servers: STUN and TURN for the box's side.
        """
        asyncio.run_coroutine_threadsafe(self._offer(session, sdp, answered, servers), self._loop)

    def end(self, session: str) -> None:
        asyncio.run_coroutine_threadsafe(self._end(session), self._loop)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _offer(self, session: str, sdp: str, answered: Answered, servers: Sequence[BoxServer]) -> None:
        if len(self._peers) >= self._most:
            answered("", "failed", self._full)
            return
        peer = self._peers[session] = self._make(session, servers)
        try:
            answer = await peer.answer(sdp)
        except BadOffer as bad:
            await self._end(session)
            answered("", bad.kind, bad.reason)
            return
        answered(answer, None, "")
        asyncio.get_running_loop().create_task(self._bury(session, peer))

    async def _bury(self, session: str, peer: ReceivingPeer) -> None:
        """Closes the connection once it has ended, for whatever reason."""
        reason = await asyncio.to_thread(peer.wait_ended)
        await self._end(session)
        self._on_ended(session, reason)

    async def _end(self, session: str) -> None:
        peer = self._peers.pop(session, None)
        if peer is not None:
            await peer.close()

    async def _close(self) -> None:
        for session in list(self._peers):
            await self._end(session)
        # Sessions that were just ending, and what aiortc leaves running behind a closed connection.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            _, late = await asyncio.wait(others, timeout=CLOSE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
