"""The ways on which the programme leaves the box, viewers aside: other servers, and the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from appliance.settings import Settings
from pipelines.media import Packet
from pipelines.publishing import Publishing
from pipelines.recording import CannotRecord, Recorder
from pipelines.reports import StudioStatus
from pipelines.saying import said


class Outlets:
    """Lives in the event loop. on_change: a state or `watched` changed. notify: tells the assistant."""

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
        raw = status.raw
        if raw is not None and raw.is_on != self._is_raw_on:
            self._is_raw_on = raw.is_on
            if not raw.is_on:
                self._notify(said("raw_ended", "The raw recording ended: {reason}.", reason=raw.reason))
            self._on_change()

    async def close(self) -> None:
        await asyncio.gather(self.publishing.close(), self.recorder.close())

    def _recorder_changed(self) -> None:
        reason = self.recorder.status().reason
        if reason and reason != self._told:
            self._notify(said("recording_ended", "The recording ended: {reason}.", reason=reason))
        self._told = reason
        self._on_change()
