"""Lips in sync on disk: where a sound packet belongs on the pictures' time line."""

from __future__ import annotations

from pipelines.media import PTS_HZ, SOUND_HZ, Packet
from pipelines.timing import NS_PER_S

# The delay line moves sound by a twentieth of the time gone by at most: a slow average follows it.
SMOOTHING = 0.02
# A file whose sound jumps with every tremble would crackle; lips forgive this much (ITU-R BT.1359).
DEAD_BAND_S = 0.04


class SoundAlignment:
    """Sound is in sync when sound and picture that left together are shown together, as viewers see them.

    So both are timed by their arrival, smoothed, and the sound's pts is moved by the difference of the two
    lags. Use from one thread, in the order of arrival.
    """

    def __init__(self) -> None:
        self._lags_s: dict[str, float] = {}
        self._offset_s: float | None = None

    def arrived(self, packet: Packet, now_ns: int) -> None:
        """Takes note of a packet. now_ns: monotonic, of its arrival."""
        hz = PTS_HZ if packet.kind == "video" else SOUND_HZ
        lag_s = now_ns / NS_PER_S - packet.pts / hz
        before_s = self._lags_s.get(packet.kind)
        if before_s is None or abs(lag_s - before_s) > 1.0:  # the first one, or another session's
            self._lags_s[packet.kind] = lag_s
        else:
            self._lags_s[packet.kind] = before_s + SMOOTHING * (lag_s - before_s)

    def video_pts(self, sound_pts: int) -> int | None:
        """A sound's pts on the pictures' time line, both in 1/48000 s; None before the first picture."""
        if len(self._lags_s) < 2:
            return None
        offset_s = self._lags_s["sound"] - self._lags_s["video"]
        if self._offset_s is None or abs(offset_s - self._offset_s) > DEAD_BAND_S:
            self._offset_s = offset_s
        return sound_pts + round(self._offset_s * SOUND_HZ)
