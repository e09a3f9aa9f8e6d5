from __future__ import annotations

import os
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.courseware.opening import Courseware, open_courseware
from pipelines.courseware.settings import DEMO_PDF
from pipelines.media import SourceLost

from .conftest import MakeFilm, MakePdf, fill

SIZE = (320, 180)


def refusal(path: str | Path) -> str:
    """Why a courseware is refused, in one sentence or two that name it."""
    before = threading.active_count()
    with pytest.raises(SourceLost) as lost:
        open_courseware(str(path), SIZE)
    assert not lost.value.retry
    assert "Traceback" not in lost.value.reason
    assert threading.active_count() == before
    return lost.value.reason


def picture(path: Path) -> Path:
    Image.new("RGB", SIZE, (1, 2, 3)).save(path, "PNG")
    return path


def test_each_kind_is_known_by_its_content_not_by_its_name(
    make_pdf: MakePdf, make_film: MakeFilm, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    paths = {
        "pdf": make_pdf([fill(1, 0, 0)] * 2).rename(tmp_path / "a.png"),
        "pictures": picture(tmp_path / "a.mp4"),
        "film": make_film([(0, 0, 255)] * 2).rename(tmp_path / "a.pdf"),
    }
    picture(folder / "1")
    paths["folder"] = folder
    for kind, path in paths.items():
        courseware: Courseware = open_courseware(str(path), SIZE)
        page = courseware.page()
        courseware.close()
        assert page.rgb.shape == (180, 320, 3)
        assert not page.rgb.flags.writeable
        assert courseware.name == path.name
        assert courseware.state.detail["kind"] == {"folder": "pictures"}.get(kind, kind)


def test_revisions_go_on_in_the_next_courseware(make_pdf: MakePdf) -> None:
    path = make_pdf([fill(1, 0, 0)])
    first, second = (open_courseware(str(path), SIZE) for _ in range(2))
    assert second.page().revision > first.page().revision
    first.close()
    second.close()


def test_a_damaged_picture_among_others_is_a_page_that_says_so(tmp_path: Path) -> None:
    for name in ("1.png", "3.png"):
        picture(tmp_path / name)
    (tmp_path / "2.png").write_bytes((tmp_path / "1.png").read_bytes()[:50])
    courseware = open_courseware(str(tmp_path), SIZE)
    revision = courseware.page().revision
    courseware.turn(index=1)
    page = courseware.wait_change(revision, 10)
    assert page is not None
    assert np.unique(page.rgb).size > 10
    assert "2.png is damaged" in courseware.state.reason
    courseware.turn(+1)
    while courseware.page().index != 2:
        assert courseware.wait_change(courseware.page().revision, 10)
    assert (courseware.page().rgb[0, 0] == (1, 2, 3)).all()
    courseware.close()


def test_missing(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.pdf")
    assert "does not exist" in refusal(picture(tmp_path / "a.png") / "below")
    assert "cannot be read" in refusal("a\0b")
    assert "cannot be read" in refusal("x" * 5000)


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.mp4"])
def test_empty_and_rubbish(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    assert "0 bytes" in refusal(path)
    path.write_bytes(np.random.default_rng(2).bytes(20_000))
    assert name in refusal(path)
    path.write_text("Just some words.\n" * 100)
    assert name in refusal(path)


def test_a_damaged_single_picture_is_refused(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:60])
    assert "a.png is damaged" in refusal(path)


def test_slides_of_an_office_programme(tmp_path: Path) -> None:
    path = tmp_path / "slides.pptx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ppt/presentation.xml", "<p/>")
    assert "soffice --headless --convert-to pdf" in refusal(path)


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    assert "holds no pictures" in refusal(tmp_path)


def test_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a file nor a folder" in refusal(tmp_path / "pipe")
    assert "neither a file nor a folder" in refusal("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    path.chmod(0)
    assert "chmod" in refusal(path)


def test_no_process_is_left_behind(make_pdf: MakePdf) -> None:
    children = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children")
    before = children.read_text()  # of other tests: multiprocessing keeps a process of its own
    courseware = open_courseware(str(make_pdf([fill(1, 0, 0)] * 3)), SIZE)
    assert children.read_text() != before
    courseware.close()
    assert children.read_text() == before
    refusal(make_pdf(["n"] * 3000))
    assert children.read_text() == before


def test_the_demo() -> None:
    assert DEMO_PDF.stat().st_size < 1_500_000
    courseware = open_courseware("demo", (1280, 720))
    assert courseware.count == 8
    means, pictures = [], []
    for index in range(8):
        courseware.turn(index=index)
        while courseware.page().index != index:
            assert courseware.wait_change(courseware.page().revision, 10)
        rgb = courseware.page().rgb
        means.append(float(rgb.mean()))
        pictures.append(rgb)
    courseware.close()
    assert min(means) < 40  # a dark page
    assert sum(mean > 215 for mean in means) >= 3  # white ones
    for rgb in pictures:
        assert not (rgb[:, 0] == (24, 24, 24)).all()  # it fills the programme
        grey = rgb.astype(np.float32).mean(axis=2)
        assert np.abs(np.diff(grey, axis=1)).max() > 120  # edges from one pixel to the next
