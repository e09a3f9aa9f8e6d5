"""What a file is, told by its content: its name is a stranger's word."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final, Literal

from pipelines.courseware.pictures import is_picture
from pipelines.courseware.preparing.refusal import Refusal

Kind = Literal["pdf", "picture", "slides", "text", "svg", "zip", "film"]

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB] 2.2
_LOCKED_OLE: Final = (
    "EncryptedPackage".encode("utf-16-le"),  # [MS-OFFCRYPTO] 2.3.4.4: .pptx and .docx with a password
    b"\xdf\xc4\xd1\xf3",  # [MS-PPT] 2.3.2: headerToken of an encrypted .ppt
)
_FILM_HEADS: Final = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"FLV",
    b"OggS",
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF
)
_HEAD_BYTES: Final = 4096
_SCAN_BYTES: Final = 300_000_000
_ODF: Final = {
    b"application/vnd.oasis.opendocument.presentation": "slides",
    b"application/vnd.oasis.opendocument.text": "text",
}


def kind_of(path: Path) -> Kind:
    """The kind of a file. Raises Refusal: empty, locked, damaged or unknown."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise Refusal("empty")
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if is_picture(head):
        return "picture"
    if head.startswith(_OLE):
        return _ole_kind(path)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(path)
    if _is_svg(head):
        return "svg"
    if _is_film(head):
        return "film"
    raise Refusal("unknown")


def _ole_kind(path: Path) -> Kind:
    with path.open("rb") as file:
        content = file.read(_SCAN_BYTES)
    if any(mark in content for mark in _LOCKED_OLE):
        raise Refusal("locked")
    if "PowerPoint Document".encode("utf-16-le") in content:
        return "slides"
    if "WordDocument".encode("utf-16-le") in content:
        return "text"
    raise Refusal("unknown")


def _zip_kind(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "[Content_Types].xml" in names:
                if "ppt/presentation.xml" in names:
                    return "slides"
                if "word/document.xml" in names:
                    return "text"
                raise Refusal("unknown")
            if "mimetype" in names:
                return _odf_kind(archive, names)
    # NotImplementedError is zipfile's for a compression that it does not know, RuntimeError for a password.
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Refusal("damaged") from None
    return "zip"


def _odf_kind(archive: zipfile.ZipFile, names: set[str]) -> Kind:
    with archive.open("mimetype") as file:
        told = file.read(100).strip()
    if told not in _ODF:
        raise Refusal("unknown")
    if "META-INF/manifest.xml" in names:
        with archive.open("META-INF/manifest.xml") as file:
            if b"encryption-data" in file.read(10_000_000):
                raise Refusal("locked")
    return "slides" if _ODF[told] == "slides" else "text"


def _is_svg(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg", b"<!--")) and b"<svg" in head


def _is_film(head: bytes) -> bool:
    """Containers that `film_file` opens; what is inside is checked by opening it."""
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
        or head.startswith(_FILM_HEADS)
        or (head.startswith(b"RIFF") and head[8:12] in (b"AVI ", b"WAVE"))
        or (len(head) > 376 and head[0] == head[188] == head[376] == 0x47)  # MPEG transport stream
    )
