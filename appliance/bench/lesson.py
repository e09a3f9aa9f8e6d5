"""A lesson's programme for benches of the way to the viewers: pictures coded in real time, and a tone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from pipelines.courseware.opening import open_courseware
from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.media import PTS_HZ, SOUND_BLOCK_SAMPLES, SOUND_HZ, U8, Packet, SizeWh, Sound
from pipelines.simulated.rendering import render_clip
from pipelines.timing import NS_PER_S

SIZE_WH = (1280, 720)
RATE_HZ = 25
PICTURES = 50
TURN_EVERY_S = 4.0
BLOCKS_PER_PICTURE = SOUND_HZ // RATE_HZ // SOUND_BLOCK_SAMPLES


def pictures(size_wh: SizeWh = SIZE_WH, count: int = PICTURES) -> list[U8]:
    """The teacher before a page as the camera sees them; its noise uses up any ceiling. u8 (H, W, 3) each:
    `count` of them, then back again."""
    courseware = open_courseware("demo", size_wh)
    page = courseware.page()
    courseware.close()
    there = render_clip(size_wh, page, count)
    return there + there[::-1]


class Lesson:
    """Codes `frames` over and over in a thread of its own, with a page turn's key frame every 4 s.

    publish: called from that thread. coding_s: processor time of the coding so far; published: pictures, and
    their bytes; gap_ms: the longest time between two, since `reset`.
    """

    def __init__(
        self, frames: list[U8], settings: EncodingSettings, publish: Callable[[Packet], None]
    ) -> None:
        height, width = frames[0].shape[:2]
        self._frames = frames
        self._publish = publish
        self._video = LayeredEncoder((width, height), RATE_HZ, settings)
        self._sound = SoundEncoder(settings)
        self._wanted: set[str] = set()
        self._watched: frozenset[str] = frozenset()
        self._low_bps: int | None = None
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lesson", daemon=True)
        self.coding_s = 0.0
        self.published = 0
        self.published_bytes = 0
        self.gap_ms = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join()
        self._video.close()

    def want_key(self, layer: str) -> None:
        with self._lock:
            self._wanted.add(layer)

    def watch(self, layers: frozenset[str], low_bps: int | None = None) -> None:
        with self._lock:
            self._watched, self._low_bps = layers, low_bps

    def _run(self) -> None:
        start_s = before_s = time.monotonic()
        index = 0
        while not self._ends.wait(max(0.0, start_s + index / RATE_HZ - time.monotonic())):
            with self._lock:
                wanted, self._wanted = self._wanted, set()
                watched, low_bps = self._watched, self._low_bps
            if index % round(TURN_EVERY_S * RATE_HZ) == 0:
                wanted |= watched
            began_s = time.thread_time()
            if watched != self._video.watched:
                self._video.watch(watched)
            self._video.pace_low(low_bps)
            now_ns = time.monotonic_ns()
            pts = round((now_ns / NS_PER_S - start_s) * PTS_HZ)
            packets = self._video.encode(self._frames[index % len(self._frames)], pts, now_ns, wanted)
            for block in range(index * BLOCKS_PER_PICTURE, (index + 1) * BLOCKS_PER_PICTURE):
                packets += self._sound.encode(tone(block, now_ns))
            self.coding_s += time.thread_time() - began_s
            for packet in packets:
                self.published_bytes += len(packet.data)
                self._publish(packet)
            self.published += 1
            now_s = time.monotonic()
            self.gap_ms = max(self.gap_ms, (now_s - before_s) * 1e3)
            before_s = now_s
            index += 1

    def reset(self) -> None:
        self.gap_ms = 0.0


def tone(block: int, captured_ns: int) -> Sound:
    """20 ms of 440 Hz."""
    t = (np.arange(SOUND_BLOCK_SAMPLES) + block * SOUND_BLOCK_SAMPLES) / SOUND_HZ
    one = (np.sin(2 * np.pi * 440 * t) * 8000).astype(np.int16)
    return Sound(np.stack([one, one], axis=1), block * SOUND_BLOCK_SAMPLES, captured_ns)
