from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.courseware import limits
from pipelines.courseware.faults import BadPage
from pipelines.courseware.fitting import SURROUND_RGB
from pipelines.courseware.pdf import PdfPages
from pipelines.media import SourceLost

from .conftest import MakePdf, endless_forms, fill, huge_image, pdf_bytes

SIZE = (1280, 720)


def refusal(path: Path) -> str:
    with pytest.raises(SourceLost) as lost:
        PdfPages(path)
    assert not lost.value.retry
    assert path.name in lost.value.reason
    return lost.value.reason


def test_colours_are_exact_and_the_page_fills_the_programme(make_pdf: MakePdf) -> None:
    pages = PdfPages(make_pdf([fill(0.2, 0.4, 0.6)]))
    rgb = pages.draw(0, SIZE)
    pages.close()
    assert rgb.shape == (720, 1280, 3)
    assert (rgb == (51, 102, 153)).all()


def test_a_line_of_one_pixel_is_one_pixel(make_pdf: MakePdf) -> None:
    # 960 x 540 pt on 1280 x 720 px: a pixel is 0.75 pt.
    pages = PdfPages(make_pdf(["0 0 0 rg 75 0 0.75 540 re f"]))
    rgb = pages.draw(0, SIZE)
    pages.close()
    assert (rgb[:, 100] < 8).all()
    assert (rgb[:, 99] > 247).all()
    assert (rgb[:, 101] > 247).all()


def test_fine_print_keeps_its_contrast_and_has_no_coloured_edges(make_pdf: MakePdf) -> None:
    text = "BT /F1 10.5 Tf 75 300 Td (Refraction of light 1.333) Tj ET"  # 14 px high at 1280 wide
    page = pdf_bytes([text]).replace(
        b"/Resources << >>",
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>",
    )
    path = make_pdf([text])
    path.write_bytes(page)
    pages = PdfPages(path)
    rgb = pages.draw(0, SIZE)
    pages.close()
    assert rgb.min() < 60
    assert (rgb < 128).all(axis=2).sum() > 200
    assert np.ptp(rgb, axis=2).max() == 0


@pytest.mark.parametrize(
    ("box", "bars"),
    [("0 0 600 800", (slice(None), slice(0, 300))), ("0 0 2000 500", (slice(0, 150), slice(None)))],
)
def test_other_shapes_stand_whole_in_the_middle(
    make_pdf: MakePdf, box: str, bars: tuple[slice, slice]
) -> None:
    pages = PdfPages(make_pdf([fill(1, 0, 0)], box=box))
    rgb = pages.draw(0, SIZE)
    pages.close()
    assert (rgb[bars] == SURROUND_RGB).all()
    assert (rgb[::-1, ::-1][bars] == SURROUND_RGB).all()
    assert (rgb[360, 640] == (255, 0, 0)).all()


@pytest.mark.parametrize("box", ["0 0 1000000 1000000", "0 0 0.001 0.001", "0 0 1e9 1", "5 5 5 5"])
def test_a_page_of_absurd_size_is_drawn_or_said_to_be_bad(make_pdf: MakePdf, box: str) -> None:
    pages = PdfPages(make_pdf([fill(1, 0, 0), fill(0, 1, 0)], box=box))
    try:
        assert pages.draw(0, SIZE).shape == (720, 1280, 3)
    except BadPage as bad:
        assert "page 1" in bad.reason
    pages.close()


# What the process that draws may do besides, each tried on its own.
PROBE = """
import json, os, socket, sys
import json
import subprocess
import sys
from pathlib import Path
from pipelines.courseware.pdf_worker import _confine
lesson, secret = Path(sys.argv[1]), Path(sys.argv[2])
missing = _confine(lesson, 2 << 30)
def tried(what):
    try:
        what()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"
print(json.dumps({
    "missing": missing,
    "lesson": tried(lesson.read_bytes),
    "secret": tried(secret.read_bytes),
    "parent": tried(lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes()),
    "outside": tried(lambda: secret.with_name("b").touch()),
    "ipv4": tried(lambda: socket.socket(socket.AF_INET)),
}))
"""


def test_who_draws_sees_no_other_file_and_no_network(make_pdf: MakePdf, tmp_path: Path) -> None:
    secret = tmp_path / "tokens.json"
    secret.write_text("secret")
    path = make_pdf([fill(0.2, 0.4, 0.6)])
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROBE, path, secret], capture_output=True, text=True, check=True
    )
    tried = json.loads(done.stdout)
    missing = tried.pop("missing")
    assert tried.pop("lesson") == "done"
    if "network (seccomp)" not in missing:
        assert tried.pop("ipv4") == "PermissionError"
    if "files (Landlock)" not in missing:
        assert [tried[what] for what in ("secret", "parent", "outside")] == ["PermissionError"] * 3


def test_who_draws_is_told_no_tokens(make_pdf: MakePdf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASSROOM_ASSISTANT_TOKEN", "a-secret-of-the-tests")
    pages = PdfPages(make_pdf([fill(0.2, 0.4, 0.6)]))
    assert pages._worker is not None
    process = Path(f"/proc/{pages._worker.pid}")
    environment = (process / "environ").read_text()
    is_confined = "NoNewPrivs:\t1" in (process / "status").read_text()
    pages.close()
    assert "PATH=" in environment and "CLASSROOM" not in environment
    assert is_confined


def test_the_file_may_go_while_the_lesson_lasts(make_pdf: MakePdf) -> None:
    path = make_pdf([fill(1, 0, 0), fill(0, 0, 1)])
    pages = PdfPages(path)
    path.unlink()
    assert (pages.draw(1, SIZE)[0, 0] == (0, 0, 255)).all()
    pages.close()


def test_a_broken_cross_reference_is_rebuilt(make_pdf: MakePdf) -> None:
    path = make_pdf([fill(0, 1, 0)])
    path.write_bytes(path.read_bytes().replace(b"startxref\n", b"startxref\n9"))
    pages = PdfPages(path)
    assert (pages.draw(0, SIZE)[0, 0] == (0, 255, 0)).all()
    pages.close()


def test_truncated(make_pdf: MakePdf) -> None:
    path = make_pdf([fill(0, 1, 0)] * 3)
    path.write_bytes(path.read_bytes()[:60])
    assert "damaged" in refusal(path)


def test_locked(make_pdf: MakePdf) -> None:
    key = "<" + "5a" * 32 + ">"
    lock = f"<< /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >>"
    path = make_pdf([fill(0, 1, 0)], Encrypt=lock, ID="[<00><00>]")
    assert "password" in refusal(path)


def test_too_many_pages(make_pdf: MakePdf) -> None:
    reason = refusal(make_pdf(["n"] * 10_000))
    assert "10000 pages" in reason
    assert str(limits.MAX_PAGES) in reason


def test_too_large(make_pdf: MakePdf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PDF_BYTES", 100)
    assert "split it" in refusal(make_pdf(["n"]))


def test_a_page_without_end_is_given_up_and_the_next_one_is_drawn(make_pdf: MakePdf) -> None:
    path = make_pdf(["/X Do", fill(0, 0, 1)], extra=endless_forms())
    pages = PdfPages(path, page_limit_s=0.3)
    with pytest.raises(BadPage, match=r"takes longer than 0\.3 s"):
        pages.draw(0, SIZE)
    assert (pages.draw(1, SIZE)[0, 0] == (0, 0, 255)).all()
    pages.close()


def test_a_page_beyond_all_memory_costs_only_itself(make_pdf: MakePdf) -> None:
    path = make_pdf(["960 0 0 540 0 0 cm /X Do", fill(0, 0, 1)], extra=[huge_image(9_000)])
    pages = PdfPages(path, memory_bytes=200 << 20)
    try:
        pages.draw(0, SIZE)
    except BadPage as bad:
        assert "page 1" in bad.reason
    assert (pages.draw(1, SIZE)[0, 0] == (0, 0, 255)).all()
    pages.close()


def test_abort_ends_a_drawing_and_forbids_more(make_pdf: MakePdf) -> None:
    pages = PdfPages(make_pdf([fill(0, 0, 1)]))
    pages.abort()
    for _ in range(2):
        with pytest.raises(BadPage, match="closed"):
            pages.draw(0, SIZE)
    pages.close()
