"""Reads a WHIP offer: what it must contain, and what is taken out before aiortc sees it.

Taken out, as for viewers: candidates under `.local` names (resolving them blocks for seconds), the mark of
the last candidate, and candidates beyond a number (each one makes this machine send to a stranger's choice).
"""

from __future__ import annotations

from typing import Final, Literal

from aiortc.sdp import MediaDescription, SessionDescription

from pipelines.saying import said

MAX_OFFER_BYTES: Final = 64 * 1024
MAX_CANDIDATES: Final = 32
VIDEO_CODECS: Final = frozenset({"vp8", "h264"})

# What aiortc's parser raises for text that is no session description.
_PARSE_ERRORS = (AssertionError, AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError)

FaultKind = Literal["too_large", "malformed", "unsupported", "failed"]
Medium = Literal["screen", "voice", "camera"]


class BadOffer(Exception):
    """The offer cannot be answered. reason: one sentence for a person."""

    def __init__(self, kind: FaultKind, reason: str) -> None:
        super().__init__(reason)
        self.kind: FaultKind = kind
        self.reason = reason


def read_offer(text: str, medium: Medium) -> str:
    """The offer, cleaned, for aiortc. A screen is a picture and perhaps its sound, a voice sound alone, a
    camera a picture alone.

    Raises BadOffer.
    """
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
        media = SessionDescription.parse(cleaned).media
    except _PARSE_ERRORS:
        raise BadOffer(
            "malformed", said("offer_unreadable", "the offer cannot be read as a session description")
        ) from None
    kinds = [section.kind for section in media]
    if medium == "voice" and kinds != ["audio"]:
        raise BadOffer(
            "unsupported", said("offer_voice", "the offer must have one audio section, nothing else")
        )
    if medium == "camera" and kinds != ["video"]:
        raise BadOffer(
            "unsupported", said("offer_camera", "the offer must have one video section, nothing else")
        )
    if medium == "screen" and (sorted(kinds) not in (["video"], ["audio", "video"])):
        raise BadOffer(
            "unsupported",
            said(
                "offer_sections",
                "the offer must have one video section and at most one audio section, nothing else",
            ),
        )
    for section in media:
        _check_section(section)
    return cleaned


def _check_section(media: MediaDescription) -> None:
    if media.direction not in ("sendonly", "sendrecv"):
        raise BadOffer(
            "unsupported", said("offer_direction", "the {kind} section must be sendonly", kind=media.kind)
        )
    if media.port == 0:
        raise BadOffer(
            "unsupported", said("offer_off", "the {kind} section is switched off (port 0)", kind=media.kind)
        )
    if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
        raise BadOffer(
            "malformed", said("offer_ice", "the {kind} section has no ice-ufrag and ice-pwd", kind=media.kind)
        )
    if media.dtls is None or not media.dtls.fingerprints or not media.rtp.muxId:
        raise BadOffer(
            "malformed",
            said("offer_dtls", "the {kind} section has no fingerprint, setup or mid", kind=media.kind),
        )
    names = {codec.name.lower() for codec in media.rtp.codecs}
    if media.kind == "video" and not names & VIDEO_CODECS:
        raise BadOffer("unsupported", said("offer_video", "the picture must be sent as VP8 or H.264"))
    if media.kind == "audio" and "opus" not in names:
        raise BadOffer("unsupported", said("offer_sound", "the sound must be sent as Opus"))


def _clean(text: str) -> str:
    kept: list[str] = []
    candidates = 0
    for line in text.splitlines():
        if line.startswith("a=candidate:"):
            fields = line.split()
            candidates += 1
            if candidates > MAX_CANDIDATES or (len(fields) > 4 and fields[4].lower().endswith(".local")):
                continue
        elif line.startswith("a=end-of-candidates"):
            continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"
