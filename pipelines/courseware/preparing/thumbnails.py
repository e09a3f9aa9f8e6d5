"""From an uploaded file to what is shown, its number of pages, and a small picture of each."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from pipelines.courseware import limits
from pipelines.courseware.faults import BadPage
from pipelines.courseware.film_file import FilmReader, PageScaler
from pipelines.courseware.pictures import PicturePages, read_picture
from pipelines.courseware.preparing.archive import unpack_pictures
from pipelines.courseware.preparing.kinds import Kind, kind_of
from pipelines.courseware.preparing.office import to_pdf
from pipelines.courseware.preparing.refusal import Refusal
from pipelines.courseware.preparing.svg import check_svg
from pipelines.media import U8, SizeWh, SourceLost

THUMB_WH: Final[SizeWh] = (320, 180)
CONVERT_LIMIT_S: Final = 180.0
_PAGE_LIMIT_S: Final = 20  # one page of a PDF that hangs ends the program; the pages before it keep theirs
_LOCKED: Final = (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY)

ShownKind = Literal["pdf", "pictures", "film"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """main: the file or folder that `open_courseware` opens. kind: of main. files: the pages of a folder."""

    kind: ShownKind
    main: Path
    pages: int
    files: tuple[Path, ...] = ()


def prepare(folder: Path, work: Path, converting: Callable[[], None]) -> Prepared:
    """Makes folder/source showable. converting: called before a slow conversion. Raises Refusal."""
    source = folder / "source"
    kind = kind_of(source)
    if kind in ("slides", "text", "svg"):
        if kind == "svg":
            check_svg(source)
        converting()
        return _pdf(_converted(source, kind, folder, work))
    if kind == "pdf":
        return _pdf(source)
    if kind == "zip":
        converting()
        count = unpack_pictures(source, folder / "pages")
        files = tuple(folder / "pages" / f"{number:05d}" for number in range(1, count + 1))
        return Prepared("pictures", folder / "pages", count, files)
    if kind == "film":
        _film_picture(source)
        return Prepared("film", source, 1)
    _picture(source)
    return Prepared("pictures", source, 1)


def as_it_lies(source: Path) -> Prepared:
    """A file or folder that `open_courseware` opens without any conversion. Raises Refusal."""
    if source.is_dir():
        try:
            files = tuple(PicturePages.of_folder(source).paths)
        except SourceLost:
            raise Refusal("unknown") from None
        return Prepared("pictures", source, len(files), files)
    kind = kind_of(source)
    if kind == "pdf":
        return _pdf(source)
    if kind not in ("picture", "film"):
        raise Refusal("unknown")
    return Prepared("film" if kind == "film" else "pictures", source, 1)


def draw_thumbnails(prepared: Prepared, folder: Path, drawn: Callable[[int], None]) -> None:
    """Writes 00001.webp and on; a page that cannot be drawn has none."""
    folder.mkdir(exist_ok=True)
    document = pdfium.PdfDocument(prepared.main) if prepared.kind == "pdf" else None
    for index in range(prepared.pages):
        signal.alarm(_PAGE_LIMIT_S)
        try:
            if document is not None:
                rgb = _pdf_picture(document, index)
            elif prepared.kind == "film":
                rgb = _film_picture(prepared.main)
            else:
                rgb = _picture(prepared.files[index] if prepared.files else prepared.main)
        except (Refusal, pdfium.PdfiumError, MemoryError):
            continue
        finally:
            signal.alarm(0)
        target = folder / f"{index + 1:05d}.webp"
        draft = target.with_suffix(".new")
        Image.fromarray(rgb).save(draft, "WEBP", quality=80)
        draft.replace(target)
        drawn(index + 1)


def _converted(source: Path, kind: Kind, folder: Path, work: Path) -> Path:
    started_s = time.monotonic()
    pdf = to_pdf(source, kind, work, CONVERT_LIMIT_S)
    if pdf.stat().st_size > limits.MAX_PDF_BYTES or time.monotonic() - started_s > CONVERT_LIMIT_S:
        raise Refusal("too_much_output")
    return pdf.replace(folder / "pages.pdf")


def _pdf(path: Path) -> Prepared:
    if path.stat().st_size > limits.MAX_PDF_BYTES:
        raise Refusal("too_large", limits.MAX_PDF_BYTES // 1_000_000)
    signal.alarm(_PAGE_LIMIT_S)
    try:
        document = pdfium.PdfDocument(path)
        count = len(document)
        if not 0 < count <= limits.MAX_PAGES:
            raise Refusal("too_many_pages" if count else "damaged", limits.MAX_PAGES)
        _pdf_picture(document, 0)
    except pdfium.PdfiumError as error:
        raise Refusal("locked" if error.err_code in _LOCKED else "damaged") from None
    finally:
        signal.alarm(0)
    return Prepared("pdf", path, count)


def _pdf_picture(document: pdfium.PdfDocument, index: int) -> U8:
    """A page's own shape inside THUMB_WH, u8 (h, w, 3)."""
    page = document[index]
    page_w, page_h = page.get_size()
    if not (page_w > 0 and page_h > 0):
        raise Refusal("damaged")
    scale = min(THUMB_WH[0] / page_w, THUMB_WH[1] / page_h)
    w, h = max(1, round(page_w * scale)), max(1, round(page_h * scale))
    bitmap = pdfium.PdfBitmap.new_native(w, h, pdfium_c.FPDFBitmap_BGRx, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, w, h)
    flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_REVERSE_BYTE_ORDER
    pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, w, h, 0, flags)
    rgb = np.frombuffer(bitmap.buffer, np.uint8).reshape(h, -1, 4)[:, :w, :3].copy()
    page.close()
    return rgb


def _picture(path: Path) -> U8:
    try:
        return read_picture(path, THUMB_WH)
    except BadPage as bad:
        many = "pixels" in bad.reason
        raise Refusal("too_many_pixels" if many else "damaged", limits.MAX_PICTURE_PX // 1_000_000) from None


def _film_picture(path: Path) -> U8:
    try:
        reader = FilmReader(path)
    except SourceLost as lost:
        raise Refusal("sound_only" if "sound but no picture" in lost.reason else "damaged") from None
    try:
        scaler = PageScaler(THUMB_WH, reader.pixel_aspect)
        pages = (scaler.page_of(picture) for picture, _ in reader.play())
        first = next((page for page in pages if page is not None), None)
    except av.error.FFmpegError:
        first = None
    finally:
        reader.close()
    if first is None:
        raise Refusal("damaged")
    return first
