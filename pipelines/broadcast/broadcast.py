"""Broadcast: the coded programme to every viewer, encoded once."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal

from pipelines.broadcast import hooks
from pipelines.broadcast.errors import TooManyViewers
from pipelines.broadcast.key_requests import KeyRequests
from pipelines.broadcast.offers import read_offer
from pipelines.broadcast.peers import Peer
from pipelines.broadcast.settings import BroadcastSettings
from pipelines.broadcast.status import ViewerStatus
from pipelines.media import Packet

log = logging.getLogger(__name__)

LOOK_AFTER_EVERY_S = 1.0
RETRY_AFTER_S = 10


class Broadcast:
    """Answers viewers (WHEP) and sends them the packets that are published.

    Create it and call it in one event loop's thread. on_key_request is called with the layer's name
    when a viewer needs a key frame, at most every 300 ms: at a join, after a loss that the viewer could
    not mend, after an overflow. Whoever publishes, the studio or the slate, answers with a packet
    whose is_key is True.

    connect_timeout_s: a viewer whose connection never stands is removed. silence_timeout_s: so is one
    who has not been heard of for that long.
    """

    def __init__(
        self,
        settings: BroadcastSettings,
        on_key_request: Callable[[str], None],
        *,
        connect_timeout_s: float = 30.0,
        silence_timeout_s: float = 30.0,
    ) -> None:
        hooks.install()
        self._settings = settings
        self._on_key_request = on_key_request
        self._connect_timeout_s = connect_timeout_s
        self._silence_timeout_s = silence_timeout_s
        self._peers: dict[str, Peer] = {}
        self._key_requests: dict[str, KeyRequests] = {}
        self._newest_pts: dict[tuple[Literal["video", "sound"], str], int] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._caretaker: asyncio.Task[None] | None = None
        self._is_closed = False

    def publish(self, packet: Packet) -> None:
        """Sends one packet to every viewer. Never blocks; slow viewers drop on their own account.

        Viewers see time go forward only: where a restarted studio or a slate steps back, sound is left
        out and pictures are moved to the next instant, because later pictures build on them.
        """
        stream = (packet.kind, packet.layer)
        newest = self._newest_pts.get(stream, -1)
        if packet.pts <= newest:
            if packet.kind == "sound":
                return
            packet = replace(packet, pts=newest + 1)
        self._newest_pts[stream] = packet.pts
        for peer in self._peers.values():
            peer.feed(packet)
        if packet.kind == "video" and packet.is_key and packet.layer in self._key_requests:
            self._key_requests[packet.layer].served()

    async def answer(self, offer_sdp: str, *, name: str = "") -> tuple[str, str]:
        """Admits a viewer: (viewer_id, answer). Knowing the id is enough to end the session: it is random.

        The answer is complete, no candidates follow. Raises BadOffer, TooManyViewers, AnswerTimedOut.
        """
        if self._is_closed:
            raise RuntimeError("answer() after close()")
        offer = read_offer(offer_sdp)
        if len(self._peers) >= self._settings.max_viewers:
            raise TooManyViewers(self._settings.max_viewers, RETRY_AFTER_S)
        stun_url, ask_key = self._settings.stun_url, self._ask_key("main")
        peer = Peer(secrets.token_urlsafe(16), name, stun_url, ask_key, self._gone)
        self._peers[peer.viewer_id] = peer
        with ExitStack() as undo:  # when the request is cancelled, too, nothing may be left behind
            undo.callback(self._gone, peer)
            answer_sdp = await peer.answer(offer)
            undo.pop_all()
        if self._caretaker is None or self._caretaker.done():
            self._caretaker = asyncio.create_task(self._look_after_peers(), name="broadcast caretaker")
        log.info("viewer joined, %d watching", len(self._peers))
        return peer.viewer_id, answer_sdp

    async def remove(self, viewer_id: str) -> bool:
        """Ends a viewer's session. False if there is none of that id (any more)."""
        peer = self._peers.pop(viewer_id, None)
        if peer is None:
            return False
        await peer.close()
        log.info("viewer removed, %d watching", len(self._peers))
        return True

    def viewers(self) -> list[ViewerStatus]:
        """How every viewer is doing, in order of arrival."""
        return [peer.status() for peer in self._peers.values()]

    async def close(self) -> None:
        """Ends all sessions. When it returns no task and no socket is left."""
        self._is_closed = True
        if self._caretaker is not None:
            self._caretaker.cancel()
            await asyncio.wait([self._caretaker])
        await asyncio.gather(*(self.remove(viewer_id) for viewer_id in list(self._peers)))
        if self._closing:
            await asyncio.wait(self._closing)
        for requests in self._key_requests.values():
            requests.served()

    def _ask_key(self, layer: str) -> Callable[[], None]:
        if layer not in self._key_requests:
            self._key_requests[layer] = KeyRequests(lambda: self._on_key_request(layer))
        return self._key_requests[layer].ask

    def _gone(self, peer: Peer) -> None:
        """The connection is over: closes it in a task of its own, for this is called from within aiortc."""
        self._peers.pop(peer.viewer_id, None)
        task = asyncio.create_task(peer.close(), name="broadcast close viewer")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        log.info("viewer left, %d watching", len(self._peers))

    async def _look_after_peers(self) -> None:
        while self._peers:
            await asyncio.sleep(LOOK_AFTER_EVERY_S)
            for peer in list(self._peers.values()):
                await peer.look_after(self._connect_timeout_s, self._silence_timeout_s)
