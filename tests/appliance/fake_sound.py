"""The sound of the fake studio: real voices of rooms by the real mixer, over a teacher who is silent."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipelines.encoding import EncodingSettings
from pipelines.orders import EndVoice, MixVoice, OfferVoice
from pipelines.reports import OfferAnswer, Report, SessionEnded, VoiceHeard
from pipelines.sound import RemoteVoice, SoundSettings, open_sound
from pipelines.studio.mixing import Mixer
from pipelines.timing import SessionClock


class FakeSound:
    def __init__(self, clock: SessionClock, send: Callable[[Report], None]) -> None:
        self._send = send
        self.voice = RemoteVoice(
            lambda session: send(VoiceHeard(session)),
            lambda session, reason: send(SessionEnded(session, reason)),
        )
        source = open_sound(SoundSettings(source="silence:"), clock)
        self._mixer = Mixer(EncodingSettings(), source, self.voice, lambda _samples: None)
        threading.Thread(target=self._run, daemon=True).start()

    def obey(self, order: OfferVoice | EndVoice | MixVoice) -> None:
        match order:
            case OfferVoice(session, sdp):
                self.voice.offer(
                    session,
                    sdp,
                    lambda answer, fault, reason: self._send(
                        OfferAnswer(session, answer, fault or "", reason)
                    ),
                )
            case EndVoice(session):
                self.voice.end(session)
            case MixVoice():
                self._mixer.mix = order

    def _run(self) -> None:
        while True:
            self._mixer.pass_on(0.5, 0, self._send)
