"""Decoded sound of any form as stereo i16 at 48 kHz."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np

from pipelines.media import I16, SOUND_HZ


class ToStereo:
    """Converts frame after frame; a stream may change its form in between."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def __call__(self, frame: av.AudioFrame) -> Iterator[I16]:
        """Samples i16 (n, 2), later than they came in by the filter's few."""
        form = frame.format.name, frame.layout.name, frame.sample_rate
        if form != self._form:
            yield from self.rest()
            # Mono is doubled here: the resampler's own way to stereo takes 3 dB off.
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            self._resampler = av.AudioResampler("s16", layout, SOUND_HZ)
            self._form = form
        assert self._resampler is not None
        frame.pts = None  # a jump of pts would become a burst of silence
        yield from map(_stereo, self._resampler.resample(frame))

    def rest(self) -> Iterator[I16]:
        """What the filter still holds. The next frame begins anew."""
        resampler, self._resampler, self._form = self._resampler, None, None
        if resampler is not None:
            yield from map(_stereo, resampler.resample(None))


def _stereo(frame: av.AudioFrame) -> I16:
    channels = frame.layout.nb_channels
    pcm = np.asarray(frame.to_ndarray(), np.int16).reshape(-1, channels)
    return np.repeat(pcm, 2, axis=1) if channels == 1 else pcm
