"""Opens a courseware by what it holds, not by what it is called."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Protocol

from pipelines.courseware.faults import refused
from pipelines.courseware.film import Film
from pipelines.courseware.lesson import Lesson
from pipelines.courseware.pdf import PdfPages
from pipelines.courseware.pictures import PicturePages, is_picture
from pipelines.courseware.screens.x11 import X11, open_x11
from pipelines.courseware.settings import DEMO, DEMO_PDF
from pipelines.media import Page, SizeWh, SourceState
from pipelines.paths import at_home
from pipelines.receiving.sounding import Sounding
from pipelines.saying import said

_HEAD_BYTES = 1024  # readers of PDF accept anything before "%PDF-" within these
_OFFICE_HEADS = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04")  # .ppt; .pptx and .odp


class Courseware(Protocol):
    """What the LCD shows. Safe between threads; nothing here waits for a page to be drawn."""

    @property
    def name(self) -> str: ...

    @property
    def count(self) -> int: ...

    @property
    def sounding(self) -> Sounding | None:
        """Its own sound; None for one that never has any."""

    @property
    def state(self) -> SourceState:
        """ "live", or "ended" for a film that has. reason: what is wrong with the page shown, if anything."""

    def page(self) -> Page:
        """The newest page, at once."""

    def pages(self) -> tuple[Page, ...]:
        """Those shown of late, oldest first: what a camera may still see. The last one is the newest."""

    def turn(self, step: int = 0, index: int | None = None) -> None:
        """`step` pages on, or to `index` (from 0); beyond the ends it stays at the first or last page."""

    def wait_change(self, revision: int, timeout_s: float) -> Page | None:
        """Sleeps until the page's revision is above `revision`; None after timeout_s, or once closed."""

    def close(self) -> None: ...


def open_courseware(path: str, size_wh: SizeWh) -> Courseware:
    """Opens "demo", a PDF, a picture, a folder of pictures, a video file or a screen, with its first page.

    path: "x11::0" is a screen of this machine. size_wh: of every page. Takes as long as drawing one page,
    and at most limits.PDF_OPEN_LIMIT_S and a page's limit. Raises SourceLost (retry False): `reason`
    names what, where, how to mend it.
    """
    if path.startswith(X11):
        return open_x11(path, size_wh)
    if path == DEMO:
        return Lesson(PdfPages(DEMO_PDF), size_wh)
    file = at_home(path).absolute()
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            return Lesson(PicturePages.of_folder(file), size_wh)
        if not stat.S_ISREG(mode):
            raise refused(
                said(
                    "courseware_neither",
                    "{file} is neither a file nor a folder. Choose a PDF, a picture, a folder or a "
                    "video file.",
                    file=file,
                )
            )
        return _open_file(file, size_wh)
    except (FileNotFoundError, NotADirectoryError):
        raise refused(
            said(
                "courseware_missing",
                "{file} does not exist. Check the name and whether the stick is plugged in, or "
                'choose "demo".',
                file=file,
            )
        ) from None
    except PermissionError:
        raise refused(
            said(
                "courseware_denied",
                '{file} may not be read. Give its rights to everybody: chmod -R a+rX "{file}".',
                file=file,
            )
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        fault = error.strerror if isinstance(error, OSError) else error
        raise refused(
            said(
                "courseware_unreadable",
                "{file} cannot be read: {fault}. Copy it to this machine and try again.",
                file=repr(str(file)),
                fault=fault,
            )
        ) from None


def _open_file(file: Path, size_wh: SizeWh) -> Courseware:
    with file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    if not head:
        raise refused(
            said(
                "courseware_empty", "{file} is empty (0 bytes). Copy it again from where it came.", file=file
            )
        )
    if b"%PDF-" in head:
        return Lesson(PdfPages(file), size_wh)
    if is_picture(head):
        return Lesson(PicturePages(file.name, [file]), size_wh)
    if head.startswith(_OFFICE_HEADS):
        raise refused(
            said(
                "courseware_office",
                "{file} is an Office document or an archive. Export the slides as a PDF and "
                'choose that: soffice --headless --convert-to pdf "{name}".',
                file=file,
                name=file.name,
            )
        )
    return Film(file, size_wh)
