"""Reads a viewer's offer: what it must contain, and what is taken out before aiortc sees it.

Taken out: candidates with `.local` names, because resolving them blocks the answer for seconds and the
viewer reaches this machine anyway (its address is then learnt from its checks, RFC 8445 section 7.3.1.3);
the end-of-candidates mark, because a viewer whose candidates were all of that kind would be given up at
once; and candidates beyond a number, because each one makes this machine send packets to an address of the
stranger's choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiortc.sdp import MediaDescription, SessionDescription

from pipelines.broadcast.errors import BadOffer

MAX_OFFER_BYTES = 64 * 1024
MAX_CANDIDATES = 32

# What aiortc's parser raises for text that is no session description.
_PARSE_ERRORS = (AssertionError, AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that can be answered. sdp: ready for aiortc; never to be logged (it holds credentials)."""

    sdp: str
    has_sound: bool


def read_offer(text: str) -> Offer:
    """Checks an offer and cleans it. Raises BadOffer."""
    if len(text.encode(errors="replace")) > MAX_OFFER_BYTES:
        raise BadOffer("too_large", f"the offer is larger than {MAX_OFFER_BYTES // 1024} KiB")
    if not text.startswith("v=0"):
        raise BadOffer("malformed", "the offer is not a session description: it must start with v=0")
    cleaned = _clean(text)
    try:
        description = SessionDescription.parse(cleaned)
    except _PARSE_ERRORS as error:
        raise BadOffer("malformed", "the offer cannot be read as a session description") from error
    kinds = [media.kind for media in description.media]
    for kind in kinds:
        if kind not in ("audio", "video"):
            raise BadOffer(
                "unsupported", f"the offer has a section of kind {kind[:16]!r}: only video and audio"
            )
    if kinds.count("video") != 1:
        raise BadOffer("unsupported", f"the offer must have one video section, it has {kinds.count('video')}")
    if kinds.count("audio") > 1:
        raise BadOffer("unsupported", "the offer has more than one audio section")
    for media in description.media:
        _check_section(media)
    return Offer(cleaned, "audio" in kinds)


def _check_section(media: MediaDescription) -> None:
    if media.direction not in ("recvonly", "sendrecv"):
        raise BadOffer(
            "unsupported",
            f"the {media.kind} section is {media.direction or 'without direction'}: recvonly is wanted",
        )
    if media.port == 0:
        raise BadOffer("unsupported", f"the {media.kind} section is switched off (port 0)")
    ice, dtls = media.ice, media.dtls
    if ice is None or not ice.usernameFragment or not ice.password:
        raise BadOffer("malformed", f"the {media.kind} section has no ice-ufrag and ice-pwd")
    if dtls is None or not dtls.fingerprints:
        raise BadOffer("malformed", f"the {media.kind} section has no fingerprint and setup")
    if not media.rtp.muxId:
        raise BadOffer("malformed", f"the {media.kind} section has no mid")
    names = {
        (codec.name.lower(), str(codec.parameters.get("packetization-mode", "0")))
        for codec in media.rtp.codecs
    }
    if media.kind == "video" and ("h264", "1") not in names:
        raise BadOffer("unsupported", "the viewer does not offer H.264 with packetization-mode=1")
    if media.kind == "audio" and "opus" not in {name for name, _ in names}:
        raise BadOffer("unsupported", "the viewer does not offer Opus")


def _clean(text: str) -> str:
    kept: list[str] = []
    candidates = 0
    for line in text.splitlines():
        if line.startswith("a=candidate:"):
            candidates += 1
            if candidates > MAX_CANDIDATES or _is_hidden(line):
                continue
        elif line.startswith("a=end-of-candidates"):
            continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def _is_hidden(line: str) -> bool:
    """A host candidate under an mDNS name (draft-ietf-mmusic-mdns-ice-candidates)."""
    fields = line.split()
    return len(fields) > 4 and fields[4].lower().endswith(".local")
