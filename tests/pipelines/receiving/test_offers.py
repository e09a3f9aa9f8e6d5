"""What a room may offer: its voice, and nothing else."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCPeerConnection

from pipelines.receiving.offer import BadOffer, read_offer


def an_offer(*kinds: str) -> str:
    async def make() -> str:
        peer = RTCPeerConnection()
        for kind in kinds:
            peer.addTransceiver(kind, direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        sdp: str = peer.localDescription.sdp
        await peer.close()
        return sdp

    return asyncio.run(make())


def test_a_voice_is_one_sound() -> None:
    voice = an_offer("audio")
    assert "m=audio" in read_offer(voice, "voice")
    for bad, kind in (
        (an_offer("audio", "video"), "unsupported"),
        (an_offer("video"), "unsupported"),
        (an_offer("audio", "audio"), "unsupported"),
        (voice.replace("a=sendonly", "a=recvonly"), "unsupported"),
        (voice.replace("opus/", "speex/"), "unsupported"),
        ("v=0\r\n", "unsupported"),
        ("hello", "malformed"),
    ):
        with pytest.raises(BadOffer) as refused:
            read_offer(bad, "voice")
        assert refused.value.kind == kind
    with pytest.raises(BadOffer):
        read_offer(voice, "screen")
