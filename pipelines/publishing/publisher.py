"""Publisher: one destination, from its start to its end, through every failure in between."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from pipelines.broadcast.choosing import LAYER_BPS
from pipelines.broadcast.key_requests import KeyRequests
from pipelines.broadcast.pacing import Pacer
from pipelines.broadcast.packetising import AccessUnit
from pipelines.media import VIDEO_LAYERS
from pipelines.publishing.backoff import Backoff
from pipelines.publishing.connection import Publication
from pipelines.publishing.errors import PublishError
from pipelines.publishing.links import IceServer
from pipelines.publishing.rtmp import RtmpPush
from pipelines.publishing.settings import TOKEN_PLACE, DestinationSettings
from pipelines.publishing.status import DestinationState, DestinationStatus
from pipelines.publishing.whip import WhipClient, WhipSession

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 20.0
# A session that lasted so long was no mistake: the next failure begins with a short pause again.
PROVEN_S = 10.0


class Publisher:
    """Tries for ever, until `stop`. on_change: state or watched layer changed."""

    def __init__(
        self,
        destination: DestinationSettings,
        pacer: Pacer,
        request_key: Callable[[str], None],
        on_change: Callable[[], None],
        backoff: Backoff | None = None,
        layer_bps: Mapping[str, int] = LAYER_BPS,
    ) -> None:
        self.destination = destination
        self._layer_bps = layer_bps
        self._keys = {layer: KeyRequests(partial(request_key, layer)) for layer in VIDEO_LAYERS}
        self._pacer = pacer
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self._publication: Publication | RtmpPush | None = None
        self._task: asyncio.Task[None] | None = None
        self._state: DestinationState = "stopped"
        self._failure: PublishError | None = None
        self._due_s = 0.0
        self._live_since_s = 0.0
        self._sessions = 0
        # Named by the server's 201: aiortc cannot add them to an offer, but the next one has them.
        self._learnt: tuple[IceServer, ...] = ()

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded for this destination, while there is a connection or one begins."""
        return frozenset() if self._publication is None else self._publication.watched

    @property
    def low_bps(self) -> float | None:
        """What the low layer may take on the way there, bit/s; None while it is of no use."""
        return None if self._publication is None else self._publication.low_bps

    @property
    def is_connected(self) -> bool:
        return self._publication is not None

    def start(self) -> None:
        """Does nothing if it is started."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(
                self._run(), name=f"publisher {self.destination.name}"
            )
            self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Ends the session on the server too. Does nothing if it is stopped."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        for keys in self._keys.values():
            keys.served()
        self._failure = None
        self._backoff.succeeded()
        self._be("stopped")

    def feed(self, unit: AccessUnit) -> None:
        if self._publication is not None:
            self._publication.feed(unit)
            if unit.is_key and unit.kind == "video" and unit.layer in self._keys:
                self._keys[unit.layer].served()

    def status(self) -> DestinationStatus:
        now_s, publication = time.monotonic(), self._publication
        is_live = self._state == "live"
        return DestinationStatus(
            name=self.destination.name,
            server=self.destination.server,
            layer=publication.layer if publication else self.destination.layer,
            state=self._state,
            code=self._failure.code if self._failure else "",
            reason=self._failure.reason if self._failure else "",
            next_try_s=max(0.0, self._due_s - now_s) if self._state == "waiting" else None,
            live_s=now_s - self._live_since_s if is_live else None,
            sessions=self._sessions,
            sent_bytes=publication.sent_bytes if publication else 0,
            rtt_ms=publication.rtt_ms if publication else None,
            loss=publication.loss if publication else 0.0,
            dropped=publication.dropped if publication else 0,
        )

    async def _run(self) -> None:
        while True:
            self._be("connecting")
            # Whatever ends a session, it is tried again. When this is cancelled, the session still ends well.
            (outcome,) = await asyncio.gather(self._publish(), return_exceptions=True)
            assert outcome is not None
            self._failure = self._failed(outcome)
            pause_s = self._backoff.failed(self._failure.retry_after_s)
            self._due_s = time.monotonic() + pause_s
            log.warning(
                "destination %s: %s; next try in %.1f s", self.destination.name, self._failure.reason, pause_s
            )
            self._be("waiting")
            await asyncio.sleep(pause_s)

    async def _publish(self) -> None:
        """One session, which always ends with a PublishError, or with CancelledError."""
        token = await asyncio.to_thread(self.destination.token)
        if self.destination.is_rtmp:
            await self._push(self.destination.url.replace(TOKEN_PLACE, token))
        else:
            await self._send_by_whip(token)

    async def _push(self, url: str) -> None:
        push = RtmpPush(self.destination.layer, self._keys[self.destination.layer].ask)
        self._publication = push
        self._on_change()
        try:
            await push.connect(url, CONNECT_TIMEOUT_S)
            await self._stay(push)
        finally:
            self._publication = None
            self._on_change()
            await push.close()

    async def _send_by_whip(self, token: str) -> None:
        async with WhipClient(self.destination.url, token) as client:
            servers = dict.fromkeys((*self._learnt, *await client.servers()))
            publication = Publication(
                self.destination.layer,
                servers,
                self._pacer,
                lambda layer: self._keys[layer].ask(),
                self._on_change,
                self._layer_bps,
            )
            session: WhipSession | None = None
            try:
                session = await client.begin(await publication.offer())
                self._publication = publication
                self._on_change()
                await self._connect(client, session, publication, frozenset(servers))
                await self._stay(publication)
            finally:
                self._publication = None
                self._on_change()
                await publication.close()
                if session is not None:
                    await client.end(session)

    async def _connect(
        self,
        client: WhipClient,
        session: WhipSession,
        publication: Publication,
        known: frozenset[IceServer],
    ) -> None:
        self._learnt = session.servers
        relays = [server for server in session.servers if server.relays and server not in known]
        if relays and session.etag:
            fragment = await publication.late_candidates(relays)
            if fragment:
                await client.trickle(session, fragment)
        await publication.accept(session.answer, CONNECT_TIMEOUT_S)

    async def _stay(self, publication: Publication | RtmpPush) -> None:
        self._failure = None
        self._sessions += 1
        self._live_since_s = time.monotonic()
        self._be("live")
        log.info("destination %s is live", self.destination.name)
        why = await publication.watch_over()
        if time.monotonic() - self._live_since_s >= PROVEN_S:
            self._backoff.succeeded()
        raise PublishError("lost", why)

    def _failed(self, error: BaseException) -> PublishError:
        if isinstance(error, PublishError):
            return error
        log.error("destination %s failed", self.destination.name, exc_info=error)
        why = (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
        return PublishError("box", f"this box could not send ({why})")

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A bug outside of a session ends this destination, in the log's words; the others go on."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("destination %s failed", self.destination.name, exc_info=error)
            self._task = None
            self._be("stopped")

    def _be(self, state: DestinationState) -> None:
        self._state = state
        self._on_change()
