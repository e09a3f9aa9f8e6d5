"""AccessUnit: a coded picture or sound, cut into RTP payloads (RFC 6184, RFC 7587) once for all viewers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pipelines.media import LOW_LAYER, Packet

# As libwebrtc: leaves room on the way for what IPv6, tunnels and TURN servers add.
PAYLOAD_BYTES = 1200
# What goes to the kernel in one call, and what one viewer gets before the next has its turn.
RUN_PACKETS = 16
# A router before a weak line holds eight packets: of the low layer they leave one by one.
LOW_RUN_PACKETS = 1

_FU_A, _STAP_A = 28, 24  # RFC 6184 section 5.2
_TYPE, _IMPORTANCE = 0x1F, 0x60  # nal_unit_type, nal_ref_idc
_FU_START, _FU_END = 0x80, 0x40
_NTP_FROM_UNIX_S = 2_208_988_800


class Run(NamedTuple):
    """Neighbouring packets first to last (without it), of one size but for a shorter one at the end."""

    first: int
    last: int


class Sheet(NamedTuple):
    """All packets of a unit one behind the other, with room for header and tag.

    offsets: where each begins, and the end of the last.
    """

    data: memoryview
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AccessUnit(Packet):
    """A packet of the studio, ready to be sent. Made by `packetise`.

    ntp: when it was published, as sender reports say it (RFC 3550 section 4). Sound and picture published
    together play together, however long a key frame's pacing takes.
    """

    payloads: tuple[bytes, ...] = ()
    runs: tuple[Run, ...] = ()
    ntp: int = 0
    _sheets: dict[tuple[int, int], Sheet] = field(default_factory=dict, compare=False, repr=False)

    def sheet(self, header_bytes: int, tag_bytes: int) -> Sheet:
        """The packets with that much room before and behind each payload; made once for viewers who agree."""
        sheet = self._sheets.get((header_bytes, tag_bytes))
        if sheet is None:
            header, tag = bytes(header_bytes), bytes(tag_bytes)
            offsets = [0]
            for payload in self.payloads:
                offsets.append(offsets[-1] + header_bytes + len(payload) + tag_bytes)
            data = b"".join(header + payload + tag for payload in self.payloads)
            sheet = self._sheets[header_bytes, tag_bytes] = Sheet(memoryview(data), tuple(offsets))
        return sheet


def packetise(packet: Packet) -> AccessUnit:
    """Cuts a packet. A picture without one NAL unit, which no encoder makes, has no payloads."""
    payloads = (packet.data,) if packet.kind == "sound" else tuple(_payloads(packet.data))
    most = LOW_RUN_PACKETS if packet.layer == LOW_LAYER else RUN_PACKETS
    return AccessUnit(
        packet.data,
        packet.kind,
        packet.pts,
        packet.is_key,
        packet.captured_ns,
        packet.layer,
        payloads,
        tuple(_runs([len(payload) for payload in payloads], most)),
        ntp_from_unix(time.time()),
    )


def ntp_from_unix(unix_s: float) -> int:
    """Seconds since 1900 in 32.32 fixed point."""
    return int((unix_s + _NTP_FROM_UNIX_S) * (1 << 32))


def _payloads(annex_b: bytes) -> Iterator[bytes]:
    """Small neighbours share a packet (STAP-A), large units are spread over several (FU-A)."""
    waiting: list[bytes] = []
    waiting_bytes = 1
    for unit in _nal_units(annex_b):
        if waiting and waiting_bytes + 2 + len(unit) > PAYLOAD_BYTES:
            yield _together(waiting)
            waiting, waiting_bytes = [], 1
        if len(unit) > PAYLOAD_BYTES:
            yield from _fragments(unit)
        else:
            waiting.append(unit)
            waiting_bytes += 2 + len(unit)
    if waiting:
        yield _together(waiting)


def _nal_units(annex_b: bytes) -> Iterator[bytes]:
    """H.264 annex B: what is between start codes. A unit never ends with a zero byte (clause 7.4.1)."""
    begin = annex_b.find(b"\0\0\1")
    while begin >= 0:
        begin += 3
        end = annex_b.find(b"\0\0\1", begin)
        unit = annex_b[begin : end if end >= 0 else len(annex_b)].rstrip(b"\0")
        if unit:
            yield unit
        begin = end


def _together(units: list[bytes]) -> bytes:
    if len(units) == 1:
        return units[0]
    importance = max(unit[0] & _IMPORTANCE for unit in units)
    parts = [bytes([importance | _STAP_A])]
    for unit in units:
        parts += [len(unit).to_bytes(2, "big"), unit]
    return b"".join(parts)


def _fragments(unit: bytes) -> Iterator[bytes]:
    """Of one size but for the last, so that one call hands them all to the kernel."""
    body = len(unit) - 1
    count = -(-body // (PAYLOAD_BYTES - 2))
    size = -(-body // count)
    indicator, kind = unit[0] & ~_TYPE | _FU_A, unit[0] & _TYPE
    for begin in range(1, len(unit), size):
        end = min(begin + size, len(unit))
        flags = (_FU_START if begin == 1 else 0) | (_FU_END if end == len(unit) else 0)
        yield bytes([indicator, flags | kind]) + unit[begin:end]


def _runs(sizes: list[int], most: int) -> Iterator[Run]:
    first = 0
    for last in range(1, len(sizes) + 1):
        ends = (
            last == len(sizes)
            or last - first == most
            or sizes[last - 1] < sizes[first]
            or sizes[last] > sizes[first]
        )
        if ends:
            yield Run(first, last)
            first = last
