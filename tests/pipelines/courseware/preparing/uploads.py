"""Files as people upload them, and as nobody should: made on the spot, real to whoever reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{ODF}{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "draw": "drawing",
        "text": "text",
        "svg": "svg-compatible",
        "manifest": "manifest",
        "xlink": "xlink",
    }.items()
).replace(f"{ODF}xlink:1.0", "http://www.w3.org/1999/xlink")


def png(colour: tuple[int, int, int] = (200, 60, 40), size: tuple[int, int] = (64, 36)) -> bytes:
    with io.BytesIO() as out:
        Image.new("RGB", size, colour).save(out, "PNG")
        return out.getvalue()


def zipped(entries: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w", method) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return out.getvalue()


def locked_zip() -> bytes:
    """The bit that says that an entry needs a password (APPNOTE 4.4.4), in both headers."""
    plain = bytearray(zipped({"1.png": png()}, method=zipfile.ZIP_STORED))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(mark) + place] |= 1
    return bytes(plain)


def slides(pages: int, *, extra: str = "", locked: bool = False) -> bytes:
    """An OpenDocument presentation. extra: XML on every page."""
    drawn = "".join(
        f'<draw:page draw:name="{i}"><draw:frame svg:width="20cm" svg:height="3cm" svg:x="2cm" svg:y="2cm">'
        f"<draw:text-box><text:p>第 {i + 1} 页</text:p></draw:text-box></draw:frame>{extra}</draw:page>"
        for i in range(pages)
    )
    return _document("presentation", f"<office:presentation>{drawn}</office:presentation>", locked)


def letter(text: str) -> bytes:
    """An OpenDocument text."""
    return _document("text", f"<office:text><text:p>{text}</text:p></office:text>", False)


def _document(kind: str, body: str, locked: bool) -> bytes:
    media = f"application/vnd.oasis.opendocument.{kind}"
    secret = "<manifest:encryption-data/>" if locked else ""
    return zipped(
        {
            "mimetype": media.encode(),
            "META-INF/manifest.xml": (
                f'<manifest:manifest {_NAMESPACES} manifest:version="1.2">'
                f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media}"/>'
                '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
                f"{secret}</manifest:file-entry></manifest:manifest>"
            ).encode(),
            "content.xml": (
                '<?xml version="1.0" encoding="UTF-8"?>'
                f'<office:document-content {_NAMESPACES} office:version="1.2"><office:body>{body}'
                "</office:body></office:document-content>"
            ).encode(),
        }
    )


def word(text: str) -> bytes:
    """A .docx with its three necessary parts (ECMA-376, part 1, 8)."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    part = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return zipped(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{types}"><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/word/document.xml" ContentType="{part}"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}" '
                'Target="word/document.xml"/></Relationships>'
            ).encode(),
            "word/document.xml": (
                f'<w:document xmlns:w="{main}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
                "</w:body></w:document>"
            ).encode(),
        }
    )


def locked_office() -> bytes:
    """The head of a compound file and the name of the stream that holds what is encrypted."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    return head + "EncryptedPackage".encode("utf-16-le") + bytes(480)


def huge_png(side_px: int) -> bytes:
    """side_px squared pixels, in a few kilobytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(1 + side_px // 8)) for _ in range(side_px)) + packed.flush()
    header = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def svg(inside: str, attributes: str = "") -> bytes:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180" {attributes}>'
    return f'{head}<rect width="320" height="180" fill="#d04020"/>{inside}</svg>'.encode()


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]><svg>&l9;</svg>'.encode()
