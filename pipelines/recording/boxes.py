"""Boxes of MP4 (ISO/IEC 14496-12), as far as a file that was cut off needs them."""

from __future__ import annotations

from typing import BinaryIO

_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16


def whole_bytes(file: BinaryIO, size_bytes: int) -> int:
    """How much of a fragmented file is whole: up to the end of its last complete fragment (moof and mdat).

    0 where not one is.
    """
    whole = at = 0
    before = b""
    while at + _HEADER_BYTES <= size_bytes:
        file.seek(at)
        header = file.read(_LARGE_HEADER_BYTES)
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if length == 1 and len(header) == _LARGE_HEADER_BYTES:
            length = int.from_bytes(header[8:])
        if length < _HEADER_BYTES or at + length > size_bytes:
            break
        at += length
        if (before, kind) == (b"moof", b"mdat") or (whole and kind == b"mfra"):
            whole = at
        before = kind
    return whole
