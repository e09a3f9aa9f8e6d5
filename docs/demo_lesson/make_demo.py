"""Makes the built-in lesson: computes its drawings and tables, and prints lesson.html to a PDF.

    python docs/demo_lesson/make_demo.py [landscape.jpg]

Needs chromium, and the fonts of Debian's fonts-noto-cjk and fonts-stix (both SIL OFL 1.1; subsets go
into the PDF). The landscape is rendered anew when no file is given.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2 as pdfium
from drawings import DRAWINGS

HERE = Path(__file__).resolve().parent
RESULT = HERE.parents[1] / "pipelines" / "courseware" / "assets" / "demo.pdf"


def main(landscape: Path) -> None:
    html = (
        (HERE / "lesson.html")
        .read_text(encoding="utf-8")
        .replace("{{landscape}}", landscape.resolve().as_uri())
    )
    html = re.sub(r"\{\{(\w+)\}\}", lambda found: DRAWINGS[found[1]](), html)
    RESULT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "lesson.html")
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            [
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
                f"--user-data-dir={folder}/profile", f"--print-to-pdf={RESULT}", page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
    with pdfium.PdfDocument(RESULT) as document:
        if len(document) != 8:
            raise SystemExit(f"{RESULT} has {len(document)} pages instead of 8: something overflows its page")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            picture = Path(scratch, "landscape.jpg")
            subprocess.run([sys.executable, str(HERE / "landscape.py"), str(picture)], check=True)
            main(picture)
