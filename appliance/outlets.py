"""The ways on which the programme leaves the box, viewers aside: other servers, and the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from appliance.settings import Settings
from pipelines.media import Packet
from pipelines.orders import EndRaw, KeepWorst, Order, ShowRecording
from pipelines.publishing import Publishing
from pipelines.recording.recorder import CannotRecord, Recorder
from pipelines.reports import StudioStatus
from pipelines.saying import said


class Outlets:
    """Lives in the event loop. on_change: a state, `watched` or `orders` changed. notify: tells the
    assistant."""

    def __init__(
        self,
        settings: Settings,
        request_key: Callable[[str], None],
        on_change: Callable[[], None],
        notify: Callable[[str], None],
    ) -> None:
        self._on_change = on_change
        self._notify = notify
        self._told = ""
        self._has_light = settings.recording.light_in_programme
        self._is_raw_on = False
        self._keeps_worst = settings.recording.worst_mattes > 0
        self._worst_of = ""  # as the studio was told
        self._is_curtained = False
        self.publishing = Publishing(settings.publishing, request_key, on_change, settings.encoding.layer_bps)
        self.recorder = Recorder(
            settings.box.recordings_path,
            settings.recording,
            settings.programme.rate_hz,
            request_key,
            self._recorder_changed,
        )

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded for them."""
        return self.publishing.watched | self.recorder.watched

    @property
    def shows_light(self) -> bool:
        """Is the recording light due in the programme's corner?"""
        return self._has_light and (self.recorder.is_on or self._is_raw_on)

    def orders(self) -> tuple[Order, ...]:
        """What the studio must know of them: a new one at once, and any whenever something changed."""
        self._worst_of = self._worst_wanted()
        told = ShowRecording(self.shows_light), KeepWorst(self._worst_of)
        return (*told, EndRaw()) if self._is_curtained else told

    def curtain(self, is_closed: bool) -> None:
        """Panic. Closed: nothing more of what the camera sees is written down."""
        self._is_curtained = is_closed
        self._on_change()

    async def start(self) -> None:
        """Begins what needs no order, and goes on with a recording that a crash interrupted."""
        self.publishing.start()
        try:
            await self.recorder.resume()
        except CannotRecord as error:
            self._notify(
                said("recording_not_resumed", "The recording does not go on: {reason}", reason=error.reason)
            )
        if self.recorder.is_on:
            self._notify(
                said("recording_resumed", "The box was interrupted while recording: the recording goes on.")
            )

    def take(self, packet: Packet) -> None:
        """A packet of the studio. The slate is not recorded."""
        self.recorder.feed(packet)

    def follow(self, status: StudioStatus) -> None:
        """The page shown is a chapter of the recording."""
        self.recorder.turn(status.page_index, status.courseware)
        if self._worst_wanted() != self._worst_of:
            self._on_change()
        raw = status.raw
        if raw is not None and raw.is_on != self._is_raw_on:
            self._is_raw_on = raw.is_on
            if not raw.is_on:
                self._notify(said("raw_ended", "The raw recording ended: {reason}.", reason=raw.reason))
            self._on_change()

    async def close(self) -> None:
        await asyncio.gather(self.publishing.close(), self.recorder.close())

    def _worst_wanted(self) -> str:
        return self.recorder.open_id if self._keeps_worst and not self._is_curtained else ""

    def _recorder_changed(self) -> None:
        reason = self.recorder.status().reason
        if reason and reason != self._told:
            self._notify(said("recording_ended", "The recording ended: {reason}.", reason=reason))
        self._told = reason
        self._on_change()
