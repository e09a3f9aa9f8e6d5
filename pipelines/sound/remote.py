"""A remote room's voice: received by WebRTC, in blocks for the programme and for the main room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from av import VideoFrame

from pipelines.media import I16, SOUND_BLOCK_SAMPLES
from pipelines.orders import BoxServer
from pipelines.receiving.peer import Wording
from pipelines.receiving.reception import Answered
from pipelines.receiving.single import OneSender
from pipelines.receiving.sounding import Sounding
from pipelines.saying import said
from pipelines.sound.meter import LevelMeter

FULL: Final = said("voices_full", "another room is being connected; try again in a moment")
WORDING: Final = Wording(
    over=said("voice_over", "The room no longer speaks."),
    lost=said("voice_lost", "The connection to the room's microphone was lost."),
    never=said(
        "voice_never", "The room's microphone never arrived. Is a firewall between the room and the box?"
    ),
    too_slow=said("voice_slow", "This box cannot decode the room's voice in time."),
)


@dataclass(slots=True)
class _Speaker:
    """Satisfies Sink."""

    session: str
    sounding: Sounding = field(default_factory=Sounding)

    def picture(self, picture: VideoFrame) -> str:
        return WORDING.over  # its offer has no video section

    def sound(self, pcm: I16) -> None:
        self.sounding.put(pcm)

    def end(self, reason: str) -> None:
        self.sounding.clear()


class RemoteVoice:
    """One room at a time: the newest. Safe between threads.

    on_heard(session): its first sound was decoded. on_ended(session, reason): it has gone. Both are called in
    a thread of this class.
    """

    def __init__(self, on_heard: Callable[[str], None], on_ended: Callable[[str, str], None]) -> None:
        self._sender = OneSender("voice", FULL, WORDING, _Speaker, on_heard, on_ended)
        self._meter = LevelMeter()
        self._silence: I16 = np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16)

    @property
    def is_open(self) -> bool:
        """Is a room connected, or about to be?"""
        return self._sender.newest is not None

    @property
    def peak_dbfs(self) -> float:
        """Of the newest block taken."""
        return self._meter.peak_dbfs

    def offer(self, session: str, sdp: str, answered: Answered, servers: Sequence[BoxServer] = ()) -> None:
        """A room's WHIP offer; the room before it is sent away."""
        self._sender.offer(session, sdp, answered, servers)

    def end(self, session: str) -> None:
        self._sender.end(session)

    def take(self) -> I16:
        """The next block i16 (960, 2); silence where there is none."""
        speaking = self._sender.newest
        pcm = None if speaking is None else speaking[1].sounding.take(SOUND_BLOCK_SAMPLES)
        block = self._silence if pcm is None else pcm
        self._meter.take(block)
        return block

    def close(self) -> None:
        self._sender.close()
