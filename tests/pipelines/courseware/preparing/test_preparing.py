"""Uploads: what can be shown is made ready; what is hostile or broken is refused, and nothing is left."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import uploads
from PIL import Image

from pipelines.courseware.preparing import archive
from pipelines.courseware.preparing.office import converter
from pipelines.courseware.preparing.refusal import Refusal


def courseware_conftest() -> object:
    path = Path(__file__).parents[1] / "conftest.py"
    spec = importlib.util.spec_from_file_location("courseware_files", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


files = courseware_conftest()
needs_libreoffice = pytest.mark.skipif(converter() is None, reason="LibreOffice is not installed")


def pdf(pages: int, **more: str) -> bytes:
    made: bytes = files.pdf_bytes([files.fill(0.8, 0.2, 0.1)] * pages, **more)  # type: ignore[attr-defined]
    return made


def middle(path: Path) -> tuple[int, ...]:
    rgb = np.asarray(Image.open(path).convert("RGB"))
    return tuple(int(code) for code in rgb[rgb.shape[0] // 2, rgb.shape[1] // 2])


def test_a_pdf(prepare: Callable[[bytes], object]) -> None:
    outcome = prepare(pdf(3))
    assert outcome.said("ready") == {"kind": "pdf", "pages": 3, "main": "source"}
    thumbs = sorted((outcome.folder / "thumbs").iterdir())
    assert [path.name for path in thumbs] == ["00001.webp", "00002.webp", "00003.webp"]
    assert middle(thumbs[2]) == pytest.approx((204, 51, 26), abs=6)
    assert outcome.left == {"source", "thumbs"}


def test_a_preparation_that_was_interrupted_begins_anew(prepare: Callable[..., object]) -> None:
    content = uploads.zipped({"1.png": uploads.png(), "2.png": uploads.png()})
    outcome = prepare(content, left=("work/a", "pages/00001", "pages/00007", "thumbs/00009.webp"))
    assert outcome.said("ready") == {"kind": "pictures", "pages": 2, "main": "pages"}
    assert sorted(path.name for path in (outcome.folder / "pages").iterdir()) == ["00001", "00002"]
    thumbs = sorted(path.name for path in (outcome.folder / "thumbs").iterdir())
    assert thumbs == ["00001.webp", "00002.webp"]


@needs_libreoffice
@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (uploads.slides(3), 3),
        (uploads.letter("课件"), 1),
        (uploads.word("Lesson"), 1),
        (uploads.svg('<text x="20" y="60">课件</text>'), 1),
    ],
    ids=["odp", "odt", "docx", "svg"],
)
def test_office_and_drawings_become_a_pdf(
    prepare: Callable[[bytes], object], content: bytes, pages: int
) -> None:
    outcome = prepare(content)
    assert outcome.said("ready") == {"kind": "pdf", "pages": pages, "main": "pages.pdf"}
    assert outcome.left == {"source", "thumbs", "pages.pdf"}
    assert len(list((outcome.folder / "thumbs").iterdir())) == pages


def test_pictures_of_a_zip_in_natural_order(prepare: Callable[[bytes], object]) -> None:
    red, green = uploads.png((200, 20, 20)), uploads.png((20, 160, 20))
    content = uploads.zipped(
        {"b/page10.png": green, "b/page2.png": red, "notes.txt": b"x", ".DS_Store": b"y"}
    )
    outcome = prepare(content)
    assert outcome.said("ready") == {"kind": "pictures", "pages": 2, "main": "pages"}
    assert middle(outcome.folder / "thumbs" / "00001.webp")[0] > 150
    assert middle(outcome.folder / "thumbs" / "00002.webp")[1] > 120


def test_the_first_picture_of_a_gif(prepare: Callable[[bytes], object]) -> None:
    with io.BytesIO() as out:
        pictures = [Image.new("RGB", (64, 36), colour) for colour in ("red", "blue")]
        pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
        outcome = prepare(out.getvalue())
    assert outcome.said("ready") == {"kind": "pictures", "pages": 1, "main": "source"}
    assert middle(outcome.folder / "thumbs" / "00001.webp")[0] > 200


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a program called lesson.pdf": (b"\x7fELF" + bytes(5000), "unknown"),
    "2,001 pages": (pdf(2001), "too_many_pages"),
    "a damaged pdf": (b"%PDF-1.7\nnothing of the kind", "damaged"),
    "an office file with a password": (uploads.locked_office(), "locked"),
    "an odp with a password": (uploads.slides(1, locked=True), "locked"),
    "a zip with a password": (uploads.locked_zip(), "locked"),
    "a broken zip": (uploads.zipped({"1.png": uploads.png()})[:60], "damaged"),
    "a zip of zips": (uploads.zipped({"a.zip": uploads.zipped({"1.png": uploads.png()})}), "zip_nested"),
    "paths out of a zip": (uploads.zipped({"../../evil.png": uploads.png()}), "zip_paths"),
    "an absolute path": (uploads.zipped({"/etc/cron.d/evil": uploads.png()}), "zip_paths"),
    "paths of another system": (uploads.zipped({"..\\evil.png": uploads.png()}), "zip_paths"),
    "a zip without pictures": (uploads.zipped({"a.txt": b"x"}), "zip_no_pictures"),
    "a packed gigabyte": (uploads.zipped({"1.png": uploads.png() + bytes(60_000_000)}), "zip_bomb"),
    "thousands of entries": (uploads.zipped({f"{i}": b"" for i in range(5001)}), "zip_bomb"),
    "billions of pixels": (uploads.huge_png(50_000), "too_many_pixels"),
    "half a picture": (uploads.png(size=(640, 360))[:90], "damaged"),
    "a script": (uploads.svg("<script>alert(1)</script>"), "svg_active"),
    "a handler": (uploads.svg("", 'onload="alert(1)"'), "svg_active"),
    "html inside": (uploads.svg("<foreignObject/>"), "svg_active"),
    "entities": (uploads.billion_laughs(), "svg_active"),
    "a picture from elsewhere": (uploads.svg('<image href="http://example.org/a.png"/>'), "svg_external"),
    "a file of the box": (uploads.svg('<image href="file:///etc/passwd"/>'), "svg_external"),
    "a style from elsewhere": (uploads.svg("<style>@import 'http://example.org/a';</style>"), "svg_external"),
    "a fill from elsewhere": (uploads.svg('<rect fill="url(http://example.org/#a)"/>'), "svg_external"),
    "half an svg": (uploads.svg("")[:-3], "svg_damaged"),
    "half a film": (b"\x00\x00\x00\x20ftypisom" + bytes(5000), "damaged"),
}


@pytest.mark.parametrize(("content", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_hostile_is_refused_with_a_code(
    prepare: Callable[[bytes], object], content: bytes, code: str
) -> None:
    outcome = prepare(content)
    assert outcome.said("refused") == code
    assert outcome.said("ready") is None
    assert outcome.left <= {"source", "pages"}
    assert not (outcome.folder.parent / "evil.png").exists()


def test_an_encrypted_pdf(prepare: Callable[[bytes], object]) -> None:
    secret = f"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{'41' * 32}> /U <{'42' * 32}> >>"
    outcome = prepare(pdf(1, Encrypt=secret, ID=f"[<{'43' * 16}> <{'43' * 16}>]"))
    assert outcome.said("refused") == "locked"


@needs_libreoffice
def test_a_broken_document_is_refused(prepare: Callable[[bytes], object]) -> None:
    outcome = prepare(uploads.word("x").replace(b"document.xml", b"documant.xml"))
    assert outcome.said("refused") in ("unknown", "not_converted", "damaged")


@needs_libreoffice
def test_a_document_with_broken_fonts_and_links_elsewhere_is_still_shown(
    prepare: Callable[[bytes], object],
) -> None:
    """A picture of another machine is left out: the converter has no network and sees no other files."""
    frame = (
        '<draw:frame svg:width="5cm" svg:height="5cm" svg:x="2cm" svg:y="8cm"><draw:image '
        'xlink:href="http://127.0.0.1:9/a.png"/></draw:frame><draw:frame svg:width="5cm" svg:height="5cm" '
        'svg:x="9cm" svg:y="8cm"><draw:image xlink:href="file:///etc/passwd"/></draw:frame>'
    )
    assert prepare(uploads.slides(2, extra=frame)).said("ready")["pages"] == 2


def test_a_zip_whose_sizes_are_a_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes out is counted, whatever the directory declares."""
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 100_000)
    monkeypatch.setattr(archive.limits, "MAX_PICTURE_BYTES", 50_000)
    path = tmp_path / "source"
    path.write_bytes(uploads.zipped({"1.png": uploads.png() + bytes(90_000)}))
    with pytest.raises(Refusal) as refused:
        archive.unpack_pictures(path, tmp_path / "pages")
    assert refused.value.code == "zip_bomb"
