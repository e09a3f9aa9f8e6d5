from __future__ import annotations

import numpy as np
import pytest

from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.video import VideoEncoder

SETTINGS = EncodingSettings(encoder="x264", low_rate_hz=5)
TICKS = 3600  # 1/25 s


@pytest.fixture
def encoder() -> LayeredEncoder:
    return LayeredEncoder((640, 360), 25, SETTINGS)


def test_only_what_is_watched_is_coded_and_a_layer_begins_with_a_key(encoder, page) -> None:
    rgb = page((640, 360), 1)
    encoder.watch(("444",))
    first = encoder.encode(rgb, 0, 0)
    assert [(p.layer, p.is_key) for p in first] == [("444", True)]
    encoder.watch(("444", "420"))
    second = encoder.encode(rgb, TICKS, 0)
    assert [(p.layer, p.is_key) for p in second] == [("420", True), ("444", False)]
    encoder.watch(("420",))
    assert [(p.layer, p.is_key) for p in encoder.encode(rgb, 2 * TICKS, 0)] == [("420", False)]


def test_the_low_layer_keeps_its_size_and_lowers_its_rate(encoder, decoder, page, stir) -> None:
    rgb = page((640, 360), 1)
    encoder.watch(("low",))
    packets = [p for i in range(50) for p in encoder.encode(stir(rgb, i), i * TICKS, 0)]
    assert len(packets) == 10
    (frame,) = decoder.frames(packets[0])
    assert (frame.width, frame.height) == (640, 360)


def test_a_key_frame_is_never_put_off(encoder, page) -> None:
    rgb = page((640, 360), 1)
    encoder.watch(("low",))
    encoder.encode(rgb, 0, 0)
    assert encoder.encode(rgb, TICKS, 0) == []
    (packet,) = encoder.encode(rgb, 2 * TICKS, 0, ("low",))
    assert packet.is_key


def test_unwatched_there_is_a_picture_a_second(encoder, page) -> None:
    packets = [p for i in range(75) for p in encoder.encode(page((640, 360), 1), i * TICKS, 0)]
    assert [packet.layer for packet in packets] == ["420"] * 3


def test_full_chroma_gives_coloured_text_back(decoder, psnr, page) -> None:
    """What 4:2:0 cannot do however many bits it gets."""
    rgb = page((640, 360), 1)
    rgb[rgb.min(axis=2) < 128] = (200, 20, 30)
    shown = {}
    for layer in ("444", "420"):
        coder = VideoEncoder((640, 360), 25, SETTINGS, layer)
        fresh = type(decoder)()
        for i in range(12):
            (packet,) = coder.encode(rgb, i * TICKS, 0, False)
            shown[layer] = psnr(fresh.rgb(packet), rgb)
    assert shown["444"] > 42
    assert shown["444"] > shown["420"] + 10


def test_444_is_what_its_profile_says(decoder, page) -> None:
    coder = VideoEncoder((640, 360), 25, SETTINGS, "444")
    (packet,) = coder.encode(page((640, 360), 1), 0, 0, True)
    (frame,) = decoder.frames(packet)
    assert frame.format.name == "yuv444p"
    assert decoder.profile == "High 4:4:4 Predictive"
    assert np.asarray(frame.to_ndarray()).shape == (3, 360, 640)


def test_a_narrower_line_gets_fewer_pictures_of_the_low_layer_not_smaller_ones(page, stir) -> None:
    encoder = LayeredEncoder((640, 360), 25, SETTINGS)
    encoder.watch(("low",))
    rgb = page((640, 360), 1)

    def sizes(first: int, low_bps: int) -> list[int]:
        encoder.pace_low(low_bps)
        keys = ("low",) if first == 0 else ()
        return [
            len(packet.data)
            for i in range(first, first + 250)
            for packet in encoder.encode(stir(rgb, i), i * 3600, 0, keys if i == first else ())
        ]

    sizes(0, SETTINGS.low_bps)
    wide, narrow = sizes(250, SETTINGS.low_bps), sizes(500, SETTINGS.low_bps // 4)
    assert len(wide) == 50 and 12 <= len(narrow) <= 14
    assert np.median(narrow) == pytest.approx(np.median(wide), rel=0.35)
    assert sum(narrow) * 8 / 10 <= SETTINGS.low_bps / 4 * 1.15
    least = sizes(750, 1)
    assert 9 <= len(least) <= 11  # still one a second


def test_a_key_frame_on_a_narrower_line_is_no_longer_than_its_second(page) -> None:
    encoder = LayeredEncoder((1280, 720), 25, SETTINGS)
    encoder.watch(("low",))
    (full,) = encoder.encode(page((1280, 720), 1), 0, 0, ("low",))
    for i in range(1, 75):
        encoder.encode(page((1280, 720), 1), i * 3600, 0)
    encoder.pace_low(150_000)
    (small,) = encoder.encode(page((1280, 720), 2), 75 * 3600, 0, ("low",))
    assert small.is_key and len(small.data) * 8 <= 150_000 < len(full.data) * 8
