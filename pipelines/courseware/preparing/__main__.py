"""The program: `python -I -m pipelines.courseware.preparing FOLDER`. FOLDER holds `source`, gets the rest.

With a second argument, a file or folder that lies elsewhere, it is only looked at: FOLDER gets its thumbs.

Standard output, one line of JSON each: {"state": "converting"}; then {"ready": {"kind", "pages", "main"}} or
{"refused": code, "limit": n}; then {"drawn": n} for each thumbnail. Results: thumbs/00001.webp and on, and
what is shown (`main`): source, pages.pdf or the folder pages.
"""

from __future__ import annotations

import errno
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Final

from pipelines.courseware.preparing.confinement import confine
from pipelines.courseware.preparing.refusal import Refusal
from pipelines.courseware.preparing.thumbnails import Prepared, as_it_lies, draw_thumbnails, prepare

MEMORY_BYTES: Final = 4 << 30  # address space; LibreOffice maps a gigabyte before it reads a byte
FILE_BYTES: Final = 500_000_000
CPU_S: Final = 600


def tell(**message: object) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201 - the pipe to the gateway


def main(folder: Path, elsewhere: Path | None = None) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to answer
    work = folder / "work"
    # What a preparation that was interrupted has left: this one begins anew.
    for left in (work, folder / "pages", folder / "thumbs"):
        shutil.rmtree(left, ignore_errors=True)
    work.mkdir()
    readable = () if elsewhere is None else (elsewhere,)
    missing = confine(folder, readable, memory_bytes=MEMORY_BYTES, cpu_s=CPU_S, file_bytes=FILE_BYTES)
    tell(confined=not missing, missing=missing)
    try:
        prepared = _prepared(folder, work, elsewhere)
        if prepared is None:
            return 1
        draw_thumbnails(prepared, folder / "thumbs", lambda count: tell(drawn=count))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def _prepared(folder: Path, work: Path, elsewhere: Path | None) -> Prepared | None:
    try:
        if elsewhere is None:
            prepared = prepare(folder, work, lambda: tell(state="converting"))
        else:
            prepared = as_it_lies(elsewhere)
    except Refusal as refusal:
        tell(refused=refusal.code, limit=refusal.limit)
        return None
    except MemoryError:
        tell(refused="too_much_memory", limit=MEMORY_BYTES >> 30)
        return None
    except OSError as error:
        full = error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT)
        tell(refused="too_much_output" if full else "damaged", limit=0)
        return None
    tell(ready={"kind": prepared.kind, "pages": prepared.pages, "main": prepared.main.name})
    return prepared


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:3])))
