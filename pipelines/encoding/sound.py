"""SoundEncoder: 20 ms blocks in, Opus frames out, one for one."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from pipelines.encoding.settings import EncodingSettings
from pipelines.media import SOUND_BLOCK_SAMPLES, SOUND_HZ, Packet, Sound

# Opus adds the redundancy of in-band error correction (RFC 6716 section 2.1.7) only for a loss it expects.
EXPECTED_LOSS_PERCENT = 10


class SoundEncoder:
    """Opus at 48 kHz, stereo, 20 ms (RFC 7587), tuned for speech. Use from one thread."""

    def __init__(self, settings: EncodingSettings) -> None:
        context = av.CodecContext.create("libopus", "w")
        context.sample_rate = SOUND_HZ
        context.format = "s16"
        context.layout = "stereo"
        context.bit_rate = settings.sound_bps
        context.time_base = Fraction(1, SOUND_HZ)
        context.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": str(EXPECTED_LOSS_PERCENT),
        }
        context.open()
        self._context: AudioCodecContext | None = context

    def encode(self, sound: Sound) -> list[Packet]:
        """Codes one block. Its pts (1/48000 s) and captured_ns pass through.

        Raises ValueError for another shape than (960, 2), RuntimeError after close().
        """
        if self._context is None:
            raise RuntimeError("encode() after close()")
        if sound.pcm.shape != (SOUND_BLOCK_SAMPLES, 2):
            raise ValueError(f"sound of shape {sound.pcm.shape}, wanted {(SOUND_BLOCK_SAMPLES, 2)}")
        interleaved = np.ascontiguousarray(sound.pcm).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout="stereo")
        frame.sample_rate = SOUND_HZ
        frame.pts = sound.pts
        coded = self._context.encode(frame)
        return [Packet(bytes(packet), "sound", sound.pts, True, sound.captured_ns) for packet in coded]

    def close(self) -> None:
        self._context = None
