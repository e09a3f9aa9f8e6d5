from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.still import encode_still
from pipelines.encoding.video import VideoEncoder


def test_is_one_key_frame_with_the_right_colours(decoder, kinds, patches) -> None:
    rgb, areas = patches
    packet = encode_still(rgb, pts=90_000, captured_ns=5)
    assert (packet.kind, packet.layer, packet.is_key) == ("video", "420", True)
    assert (packet.pts, packet.captured_ns) == (90_000, 5)
    found = kinds(packet.data)
    assert found.index(7) < found.index(8) < found.index(5) and 1 not in found
    shown = decoder.rgb(packet)
    for rows, columns, colour in areas:
        assert np.abs(shown[rows, columns].astype(int) - colour).max() <= 2, colour


def test_can_be_sent_again_and_followed_by_the_studio(decoder, patches) -> None:
    rgb, _ = patches
    still = encode_still(rgb, pts=0, captured_ns=0)
    studio = VideoEncoder((256, 192), 25, EncodingSettings(encoder="x264"))
    shown = [
        decoder.rgb(packet)
        for packet in (still, replace(still, pts=90_000), *studio.encode(255 - rgb, 180_000, 0, False))
    ]
    assert np.array_equal(shown[0], shown[1])
    assert np.abs(shown[2].astype(int) - (255 - shown[0].astype(int))).mean() < 4


def test_text_is_sharp(decoder, page, psnr) -> None:
    rgb = page((1280, 720), 4)
    grey = rgb.mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    assert psnr(decoder.rgb(encode_still(grey, 0, 0)), grey) > 38


def test_odd_size_is_refused() -> None:
    with pytest.raises(ValueError, match="even width and height, got 101x64"):
        encode_still(np.zeros((64, 101, 3), np.uint8), 0, 0)
