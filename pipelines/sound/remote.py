"""A remote room's voice: received by WebRTC, in blocks for the programme and for the main room."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from av import VideoFrame

from pipelines.media import I16, SOUND_BLOCK_SAMPLES
from pipelines.receiving import Answered, ReceivingPeer, Reception, Sounding, Wording
from pipelines.saying import said
from pipelines.sound.meter import LevelMeter

MAX_SESSIONS: Final = 2  # one speaks; another may just be coming or going
FULL: Final = "another room is being connected; try again in a moment"
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
        self._on_heard = on_heard
        self._on_ended = on_ended
        self._lock = threading.Lock()
        self._reception: Reception | None = None  # few lessons need it, and it costs a thread
        self._speaker: _Speaker | None = None
        self._meter = LevelMeter()
        self._silence: I16 = np.zeros((SOUND_BLOCK_SAMPLES, 2), np.int16)

    @property
    def is_open(self) -> bool:
        """Is a room connected, or about to be?"""
        return self._speaker is not None

    @property
    def peak_dbfs(self) -> float:
        """Of the newest block taken."""
        return self._meter.peak_dbfs

    def offer(self, session: str, sdp: str, answered: Answered) -> None:
        """A room's WHIP offer; the room before it is sent away."""
        with self._lock:
            if self._reception is None:
                self._reception = Reception("voices", MAX_SESSIONS, FULL, self._make, self._gone)
            before = self._speaker
        if before is not None:
            self._reception.end(before.session)
        self._reception.offer(session, sdp, answered)

    def end(self, session: str) -> None:
        with self._lock:
            reception = self._reception
        if reception is not None:
            reception.end(session)

    def take(self) -> I16:
        """The next block i16 (960, 2); silence where there is none."""
        with self._lock:
            speaker = self._speaker
        pcm = None if speaker is None else speaker.sounding.take(SOUND_BLOCK_SAMPLES)
        block = self._silence if pcm is None else pcm
        self._meter.take(block)
        return block

    def close(self) -> None:
        with self._lock:
            reception, self._reception = self._reception, None
        if reception is not None:
            reception.close()

    def _make(self, session: str) -> ReceivingPeer:
        speaker = _Speaker(session)
        with self._lock:
            self._speaker = speaker
        return ReceivingPeer("voice", speaker, WORDING, lambda: self._on_heard(session))

    def _gone(self, session: str, reason: str) -> None:
        with self._lock:
            if self._speaker is not None and self._speaker.session == session:
                self._speaker = None
        self._on_ended(session, reason)
