"""The teacher's voice: microphone, file, tone or silence, in blocks of 20 ms on the session's clock.

source = open_sound(SoundSettings(source="alsa:default"), clock)
while (sound := source.read(0.1)) is not None: ...
"""
