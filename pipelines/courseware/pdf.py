"""Pages of a PDF, drawn by a confined process of its own: see pdf_worker.py."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from pipelines.courseware import limits
from pipelines.courseware.faults import BadPage, refused
from pipelines.courseware.fitting import centred
from pipelines.media import U8, SizeWh
from pipelines.saying import said

_WORKER = Path(__file__).with_name("pdf_worker.py")


class _WorkerEnded(Exception):
    """The process has gone. `reason`: the end of a sentence that begins with what it was doing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PdfPages:
    """Satisfies Pages. Text is drawn at the page's final size, with grey edges, never resized."""

    kind = "pdf"

    def __init__(
        self,
        path: Path,
        *,
        open_limit_s: float = limits.PDF_OPEN_LIMIT_S,
        page_limit_s: float = limits.PDF_PAGE_LIMIT_S,
        memory_bytes: int = limits.PDF_MEMORY_BYTES,
    ) -> None:
        """Raises SourceLost if the file is encrypted, damaged, or beyond the limits."""
        self.name = path.name
        self._path = path
        self._page_limit_s = page_limit_s
        self._open_limit_s = open_limit_s
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._aborted = False
        self._worker: subprocess.Popen[bytes] | None = None
        size = path.stat().st_size
        if size > limits.MAX_PDF_BYTES:
            raise refused(
                said(
                    "pdf_too_large",
                    "{path} is {size_mb} MB; a PDF may have {most_mb} MB. "
                    "Export it again with smaller pictures, or split it.",
                    path=path,
                    size_mb=size // 1000000,
                    most_mb=limits.MAX_PDF_BYTES // 1000000,
                )
            )
        try:
            self.count = self._start()
        except _WorkerEnded as ended:
            self.close()
            raise refused(
                said(
                    "pdf_ended",
                    "{path}: the PDF {reason}. Print it to a new PDF and try that.",
                    path=path,
                    reason=ended.reason,
                )
            ) from None
        if not 0 < self.count <= limits.MAX_PAGES:
            self.close()
            raise refused(
                said(
                    "pdf_pages",
                    "{path} has {count} pages; a PDF may have 1 to {max_pages}. Split it.",
                    path=path,
                    count=self.count,
                    max_pages=limits.MAX_PAGES,
                )
            )

    def draw(self, index: int, size_wh: SizeWh) -> U8:
        try:
            if self._worker is None:
                self._start()
            return self._draw(index, size_wh)
        except _WorkerEnded as ended:
            self._reap()
            raise BadPage(
                said(
                    "pdf_page_ended",
                    "{name}, page {page}: the page {reason}.",
                    name=self.name,
                    page=index + 1,
                    reason=ended.reason,
                )
            ) from None

    def abort(self) -> None:
        with self._lock:
            self._aborted = True
            if self._worker is not None:
                self._worker.kill()

    def close(self) -> None:
        self.abort()
        self._reap()

    def _start(self) -> int:
        """Starts the process and returns the count of pages. Raises _WorkerEnded, or SourceLost if locked."""
        limits_given = str(self._memory_bytes), str(self._open_limit_s)
        with self._lock:
            if self._aborted:
                raise _WorkerEnded(said("pdf_closed", "was closed"))
            # -I: neither the surroundings nor the current folder decide what it imports.
            self._worker = subprocess.Popen(
                [sys.executable, "-I", str(_WORKER), str(self._path), *limits_given],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # None of the box's own environment: its tokens may stand there.
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            )
        answer = self._answer(self._open_limit_s)
        if answer.get("error") == "locked":
            self.close()
            raise refused(
                said(
                    "pdf_locked",
                    "{path} is locked with a password. Open it in a PDF reader, save or print it "
                    "without the password, and choose that file.",
                    path=self._path,
                )
            )
        if "count" not in answer:
            raise _WorkerEnded(said("pdf_damaged", "is damaged and cannot be read"))
        return int(answer["count"])

    def _draw(self, index: int, size_wh: SizeWh) -> U8:
        worker = self._worker
        assert worker is not None and worker.stdin is not None and worker.stdout is not None
        try:
            worker.stdin.write(f"{index} {size_wh[0]} {size_wh[1]} {self._page_limit_s}\n".encode())
            worker.stdin.flush()
        except OSError:
            raise self._ended(self._page_limit_s) from None
        answer = self._answer(self._page_limit_s)
        if "error" in answer:
            raise BadPage(
                said(
                    "pdf_page_damaged",
                    "{name}, page {page}: this page of the PDF is damaged.",
                    name=self.name,
                    page=index + 1,
                )
            )
        w, h = int(answer["width"]), int(answer["height"])
        rgb = worker.stdout.read(w * h * 3)
        if len(rgb) < w * h * 3:
            raise self._ended(self._page_limit_s)
        return centred(np.frombuffer(rgb, np.uint8).reshape(h, w, 3), size_wh)

    def _answer(self, limit_s: float) -> dict[str, str | int]:
        """The next line of the process. It always comes, or ends: the process lives under an alarm clock."""
        worker = self._worker
        assert worker is not None and worker.stdout is not None
        line = worker.stdout.readline()
        if not line:
            raise self._ended(limit_s)
        answer: dict[str, str | int] = json.loads(line)
        return answer

    def _ended(self, limit_s: float) -> _WorkerEnded:
        assert self._worker is not None
        code = self._worker.wait()
        if code == -signal.SIGALRM:
            return _WorkerEnded(said("pdf_slow", "takes longer than {limit_s:g} s", limit_s=limit_s))
        if code == -signal.SIGKILL and self._aborted:
            return _WorkerEnded(said("pdf_closed", "was closed"))
        return _WorkerEnded(
            said(
                "pdf_breaks",
                "breaks the PDF reader, or needs more than {memory_mb} MiB of memory",
                memory_mb=self._memory_bytes >> 20,
            )
        )

    def _reap(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # what was left to write has nobody to read it
                    continue
