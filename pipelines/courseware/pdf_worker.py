"""Reads one PDF and draws its pages: a program of its own, because a hostile PDF may crash or never end.

PDFium is C++ fed with files from USB sticks. Here it may die, or take all the memory and time it is
given, and the lesson goes on; and it sees neither network nor files but the one it shows. It runs as a file,
not as a module of the package, so that it starts in a tenth of a second and holds nothing of the studio.

Standard input: one line "index width height seconds" per page. Standard output: one line of JSON
{"count": n} or {"error": "locked" | "damaged"} after opening; then for each page one line
{"width": w, "height": h} and w * h * 3 bytes RGB, the page's own shape inside the size asked for,
or {"error": "damaged"}. Ends with its input. A job that takes too long ends it by SIGALRM.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from pipelines.courseware.preparing.confinement import give_up


def _confine(path: Path, memory_bytes: int) -> list[str]:
    """No other files, no network, nothing written, bounded memory, an alarm that ends it: for good.

    Returns what the kernel could not do. Not `confine`: that dies with the thread that started it, and counts
    processor time, of which a lesson may need much.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the studio's to answer
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return give_up(None, [path])


def _answer(**message: str | int) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _open(path: str) -> Any:
    try:
        document = pdfium.PdfDocument(Path(path).read_bytes())
        if document.get_formtype() != pdfium_c.FORMTYPE_NONE:
            document.init_forms()  # or fields that were filled in would be empty
    except pdfium.PdfiumError as error:
        locked = (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY)
        _answer(error="locked" if error.err_code in locked else "damaged")
        return None
    except (OSError, MemoryError):
        _answer(error="damaged")
        return None
    return document


def _draw(document: Any, index: int, outer_wh: tuple[int, int]) -> None:
    try:
        page = document[index]
    except pdfium.PdfiumError:
        _answer(error="damaged")
        return
    page_w, page_h = page.get_size()
    if not (page_w > 0 and page_h > 0):
        _answer(error="damaged")
        return
    scale = min(outer_wh[0] / page_w, outer_wh[1] / page_h)
    w = max(1, min(outer_wh[0], round(page_w * scale)))
    h = max(1, min(outer_wh[1], round(page_h * scale)))
    # Whole pixels given to PDFium itself: its own helper rounds up, and a 16:9 page would be 1281 wide.
    bitmap = pdfium.PdfBitmap.new_native(w, h, pdfium_c.FPDFBitmap_BGRx, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, w, h)
    # No LCD text: its coloured fringes would be torn by the coder's 4:2:0.
    flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_REVERSE_BYTE_ORDER
    pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, w, h, 0, flags)
    if document.formenv:
        pdfium_c.FPDF_FFLDraw(document.formenv, bitmap, page, 0, 0, w, h, 0, flags)
    rgbx = memoryview(bitmap.buffer).cast("B")
    rgb = bytearray(w * h * 3)
    for channel in range(3):
        rgb[channel::3] = rgbx[channel::4]
    page.close()
    _answer(width=w, height=h)
    sys.stdout.buffer.write(rgb)
    sys.stdout.buffer.flush()


def main(path: str, memory_bytes: int, open_limit_s: float) -> int:
    _confine(Path(path), memory_bytes)
    signal.setitimer(signal.ITIMER_REAL, open_limit_s)
    document = _open(path)
    if document is None:
        return 1
    _answer(count=len(document))
    signal.setitimer(signal.ITIMER_REAL, 0)
    for line in sys.stdin:
        index, width, height, limit_s = line.split()
        signal.setitimer(signal.ITIMER_REAL, float(limit_s))
        _draw(document, int(index), (int(width), int(height)))
        signal.setitimer(signal.ITIMER_REAL, 0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
