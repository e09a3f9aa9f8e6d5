"""Makes PDFs, pictures and films on the spot: real files, small enough to read."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

MakePdf = Callable[..., Path]
MakeFilm = Callable[..., Path]


def pdf_bytes(
    pages: list[str], *, box: str = "0 0 960 540", extra: list[bytes] | None = None, **trailer: str
) -> bytes:
    """A correct PDF: one content stream per page; `extra` are further objects, numbered from 100."""
    objects: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    kids = " ".join(f"{3 + 2 * i} 0 R" for i in range(len(pages)))
    objects[2] = f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode()
    resources = "<< /XObject << /X 100 0 R >> >>" if extra else "<< >>"
    for i, content in enumerate(pages):
        objects[3 + 2 * i] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Resources {resources} "
            f"/Contents {4 + 2 * i} 0 R >>"
        ).encode()
        objects[4 + 2 * i] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content.encode())
    for i, body in enumerate(extra or []):
        objects[100 + i] = body
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    more = " ".join(f"/{key} {value}" for key, value in trailer.items())
    out += f"trailer << /Size {max(objects) + 1} /Root 1 0 R {more} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def fill(red: float, green: float, blue: float) -> str:
    """A content stream that fills the whole page."""
    return f"{red} {green} {blue} rg 0 0 100000 100000 re f"


def form(content: str, *, resources: str = "<< >>") -> bytes:
    head = f"<< /Subtype /Form /BBox [0 0 960 540] /Resources {resources} /Length {len(content)} >>"
    return f"{head}\nstream\n{content}\nendstream".encode()


def endless_forms(depth: int = 12) -> list[bytes]:
    """Each form draws the next one ten times: ten to the power of `depth` rectangles."""
    forms = [form("/X Do " * 10, resources=f"<< /XObject << /X {101 + i} 0 R >> >>") for i in range(depth)]
    return [*forms, form("0 0 10 10 re f")]


def huge_image(side_px: int) -> bytes:
    """Small in the file, side_px squared times three bytes when decoded."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(b"\0" * side_px * 3) for _ in range(side_px)) + rows.flush()
    head = (
        f"<< /Type /XObject /Subtype /Image /Width {side_px} /Height {side_px} /ColorSpace /DeviceRGB "
        f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    )
    return head.encode() + packed + b"\nendstream"


@pytest.fixture
def make_pdf(tmp_path: Path) -> MakePdf:
    def make(pages: list[str], name: str = "lesson.pdf", **more: object) -> Path:
        path = tmp_path / name
        path.write_bytes(pdf_bytes(pages, **more))  # type: ignore[arg-type]
        return path

    return make


@pytest.fixture
def make_film(tmp_path: Path) -> MakeFilm:
    def make(
        colours: list[tuple[int, int, int]],
        name: str = "film.mp4",
        size_wh: tuple[int, int] = (64, 48),
        codec: str = "libx264",
        rate: int = 25,
        gop: int = 5,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = size_wh
            stream.pix_fmt = "yuv420p"
            stream.options = {"g": str(gop)}
            for colour in colours:
                rgb = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
                rgb[:] = colour
                container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return make
