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
from pipelines.saying import said

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
        raise BadOffer(
            "too_large",
            said("offer_large", "the offer is larger than {kib} KiB", kib=MAX_OFFER_BYTES // 1024),
        )
    if not text.startswith("v=0"):
        raise BadOffer(
            "malformed",
            said("offer_no_sdp", "the offer is not a session description: it must start with v=0"),
        )
    cleaned = _clean(text)
    try:
        description = SessionDescription.parse(cleaned)
    except _PARSE_ERRORS as error:
        raise BadOffer(
            "malformed", said("offer_unreadable", "the offer cannot be read as a session description")
        ) from error
    _check_kinds([media.kind for media in description.media])
    for media in description.media:
        _check_section(media)
    return Offer(cleaned, any(media.kind == "audio" for media in description.media))


def _check_kinds(kinds: list[str]) -> None:
    for kind in kinds:
        if kind not in ("audio", "video"):
            raise BadOffer(
                "unsupported",
                said(
                    "offer_kind",
                    "the offer has a section of kind {kind}: only video and audio",
                    kind=repr(kind[:16]),
                ),
            )
    if kinds.count("video") != 1:
        raise BadOffer(
            "unsupported",
            said(
                "offer_one_video",
                "the offer must have one video section, it has {count}",
                count=kinds.count("video"),
            ),
        )
    if kinds.count("audio") > 1:
        raise BadOffer("unsupported", said("offer_sounds", "the offer has more than one audio section"))


def _check_section(media: MediaDescription) -> None:
    kind = media.kind
    if media.direction not in ("recvonly", "sendrecv"):
        direction = media.direction or said("offer_aimless", "without direction")
        raise BadOffer(
            "unsupported",
            said(
                "offer_receives",
                "the {kind} section is {direction}: recvonly is wanted",
                kind=kind,
                direction=direction,
            ),
        )
    if media.port == 0:
        raise BadOffer(
            "unsupported", said("offer_off", "the {kind} section is switched off (port 0)", kind=kind)
        )
    ice, dtls = media.ice, media.dtls
    if ice is None or not ice.usernameFragment or not ice.password:
        raise BadOffer(
            "malformed", said("offer_ice", "the {kind} section has no ice-ufrag and ice-pwd", kind=kind)
        )
    if dtls is None or not dtls.fingerprints or not media.rtp.muxId:
        raise BadOffer(
            "malformed",
            said("offer_dtls", "the {kind} section has no fingerprint, setup or mid", kind=kind),
        )
    names = {
        (codec.name.lower(), str(codec.parameters.get("packetization-mode", "0")))
        for codec in media.rtp.codecs
    }
    if kind == "video" and ("h264", "1") not in names:
        raise BadOffer(
            "unsupported",
            said("offer_h264", "the viewer does not offer H.264 with packetization-mode=1"),
        )
    if kind == "audio" and "opus" not in {name for name, _ in names}:
        raise BadOffer("unsupported", said("offer_opus", "the viewer does not offer Opus"))


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
