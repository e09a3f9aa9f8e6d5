"""What x264's presets cost and give; figures for docs/benchmarks.md.

pytest -s tests/pipelines/encoding/measure_presets.py: the simulated teacher before a page of the built-in
lesson, 1280x720, 25 pictures a second, bandwidth to spare. Processor time of coding alone, median by picture:
on a busy machine only the ratios hold. RGB PSNR of the whole picture.
"""

from __future__ import annotations

import time
from statistics import mean, median

import numpy as np
import pytest

from appliance.bench.whereabouts import demo_pages
from pipelines.encoding import h264
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.video import VideoEncoder
from pipelines.media import Page
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import Room

SIZE_WH, HZ, TICKS = (1280, 720), 25, 3600
PICTURES, FIRST = 60, 20
WIDE = EncodingSettings(encoder="x264", video_bps=20_000_000, sharp_bps=20_000_000)
PRESETS = ("veryfast", "superfast", "ultrafast")


@pytest.mark.timeout(600)
def test_measure(decoder, psnr, monkeypatch) -> None:
    (page,) = demo_pages((1,), SIZE_WH).values()
    renderer, shown = Renderer(Optics(Room(), SIZE_WH), HZ), []
    for index in range(FIRST, FIRST + PICTURES):
        rgb = renderer.render(index, Page(page, 1, 0))
        alpha = renderer.truth(index).pha[..., None] / np.float32(255)
        shown.append(np.asarray(rgb * alpha + page * (1 - alpha) + 0.5, np.uint8))
    options = h264._x264_options
    pace: dict[tuple[str, str], float] = {}
    print(f"\n{'':16}{'ms':>6}{'key kB':>8}{'Mbit/s':>8}{'dB':>6}")
    for layer in ("420", "444"):
        for preset in PRESETS:
            monkeypatch.setattr(h264, "_x264_options", lambda *of, p=preset: options(*of) | {"preset": p})
            encoder, viewer = VideoEncoder(SIZE_WH, HZ, WIDE, layer), type(decoder)()
            took_ms, sizes = [], []
            for index, rgb in enumerate(shown):
                encoder._canvas.draw(rgb, (encoder.form,))
                start_s = time.process_time()
                (packet,) = encoder.encode_drawn(index * TICKS, 0, index == 0)
                took_ms.append((time.process_time() - start_s) * 1000)
                sizes.append(len(packet.data))
                seen = viewer.rgb(packet)
            pace[layer, preset] = median(took_ms[1:])
            mbit_s, db = mean(sizes[1:]) * HZ * 8 / 1e6, psnr(seen, shown[-1])
            cells = f"{pace[layer, preset]:>6.1f}{sizes[0] / 1e3:>8.0f}{mbit_s:>8.2f}{db:>6.1f}"
            print(f"{layer} {preset:12}{cells}", flush=True)
    assert all(time_ms > 0 for time_ms in pace.values())
