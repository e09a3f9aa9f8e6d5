"""Suppressor: takes the steady noise of fans, projectors and air conditioning out of a voice."""

from __future__ import annotations

from typing import Final

from pywebrtc_audio import NoiseSuppressor

from pipelines.media import I16, SOUND_HZ

# How much older than what went in is what comes out: 288 samples of overlap and 47 of the filter bank.
DELAY_SAMPLES: Final = 335  # 7 ms
_LEVEL: Final = 2  # takes up to 18 dB, as browsers do for calls; 21 dB cost noisy voices 1 dB more


class Suppressor:
    """WebRTC's noise suppressor, block after block without a seam. For one thread.

    It learns the noise within a second and follows it. Music and pure tones that last are noise to it.
    """

    def __init__(self) -> None:
        self._suppressor = NoiseSuppressor(sample_rate=SOUND_HZ, num_channels=2, level=_LEVEL)

    def suppress(self, pcm: I16) -> I16:
        """i16 (N, 2), 48 kHz, N a multiple of 480, to the same, DELAY_SAMPLES later. The block given is not
        changed."""
        return self._suppressor.process(pcm.reshape(-1)).reshape(-1, 2)
