"""What 4:4:4 is worth without x264's taste, on pages of the built-in lesson; figures for docs/benchmarks.md.

pytest -s tests/pipelines/encoding/measure.py: the page's key frame at 1920x1080 with bandwidth to spare, and
twelve pictures of the still page after it. Bytes and decibels, no times: it may run on a busy machine.
"""

from __future__ import annotations

from statistics import mean

import pytest

from appliance.bench.whereabouts import demo_pages, text_of
from pipelines.encoding import h264
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.video import VideoEncoder

SIZE_WH = (1920, 1080)
PAGES = (1, 2, 3, 6, 7)
AFTER = 12
TICKS = 3600
WIDE = EncodingSettings(encoder="x264", sharp_bps=100_000_000)
OURS = h264.FULL_CHROMA_PARAMS
VARIANTS = {
    "as x264 does it": ("", 18),
    "the same, finer: crf 14": ("", 14),
    "without psy": (":no-psy=1", 18),
    "with chroma as fine as luma": (":chroma-qp-offset=-6", 18),
    "both, as the box does it": (OURS, h264.QUALITY_CRF),
}


@pytest.mark.timeout(600)
def test_measure(decoder, psnr, monkeypatch) -> None:
    pages = demo_pages(PAGES, SIZE_WH)
    texts = {index: text_of(page) for index, page in pages.items()}
    assert "no-psy" in OURS and "chroma-qp-offset" in OURS
    gains = {}
    print(f"\n{'':30}{'key frame kB':>14}{'text dB':>10}{'12 later dB':>13}{'for kB':>8}")
    for name, (params, crf) in VARIANTS.items():
        monkeypatch.setattr(h264, "FULL_CHROMA_PARAMS", params)
        monkeypatch.setattr(h264, "QUALITY_CRF", crf)
        rows = []
        for index, page in pages.items():
            encoder, viewer, where = VideoEncoder(SIZE_WH, 25, WIDE, "444"), type(decoder)(), texts[index]
            sizes, shown = [], []
            for i in range(AFTER + 1):
                (packet,) = encoder.encode(page, i * TICKS, 0, i == 0)
                sizes.append(len(packet.data) / 1000)
                shown.append(viewer.rgb(packet))
            first, last = (psnr(rgb[where], page[where]) for rgb in (shown[0], shown[-1]))
            rows.append((sizes[0], first, last, sum(sizes[1:])))
        key_kb, first_db, last_db, more_kb = (mean(column) for column in zip(*rows, strict=True))
        print(f"{name:30}{key_kb:>14.0f}{first_db:>10.1f}{last_db:>13.1f}{more_kb:>8.0f}")
        gains[name] = first_db
    names = list(VARIANTS)
    assert gains[names[-1]] - gains[names[0]] > 3  # what docs/why.md says it is worth, at the least
