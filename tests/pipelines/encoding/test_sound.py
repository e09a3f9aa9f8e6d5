from __future__ import annotations

from typing import cast

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.media import SOUND_BLOCK_SAMPLES, SOUND_HZ, Packet, Sound


def voice(blocks: int) -> list[Sound]:
    """Something like a voice on the left, its half on the right."""
    t = np.arange(blocks * SOUND_BLOCK_SAMPLES) / SOUND_HZ
    pitch = 2 * np.pi * (160 * t + 3 * np.sin(2 * np.pi * 2 * t))
    left = sum(np.sin(k * pitch) / k for k in range(1, 12)) * 5000 * (1 + 0.5 * np.sin(2 * np.pi * 3 * t))
    pcm = np.stack([left, left / 2], axis=1).astype(np.int16)
    return [
        Sound(pcm[i * SOUND_BLOCK_SAMPLES : (i + 1) * SOUND_BLOCK_SAMPLES], i * SOUND_BLOCK_SAMPLES + 77, i)
        for i in range(blocks)
    ]


def encode(blocks: int, settings: EncodingSettings | None = None) -> list[Packet]:
    encoder = SoundEncoder(settings or EncodingSettings())
    packets = []
    for sound in voice(blocks):
        (packet,) = encoder.encode(sound)
        packets.append(packet)
    return packets


def test_one_packet_a_block_with_its_times() -> None:
    packets = encode(20)
    assert [packet.pts for packet in packets] == [i * SOUND_BLOCK_SAMPLES + 77 for i in range(20)]
    assert [packet.captured_ns for packet in packets] == list(range(20))
    assert all(packet.kind == "sound" and packet.is_key for packet in packets)


def test_voice_comes_back_on_its_side() -> None:
    decoder = cast(AudioCodecContext, av.CodecContext.create("libopus", "r"))
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "stereo", SOUND_HZ
    coded = [av.Packet(packet.data) for packet in encode(50)]
    heard = [frame.to_ndarray().reshape(-1, 2) for one in coded for frame in decoder.decode(one)]
    pcm = np.concatenate(heard)[SOUND_HZ // 5 :].astype(float)
    sent = np.concatenate([s.pcm for s in voice(50)])[SOUND_HZ // 5 :].astype(float)
    assert np.sqrt((pcm[:, 0] ** 2).mean()) == pytest.approx(np.sqrt((sent[:, 0] ** 2).mean()), rel=0.2)
    assert np.sqrt((pcm[:, 1] ** 2).mean()) / np.sqrt((pcm[:, 0] ** 2).mean()) == pytest.approx(0.5, abs=0.12)


def test_packets_are_20_ms_stereo_and_carry_their_predecessor() -> None:
    """RFC 6716 section 3.1: the TOC byte; section 4.2.3: the LBRR flag behind the first VAD flag."""
    with_predecessor = 0
    for packet in encode(50)[5:]:
        toc = packet.data[0]
        config, is_stereo, count = toc >> 3, toc >> 2 & 1, toc & 3
        assert is_stereo == 1 and count == 0
        assert config in (1, 5, 9, 13, 15)  # SILK or hybrid of 20 ms: the kinds that can carry it
        with_predecessor += packet.data[1] >> 6 & 1
    assert with_predecessor > 30


@pytest.mark.parametrize("sound_bps", [24_000, 64_000])
def test_bit_rate(sound_bps: int) -> None:
    packets = encode(150, EncodingSettings(sound_bps=sound_bps))
    assert sum(len(packet.data) for packet in packets) * 8 / 3 == pytest.approx(sound_bps, rel=0.35)


def test_misuse_is_refused() -> None:
    encoder = SoundEncoder(EncodingSettings())
    with pytest.raises(ValueError, match=r"sound of shape \(100, 2\)"):
        encoder.encode(Sound(np.zeros((100, 2), np.int16), 0, 0))
    encoder.close()
    with pytest.raises(RuntimeError):
        encoder.encode(voice(1)[0])
