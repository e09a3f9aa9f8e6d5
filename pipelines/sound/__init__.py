"""The teacher's voice: microphone, file, tone or silence, in blocks of 20 ms on the session's clock.

source = open_sound(SoundSettings(source="alsa:default"), clock)
while (sound := source.read(0.1)) is not None: ...
"""

from pipelines.sound.delay import DelayLine
from pipelines.sound.loudspeaker import Loudspeaker, open_loudspeaker
from pipelines.sound.remote import RemoteVoice
from pipelines.sound.settings import SoundSettings
from pipelines.sound.source import SoundSource, open_sound

__all__ = [
    "DelayLine",
    "Loudspeaker",
    "RemoteVoice",
    "SoundSettings",
    "SoundSource",
    "open_loudspeaker",
    "open_sound",
]
