"""Wire: headers, encryption and the kernel, for the packets of one stream to one viewer."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Callable

from aiortc import RTCRtpSender

from pipelines.broadcast import hooks
from pipelines.broadcast.history import Sent
from pipelines.broadcast.packetising import PAYLOAD_BYTES, RUN_PACKETS, ntp_from_unix

_NUMBER = struct.Struct("!H")
_SEGMENT = struct.Struct("=H")
_VERSION, _EXTENDED, _MARKER = 0x80, 0x10, 0x80
# UDP_SEGMENT of linux/udp.h: the kernel cuts one buffer into datagrams of this size (GSO).
_UDP_SEGMENT = 103
# Not by this kernel, or not on this way (no checksums by the card, a tunnel's small packets).
_CANNOT_CUT = (errno.EINVAL, errno.EIO, errno.EOPNOTSUPP)
_LARGEST_PACKET = PAYLOAD_BYTES + 256  # sound: Opus frames are below 1275 bytes (RFC 6716 section 3.4)


class Wire:
    """Of a connection that stands. Lives in the event loop's thread.

    A run of packets is one copy, one loop over headers, and one system call: 2 microseconds a packet, where
    aiortc needs 19.
    """

    # Encryption is in place; one thread sends for all viewers, and a buffer that stays in the cache is fast.
    _buffer = bytearray(RUN_PACKETS * _LARGEST_PACKET)

    def __init__(self, sender: RTCRtpSender) -> None:
        self._transport = sender.transport
        self.numbers = hooks.numbers(sender)
        self._protector = hooks.Protector(sender.transport)
        self._route: hooks.Route | None = None
        self._socket: socket.socket | None = None
        self._cuts = True
        extension = self.numbers.extension
        self._first_byte = _VERSION | (_EXTENDED if extension else 0)
        self._header = struct.Struct(f"!BBHII{len(extension)}s")

    def extension(self) -> bytes:
        """The header extension of packets that leave now."""
        extension, at = self.numbers.extension, self.numbers.clock_at
        if at is None:
            return extension
        clock = ntp_from_unix(time.time()) >> 14 & 0xFFFFFF
        return extension[:at] + clock.to_bytes(3, "big") + extension[at + 3 :]

    def send(self, sent: Sent) -> int:
        """Sends a run: how many bytes, 0 when there is no room just now. Raises ConnectionError when over."""
        unit, first = sent.unit, sent.first
        sheet = unit.sheet(self._header.size, self._protector.tag_bytes)
        begin, end = sheet.offsets[first], sheet.offsets[sent.last]
        self._buffer[: end - begin] = sheet.data[begin:end]
        media, last_of_unit = sent.payload_type.media, len(unit.payloads) - 1
        number, extension, ssrc = sent.sequence_number - first, sent.extension, self.numbers.ssrc
        ends = [offset - begin for offset in sheet.offsets[first + 1 : sent.last + 1]]
        at = 0
        for index, next_at in enumerate(ends, first):
            kind = media | _MARKER if index == last_of_unit and unit.kind == "video" else media
            number_here = number + index & 0xFFFF
            self._header.pack_into(
                self._buffer, at, self._first_byte, kind, number_here, sent.timestamp, ssrc, extension
            )
            at = next_at
        return self._hand_over(ends)

    def send_again(self, sent: Sent, index: int, again_number: int) -> int:
        """One packet once more: in the stream for that (RFC 4588), or as it was where there is none."""
        payload, again = sent.unit.payloads[index], sent.payload_type.again
        number = sent.sequence_number + index - sent.first & 0xFFFF
        marker = _MARKER if index == len(sent.unit.payloads) - 1 and sent.unit.kind == "video" else 0
        if again is None:
            heads = (
                sent.payload_type.media | marker,
                number,
                sent.timestamp,
                self.numbers.ssrc,
                sent.extension,
            )
        else:
            payload = _NUMBER.pack(number) + payload
            heads = (again | marker, again_number, sent.timestamp, self.numbers.again_ssrc, self.extension())
        self._header.pack_into(self._buffer, 0, self._first_byte, *heads)
        end = self._header.size + len(payload)
        self._buffer[self._header.size : end] = payload
        return self._hand_over([end + self._protector.tag_bytes])

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._route = None

    def _hand_over(self, ends: list[int]) -> int:
        """Encrypts and sends what lies in the buffer up to `ends`."""
        route = self._find_route()
        if route.waiting():
            return 0
        self._protector.protect(self._buffer, ends)
        packets = memoryview(self._buffer)[: ends[-1]]
        if self._socket is None:
            _one_by_one(packets, ends, route.send, route.address)
            return ends[-1]
        try:
            self._to_kernel(self._socket, packets, ends, route)
        except BlockingIOError:
            return 0
        except OSError as error:
            if len(ends) == 1 or error.errno not in _CANNOT_CUT:
                return ends[
                    -1
                ]  # lost on the way, as far as we know: a route that comes back needs no new start
            self._cuts = False
            _one_by_one(packets, ends, route.send, route.address)
        return ends[-1]

    def _to_kernel(self, to: socket.socket, packets: memoryview, ends: list[int], route: hooks.Route) -> None:
        if len(ends) == 1:
            to.sendto(packets, socket.MSG_DONTWAIT, route.address)
        elif self._cuts:
            cut = [(socket.IPPROTO_UDP, _UDP_SEGMENT, _SEGMENT.pack(ends[0]))]
            to.sendmsg([packets], cut, socket.MSG_DONTWAIT, route.address)
        else:
            _one_by_one(packets, ends, route.send, route.address)

    def _find_route(self) -> hooks.Route:
        route = hooks.route(self._transport, self._route)
        if route is None:
            raise ConnectionError("the viewer's connection is over")
        if route is not self._route:
            self.close()
            self._route = route
            if route.fd is not None:
                # A second handle for the same socket: asyncio's own does not let go of sendmsg.
                self._socket = socket.socket(fileno=os.dup(route.fd))
        return route


def _one_by_one(
    packets: memoryview,
    ends: list[int],
    send: Callable[[bytes, tuple[str, int]], None],
    address: tuple[str, int],
) -> None:
    begin = 0
    for end in ends:
        send(bytes(packets[begin:end]), address)
        begin = end
