"""Broadcast: the coded programme to every viewer, encoded once."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal

from pipelines.broadcast import hooks
from pipelines.broadcast.choosing import LAYER_BPS
from pipelines.broadcast.errors import TooManyViewers
from pipelines.broadcast.ice_servers import IceServer, for_aiortc, ice_servers, of_box
from pipelines.broadcast.key_requests import KeyRequests
from pipelines.broadcast.offers import read_offer
from pipelines.broadcast.pacing import Pacer
from pipelines.broadcast.packetising import packetise
from pipelines.broadcast.peers import Peer
from pipelines.broadcast.settings import BroadcastSettings
from pipelines.broadcast.status import Hears, ViewerStatus
from pipelines.media import MINUS_SOUND, VOICE_SOUND, Packet

log = logging.getLogger(__name__)

LOOK_AFTER_EVERY_S = 1.0
RETRY_AFTER_S = 10
_MIXES: dict[str, Hears] = {MINUS_SOUND: "minus", VOICE_SOUND: "voice"}
# 20 ms of digital silence, stereo (RFC 6716: a CELT frame whose silence flag is set).
_OPUS_SILENCE = bytes((0xFC, 0xFF, 0xFE))
LOW_STEP_BPS = 10_000


class Broadcast:
    """Answers viewers (WHEP) and sends them the packets that are published.

    Create it and call it in one event loop's thread. on_key_request is called with the layer's name
    when a viewer needs a key frame, at most every 300 ms: at a join, after a loss that the viewer could
    not mend, after an overflow. Whoever publishes, the studio or the slate, answers with a packet
    whose is_key is True.

    on_watched is called with the layers that somebody watches, whenever they or `low_bps` change: others need
    not be coded.
    full_chroma: offer 4:4:4 to those who take it. layer_bps: what each layer takes at most.

    connect_timeout_s: a viewer whose connection never stands is removed. silence_timeout_s: so is one
    who has not been heard of for that long.
    """

    def __init__(
        self,
        settings: BroadcastSettings,
        on_key_request: Callable[[str], None],
        *,
        on_watched: Callable[[frozenset[str]], None] = lambda _layers: None,
        full_chroma: bool = True,
        layer_bps: Mapping[str, int] = LAYER_BPS,
        connect_timeout_s: float = 30.0,
        silence_timeout_s: float = 30.0,
    ) -> None:
        hooks.install()
        self._settings = settings
        self._on_key_request = on_key_request
        self._on_watched = on_watched
        self._full_chroma = full_chroma
        self._layer_bps = layer_bps
        self._watched: tuple[frozenset[str], int | None] = frozenset(), None
        self._connect_timeout_s = connect_timeout_s
        self._silence_timeout_s = silence_timeout_s
        self._pacer = Pacer()
        self._peers: dict[str, Peer] = {}
        self._in_parts: set[str] = set()  # viewers who want them
        self._parts_allowed = False
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
        if packet.kind == "sound":
            self._sound(packet)
            return
        unit = packetise(packet) if self._peers else None
        if unit is not None and unit.runs:
            for peer in self._peers.values():
                peer.feed(unit)
        if packet.is_key:
            self._tell_watched()
        if packet.is_key and packet.layer in self._key_requests:
            self._key_requests[packet.layer].served()

    def _sound(self, packet: Packet) -> None:
        """To those who hear this mix. Who hears nothing gets silence, not a line that has gone quiet."""
        mix = _MIXES.get(packet.layer, "programme")
        hearing = [peer for peer in self._peers.values() if peer.hears == mix]
        if hearing:
            unit = packetise(packet)
            for peer in hearing:
                peer.feed(unit)
        muted = [peer for peer in self._peers.values() if peer.hears == "nothing"]
        if mix == "programme" and muted:
            silence = packetise(replace(packet, data=_OPUS_SILENCE))
            for peer in muted:
                peer.feed(silence)

    async def answer(self, offer_sdp: str, *, name: str = "") -> tuple[str, str]:
        """Admits a viewer: (viewer_id, answer). Knowing the id is enough to end the session: it is random.

        The answer is complete, no candidates follow. Raises BadOffer, TooManyViewers, AnswerTimedOut.
        """
        if self._is_closed:
            raise RuntimeError("answer() after close()")
        offer = read_offer(offer_sdp)
        if len(self._peers) >= self._settings.max_viewers:
            raise TooManyViewers(self._settings.max_viewers, RETRY_AFTER_S)
        peer = Peer(
            secrets.token_urlsafe(16),
            name,
            for_aiortc(self.servers_of_box()),
            self._pacer,
            self._ask_key,
            self._gone,
            self._full_chroma,
            self._layer_bps,
        )
        self._peers[peer.viewer_id] = peer
        with ExitStack() as undo:  # when the request is cancelled, too, nothing may be left behind
            undo.callback(self._gone, peer)
            answer_sdp = await peer.answer(offer)
            undo.pop_all()
        self._tell_watched()
        if self._caretaker is None or self._caretaker.done():
            self._caretaker = asyncio.create_task(self._look_after_peers(), name="broadcast caretaker")
        log.info("viewer joined, %d watching", len(self._peers))
        return peer.viewer_id, answer_sdp

    def ice_servers(self) -> list[IceServer]:
        """STUN and TURN servers for one viewer; the passwords are theirs alone, and expire."""
        return ice_servers(self._settings)

    def servers_of_box(self) -> list[IceServer]:
        """Those that the box itself uses, for one connection with a browser, whichever way media goes."""
        return of_box(self._settings)

    async def remove(self, viewer_id: str) -> bool:
        """Ends a viewer's session. False if there is none of that id (any more)."""
        peer = self._peers.pop(viewer_id, None)
        self._in_parts.discard(viewer_id)
        if peer is None:
            return False
        self._tell_watched()
        await peer.close()
        log.info("viewer removed, %d watching", len(self._peers))
        return True

    def pin(self, viewer_id: str, layer: str | None) -> bool:
        """Holds a viewer's layer, or lets it be chosen again (None). False if there is no such viewer.

        Raises ValueError, with the layers to be had, for one that their browser does not take.
        """
        peer = self._peers.get(viewer_id)
        if peer is None:
            return False
        peer.pin(layer)
        self._tell_watched()
        return True

    def take_parts(self, viewer_id: str, wanted: bool) -> bool:
        """A viewer has the sheets as pictures and lays the teacher over them, or no longer does.

        Their layer follows while parts are allowed. False if there is no such viewer.
        """
        peer = self._peers.get(viewer_id)
        if peer is None:
            return False
        (self._in_parts.add if wanted else self._in_parts.discard)(viewer_id)
        peer.take_parts(wanted and self._parts_allowed)
        self._tell_watched()
        return True

    def allow_parts(self, allowed: bool) -> None:
        """False while there are no sheets: then all get the composed picture."""
        if allowed == self._parts_allowed:
            return
        self._parts_allowed = allowed
        for viewer_id in self._in_parts & self._peers.keys():
            self._peers[viewer_id].take_parts(allowed)
        self._tell_watched()

    def hear(self, viewer_id: str, hears: Hears) -> bool:
        """Which sound a viewer gets from now on. False if there is no such viewer."""
        peer = self._peers.get(viewer_id)
        if peer is None:
            return False
        peer.hears = hears
        return True

    def knows(self, viewer_id: str) -> bool:
        """Is there such a viewer?"""
        return viewer_id in self._peers

    @property
    def watched(self) -> frozenset[str]:
        """The layers that somebody watches, or is about to."""
        return frozenset().union(*(peer.watched for peer in self._peers.values()))

    @property
    def low_bps(self) -> int | None:
        """What the low layer may take, bit/s, on the weakest line of those who watch it; None without any.

        In steps, so that it does not change all the time.
        """
        wanted = [bps for peer in self._peers.values() if (bps := peer.low_bps) is not None]
        return int(min(wanted) // LOW_STEP_BPS * LOW_STEP_BPS) if wanted else None

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

    def _ask_key(self, layer: str) -> None:
        if self._is_closed:
            return
        self._tell_watched()  # a layer that is not coded yet has no key frames
        if layer not in self._key_requests:
            self._key_requests[layer] = KeyRequests(lambda: self._on_key_request(layer))
        self._key_requests[layer].ask()

    def _tell_watched(self) -> None:
        watched = self.watched, self.low_bps
        if watched != self._watched:
            self._watched = watched
            self._on_watched(watched[0])

    def _gone(self, peer: Peer) -> None:
        """The connection is over: closes it in a task of its own, for this is called from within aiortc."""
        self._peers.pop(peer.viewer_id, None)
        self._in_parts.discard(peer.viewer_id)
        self._tell_watched()
        task = asyncio.create_task(peer.close(), name="broadcast close viewer")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        log.info("viewer left, %d watching", len(self._peers))

    async def _look_after_peers(self) -> None:
        while self._peers:
            await asyncio.sleep(LOOK_AFTER_EVERY_S)
            for peer in list(self._peers.values()):
                await peer.look_after(self._connect_timeout_s, self._silence_timeout_s)
            self._tell_watched()
