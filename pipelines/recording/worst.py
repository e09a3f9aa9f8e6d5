"""WorstMattes: the moments of a recorded lesson whose mattes were worst, by the box's own score."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.media import PTS_HZ, Matte
from pipelines.recording.stills import coded, whole_alpha
from pipelines.recording.worst_files import SPACING_S, WorstFolder, WorstMoment, displaced, worst_folders

log = logging.getLogger(__name__)

_JPEG_QUALITY = 95  # whoever learns from it shall not learn JPEG's own errors
_ANY = 2.0  # above every score
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """A moment in memory. window: number of the SPACING_S that it lies in."""

    matte: Matte
    moment: WorstMoment
    window: int


class WorstMattes:
    """Keeps nothing until `keep_for`. folder: of the recordings. most: so many of each recording.

    `see` is for the mattes' thread and `keep_for` for any: neither waits for the disk. A thread of its own
    codes and writes one moment at a time; what comes meanwhile is left out, and counted.
    page: the index of the page shown. now_s: since 1970.
    """

    def __init__(
        self,
        folder: Path,
        most: int,
        keep_free_bytes: int,
        page: Callable[[], int],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.kept = self.left_out = 0  # of the recording; kept counts those displaced later too
        self._folder, self._most, self._keep_free_bytes = folder, most, keep_free_bytes
        self._page, self._now_s = page, now_s
        self._changed = threading.Condition()
        self._item_id = ""
        self._bar = _ANY  # scores from here on are not bad enough
        self._worst: _Seen | None = None  # of the window that is not over
        self._waiting: _Seen | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="worst mattes", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Is no moment being judged or written?"""
        return self._waiting is None

    def keep_for(self, item_id: str) -> None:
        """The file of the recording that is being written from now on; "": nothing more is kept, at once."""
        with self._changed:
            before, self._item_id = self._item_id, item_id
            if _recording(before) == _recording(item_id):
                return
            self._worst = self._waiting = None
            self._bar = _ANY
            counts = self.kept, self.left_out
            self.kept = self.left_out = 0
        if before:
            log.info("worst mattes of the recording: %d kept, %d left out", *counts)

    def see(self, matte: Matte, score: float | None, trust: float) -> None:
        """A matte was made. score: None where nothing can be said. Takes microseconds."""
        if not self._item_id:
            return
        now_s = self._now_s()
        window = int(now_s // SPACING_S)
        with self._changed:
            worst = self._worst
            if worst is not None and worst.window != window:
                self._hand_over(worst)
                worst = self._worst = None
            bar = self._bar if worst is None else min(self._bar, worst.moment.score)
            if not self._item_id or score is None or score >= bar:
                return
            age_ms = matte.carried_pts * 1000 / PTS_HZ
            # As in the file's name: two that are equal there are equal.
            moment = WorstMoment(
                round(score, 3), matte.pts, round(now_s, 3), self._page(), round(trust, 3), round(age_ms, 1)
            )
            self._worst = _Seen(matte, moment, window)

    def close(self) -> None:
        """Nothing more is kept. Waits for what is being written, but not for a disk that hangs."""
        self.keep_for("")
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(_PATIENCE_S)

    def _hand_over(self, seen: _Seen) -> None:
        if self._waiting is not None:
            self.left_out += 1
            return
        self._waiting = seen
        self._changed.notify()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            seen, item_id = taken
            try:
                is_done = self._judge(seen, item_id)
            except OSError as error:
                log.warning("a matte cannot be kept: %s", error.strerror)
                is_done = False
            with self._changed:
                if self._waiting is seen:
                    self._waiting = None
                self.left_out += not is_done

    def _take(self) -> tuple[_Seen, str] | None:
        """What waits, and for which file; it goes on waiting until it is written. None: it is over."""
        with self._changed:
            while self._waiting is None and not self._is_closed:
                self._changed.wait()
            return None if self._waiting is None else (self._waiting, self._item_id)

    def _judge(self, seen: _Seen, item_id: str) -> bool:
        """Keeps the moment if it belongs to the worst; False where it does and there is no room. The disk is
        read each time: older files of the recording may have been deleted. Raises OSError."""
        folders = {one: WorstFolder(self._folder, one) for one in self._ids(item_id)}
        kept = {moment: folder for folder in folders.values() for moment in folder.moments()}
        gone = displaced(list(kept), seen.moment, self._most)
        if gone is not None:
            if shutil.disk_usage(self._folder).free <= self._keep_free_bytes:
                return False
            jpeg = coded(seen.matte.frame.rgb, ".jpg", _JPEG_QUALITY)
            png = coded(whole_alpha(seen.matte), ".png")
            if self._item_id != item_id:  # ended meanwhile
                return True
            folders[item_id].keep(seen.moment, jpeg, png)
            for moment in gone:
                kept.pop(moment).drop(moment)
            kept[seen.moment] = folders[item_id]
        with self._changed:
            self.kept += gone is not None
            if _recording(self._item_id) == _recording(item_id):
                self._bar = max(one.score for one in kept) if len(kept) >= self._most else _ANY
        return True

    def _ids(self, item_id: str) -> list[str]:
        """All files of this recording, this one included."""
        return sorted({item_id, *worst_folders(self._folder, f"{_recording(item_id)}-*")})


def _recording(item_id: str) -> str:
    """What the files of one recording have in common: see recording.storing.ITEM_ID."""
    return item_id.rpartition("-")[0]
