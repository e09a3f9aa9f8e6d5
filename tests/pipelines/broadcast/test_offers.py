from __future__ import annotations

import pytest

from pipelines.broadcast import BadOffer
from pipelines.broadcast.offers import MAX_CANDIDATES, read_offer


@pytest.fixture
async def offer(new_viewer) -> str:
    return await new_viewer().offer()


async def test_a_viewers_offer_is_read(offer: str) -> None:
    assert read_offer(offer).has_sound


async def test_pictures_alone_are_fine(new_viewer) -> None:
    assert not read_offer(await new_viewer(("video",)).offer()).has_sound


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("", "malformed", "not a session description"),
        ("hello", "malformed", "not a session description"),
        ("{}", "malformed", "not a session description"),
        ("v=0\r\n" + "a" * 70_000, "too_large", "larger than 64 KiB"),
        ("v=0\r\n" + "一" * 30_000, "too_large", "larger than 64 KiB"),
        ("v=0\r\nm=video\r\n", "malformed", "cannot be read"),
        ("v=zero\r\n", "malformed", "not a session description"),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF x\r\n", "malformed", "cannot be read"),
        ("v=0\r\na=setup:sideways\r\n", "malformed", "cannot be read"),
        ("v=0\r\na=fingerprint\r\n", "malformed", "cannot be read"),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=fmtp:97 x=y\r\n", "malformed", "cannot be read"),
        ("v=0\r\ns=-\r\n", "unsupported", "must have one video section, it has 0"),
        ("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", "unsupported", "kind 'application'"),
    ],
)
def test_what_is_no_offer_is_refused(text: str, kind: str, reason: str) -> None:
    with pytest.raises(BadOffer, match=reason) as error:
        read_offer(text)
    assert error.value.kind == kind


@pytest.mark.parametrize(
    ("old", "new", "kind", "reason"),
    [
        ("a=recvonly", "a=sendonly", "unsupported", "the video section is sendonly: recvonly is wanted"),
        ("a=recvonly", "a=inactive", "unsupported", "the video section is inactive"),
        ("a=recvonly\r\n", "", "unsupported", "the video section is without direction"),
        ("H264", "H265", "unsupported", "does not offer H.264"),
        ("packetization-mode=1", "packetization-mode=0", "unsupported", "does not offer H.264"),
        ("opus/48000", "opal/48000", "unsupported", "does not offer Opus"),
        ("a=ice-pwd:", "a=x-pwd:", "malformed", "no ice-ufrag and ice-pwd"),
        ("a=setup:", "a=x-setup:", "malformed", "no fingerprint, setup or mid"),
        ("a=fingerprint:", "a=x-fingerprint:", "malformed", "no fingerprint, setup or mid"),
        ("a=mid:", "a=x-mid:", "malformed", "setup or mid"),
    ],
)
async def test_offers_for_something_else_are_refused(
    offer: str, old: str, new: str, kind: str, reason: str
) -> None:
    assert old in offer
    with pytest.raises(BadOffer, match=reason) as error:
        read_offer(offer.replace(old, new))
    assert error.value.kind == kind
    assert "ice-pwd:" not in error.value.reason


async def test_two_videos_are_refused(offer: str) -> None:
    video = offer[offer.index("m=video") : offer.index("m=audio")]
    with pytest.raises(BadOffer, match="it has 2"):
        read_offer(offer + video)


async def test_hidden_and_endless_candidates_are_taken_out(offer: str) -> None:
    hidden = "a=candidate:1 1 udp 2113937151 0c7b1c6e-5f4a.local 51000 typ host\r\n"
    many = "".join(f"a=candidate:{i} 1 udp 2113937151 192.0.2.9 {i} typ host\r\n" for i in range(1, 200))
    cleaned = read_offer(offer + hidden + many).sdp
    assert ".local" not in cleaned and "end-of-candidates" not in cleaned
    assert cleaned.count("a=candidate:") <= MAX_CANDIDATES
