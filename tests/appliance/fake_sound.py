"""A remote room in the fake studio: its voice by the real mixer, its camera by the real guest."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipelines.compositing.moving import STILL
from pipelines.encoding.settings import EncodingSettings
from pipelines.media import U8, Page, Scene, SizeWh
from pipelines.orders import MixVoice, Order
from pipelines.reports import Report
from pipelines.sound.settings import SoundSettings
from pipelines.sound.source import open_sound
from pipelines.studio.composing import Composed, Wish
from pipelines.studio.guest import Guest
from pipelines.studio.mixing import Mixer
from pipelines.timing import SessionClock


class FakeSound:
    def __init__(self, size_wh: SizeWh, clock: SessionClock, send: Callable[[Report], None]) -> None:
        self._send = send
        self.guest = Guest(size_wh, send, lambda: None)
        source = open_sound(SoundSettings(source="silence:"), clock)
        self._mixer = Mixer(EncodingSettings(), source, self.guest.voice, lambda _samples: None)
        threading.Thread(target=self._run, daemon=True).start()

    def obey(self, order: Order) -> None:
        if isinstance(order, MixVoice):
            self._mixer.mix = order
        self.guest.obey(order)

    def over(self, rgb: U8, scene: Scene, now_ns: int) -> U8:
        """The programme with the room's small picture, if it is wanted."""
        page = Page(rgb, 0, now_ns)
        wish = Wish(page, None, scene, None, "", "", False, STILL)
        return self.guest.over(Composed(rgb, page, None, scene, wish), now_ns).rgb

    def _run(self) -> None:
        while True:
            self._mixer.pass_on(0.5, 0, self._send)
