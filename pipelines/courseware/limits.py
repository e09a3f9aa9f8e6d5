"""What a courseware may ask of the box. Beyond these it is refused with a sentence, never with a hang.

A courseware comes on somebody's USB stick: it is the one input that a stranger may have made.
"""

from __future__ import annotations

MAX_PAGES = 2000  # of a PDF, or pictures in a folder
MAX_FOLDER_ENTRIES = 20_000  # looked at in one folder
MAX_PDF_BYTES = 300_000_000  # read into memory once, so that the stick may be pulled out
MAX_PICTURE_BYTES = 200_000_000
MAX_PICTURE_PX = 80_000_000  # decoded; below Pillow's own guard, so that ours speaks first
MAX_FILM_PX = 8192 * 4320

PDF_OPEN_LIMIT_S = 10
PDF_PAGE_LIMIT_S = 5
PDF_MEMORY_BYTES = 2 << 30  # address space of the process that draws pages

KEEP_PAGES = 6  # drawn pages kept: the shown one, its neighbours, and where the teacher came from
