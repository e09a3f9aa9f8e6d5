"""Calibrates while the lesson goes on: the LCD shows the pattern for some seconds, the viewers do not.

A thread of its own measures and solves. What is accepted is stored, and used from the next picture on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines.alignment import Calibration
from pipelines.calibration.from_courseware import from_courseware
from pipelines.calibration.measuring import NotMeasured, measure, watch_lesson
from pipelines.calibration.outcome import Outcome, from_pattern
from pipelines.calibration.pattern import Pattern
from pipelines.calibration.report import Report, sentence
from pipelines.calibration.storing import CalibrationDamaged, StoredCalibration, forget, load_stored, store
from pipelines.channels import Closed, Latest
from pipelines.lcd.lcd import Lcd
from pipelines.media import F32, U8, Delay, Frame, Page, SizeWh
from pipelines.orders import CalibrationKind, CornerShares
from pipelines.reports import CalibrationNews, CalibrationStatus, Progress
from pipelines.saying import after_each_other, reason_of, said
from pipelines.studio.calibration import (
    CalibrationRefused,
    check_is_used,
    corners_from_shares,
    from_corners,
)
from pipelines.studio.settings import CalibrationSource
from pipelines.timing import NS_PER_S

log = logging.getLogger("classroom.studio")

RISE_MS = 20.0  # of a page's light: an exposure in a lit room; page turns tell it better
PROGRESS_EVERY_NS = NS_PER_S // 3
_ON_LCD_S = 1.0  # the longest that a page of the pattern is waited for
TAIL_NS = NS_PER_S // 2  # after the pattern: until camera and LCD show the lesson again


class Calibrating:
    """What the studio knows of the LCD's place by measuring. Any thread may call it.

    path: where to store it, or None. corners: the settings', f32 (4, 2), or None: where a calibration from
    the courseware begins; replaced when the camera is turned. source: the setting; anything but "auto" uses
    nothing that is measured. page: the lesson's newest. lcd: gives who shows `lcd_page`. send: news for the
    gateway. version grows with every change of `calibration`. shares: corners that a
    person gave in the console, or None.
    """

    def __init__(
        self,
        path: Path | None,
        corners: F32 | None,
        page_wh: SizeWh,
        page: Callable[[], Page | None],
        lcd: Callable[[], Lcd],
        send: Callable[[CalibrationNews], None],
        source: CalibrationSource = "auto",
    ) -> None:
        self.version = 0
        self.shares: CornerShares | None = None
        self.corners, self._source = corners, source
        self._path, self._page_wh = path, page_wh
        self._page, self._lcd_of, self._send = page, lcd, send
        self._frames: Latest[Frame] = Latest()
        self._lcd: Page | None = None  # the pattern's page, while there is one
        self._lesson: tuple[Page, Page] | None = None  # as it came, and as the LCD shows it after the pattern
        self._shown = 0
        self._released_ns = 0
        self._running = threading.Lock()
        self._changing = threading.Lock()  # what is stored, here and on the disk, and its version
        self._stored: StoredCalibration | None = None
        self._load()

    # -- for the studio ---------------------------------------------------------------------------

    def stored_for(self, camera_wh: SizeWh) -> Calibration | None:
        """The measured calibration, if it is of pictures of this shape."""
        stored = self._stored
        return None if stored is None or not stored.fits(camera_wh) else stored.calibration()

    @property
    def newest(self) -> Calibration | None:
        """What was measured last and is in use."""
        return None if self._stored is None else self._stored.calibration()

    @property
    def delay(self) -> Delay | None:
        """From a page to the camera, as measured; None where it was not."""
        report = None if self._stored is None else self._stored.report
        if report is None or report.delay_ms is None or report.delay_sigma_ms is None:
            return None
        return Delay(report.delay_ms, report.delay_sigma_ms, RISE_MS)

    def lcd_page(self) -> Page | None:
        """What the LCD shows: the pattern, or the lesson."""
        pattern, page = self._lcd, self._page()
        if pattern is not None or page is None or page.shown_ns >= self._released_ns:
            return pattern or page
        # The lesson was not on the LCD meanwhile: it is shown anew.
        if self._lesson is None or self._lesson[0] is not page:
            self._lesson = (page, replace(page, shown_ns=self._released_ns))
        return self._lesson[1]

    def keeps(self, frame: Frame) -> bool:
        """Takes note of a camera picture. True while it may show the pattern: it is not for viewers."""
        if self._running.locked():
            self._frames.put(frame)
        return self._lcd is not None or frame.captured_ns < self._released_ns + TAIL_NS

    def status(self, calibration: Calibration | None) -> CalibrationStatus | None:
        """Of the calibration in use."""
        stored = self._stored
        if calibration is None or stored is None or calibration.source != stored.source:
            return None if calibration is None else CalibrationStatus(calibration.source)
        report = stored.report
        age = datetime.now(UTC) - datetime.fromisoformat(report.made_at)
        return CalibrationStatus(
            stored.source, report.rms_px, report.angle_deg, report.delay_ms, max(age.total_seconds(), 0.0)
        )

    def close(self) -> None:
        self._frames.close()

    # -- orders -----------------------------------------------------------------------------------

    def start(self, kind: CalibrationKind) -> None:
        """Begins, in a thread; nothing happens while another one runs."""
        try:
            check_is_used(self._source)
        except CalibrationRefused as refusal:
            self._send(CalibrationNews("refused", kind, reason=reason_of(refusal)))
            return
        if not self._running.acquire(blocking=False):
            return
        self._send(CalibrationNews("running", kind))
        began = kind, self.version
        threading.Thread(target=self._run, args=began, name="calibrating", daemon=True).start()

    def forget(self) -> None:
        """Removes what was stored; the settings decide from the next picture on."""
        with self._changing:
            remains = self._forget_stored()
            self.version += 1
        self._send(CalibrationNews("none", reason=remains))

    def use_corners(self, shares: CornerShares | None, *, is_fallback: bool = False) -> None:
        """A person's corners take the place of what was stored; None: back to the settings' own.

        is_fallback: they leave what was stored, which wins over them.
        """
        if shares is None:
            with self._changing:
                self.shares = None
                self.version += 1
            return
        try:
            corners_from_shares(shares, self._page_wh)
        except CalibrationRefused as refusal:
            self.refuse(refusal)
            return
        with self._changing:
            remains = "" if is_fallback else self._forget_stored()
            self.shares = shares
            self.version += 1
            is_used = self._stored is None or self._source != "auto"
        if is_used:
            self._send(CalibrationNews("accepted", reason=remains))

    def _forget_stored(self) -> str:
        """With _changing held. Why the file remains; "" where it does not."""
        self._stored = None
        if self._path is None:
            return ""
        try:
            forget(self._path)
        except OSError as error:
            log.warning("%s remains: %s", self._path, error)
            return said(
                "file_remains",
                "{path} cannot be removed ({why}): it is in use again after the next start.",
                path=str(self._path),
                why=error.strerror,
            )
        return ""

    def refuse(self, refusal: CalibrationRefused) -> None:
        """Tells why what was given says nothing of the LCD's place."""
        self._send(CalibrationNews("refused", reason=reason_of(refusal)))

    def show(self, rgb: U8 | None) -> int:
        """Lcd: a page of the pattern, which is waited for, or the lesson again."""
        now_ns = time.monotonic_ns()
        self._shown += 1
        # Revisions below zero: never those of a lesson's page.
        pattern = None if rgb is None else Page(rgb, -self._shown, now_ns)
        self._lcd, self._released_ns = pattern, now_ns
        if pattern is None:
            return now_ns
        self._released_ns = self._lcd_of().shown_ns(pattern, _ON_LCD_S)
        return self._released_ns

    # -- its own thread ---------------------------------------------------------------------------

    def _run(self, kind: CalibrationKind, version: int) -> None:
        note: str = ""
        if kind == "pattern" and not self._lcd_of().is_driven:
            kind, note = (
                "courseware",
                said(
                    "lcd_not_driven",
                    "The box draws on no LCD (setting lcd.screen), or not now: no pattern was shown.",
                ),
            )
        try:
            news = self._take(kind, self._measure(kind), note, version)
        except Closed:
            return
        except NotMeasured as error:
            news = CalibrationNews("failed", kind, reason=after_each_other(note, reason_of(error)))
        except Exception as error:
            log.exception("the calibration failed")
            news = CalibrationNews(
                "failed",
                kind,
                reason=said(
                    "calibrate_bug", "a bug of the box: {what}", what=f"{type(error).__name__}: {error}"
                ),
            )
        finally:
            self._running.release()
        # After the release: whoever reads the news may begin another one at once.
        self._send(news)

    def _measure(self, kind: CalibrationKind) -> Outcome:
        told, told_ns = CalibrationNews("running", kind), 0

        def tell(step: str) -> None:
            nonlocal told
            told = replace(told, step=step)
            self._send(told)

        def heard(progress: Progress) -> None:
            nonlocal told, told_ns
            told, now_ns = replace(told, progress=progress), time.monotonic_ns()
            if now_ns - told_ns > PROGRESS_EVERY_NS:
                told_ns = now_ns
                self._send(told)

        if kind == "courseware":
            tell(said("step_page", "looking at the lesson's page"))
            page_rgb, pictures = watch_lesson(self._page, self._frames.take, heard)
            tell(said("step_solving", "solving"))
            return from_courseware(page_rgb, pictures, self._rough(pictures[0]), heard)
        pattern = Pattern(self._page_wh)
        sights = measure(pattern, self, self._frames.take, tell, heard)
        tell(said("step_solving", "solving"))
        return from_pattern(sights, pattern)

    def _rough(self, picture: U8) -> Calibration | None:
        size_wh = picture.shape[1], picture.shape[0]
        if self.shares is not None:
            return from_corners(corners_from_shares(self.shares, size_wh), size_wh)
        return None if self.corners is None else from_corners(self.corners, size_wh)

    def _take(self, kind: CalibrationKind, outcome: Outcome, note: str, version: int) -> CalibrationNews:
        """Uses and stores what is good enough, and says how it went. version: when it began."""
        report, picture = self._with_delay(outcome.report), outcome.picture
        if report.is_refused:
            bad = [sentence(found) for found in report.findings if found.verdict == "refused"]
            reason = after_each_other(note, *bad)
            return CalibrationNews("refused", kind, "", reason, report.model_dump(mode="json"), picture)
        with self._changing:
            if self.version != version:  # of a camera that was turned, or what a person put aside
                changed = said("calibrate_changed", "Something else was ordered meanwhile: calibrate again.")
                return CalibrationNews("failed", kind, reason=changed)
            self._stored = StoredCalibration.of(outcome.calibration, report)
            self.version += 1
            note = after_each_other(note, self._store(self._stored))
        return CalibrationNews("accepted", kind, "", note, report.model_dump(mode="json"), picture)

    def _store(self, stored: StoredCalibration) -> str:
        """Why it could not be; "" where it could."""
        if self._path is None:
            return ""
        try:
            store(self._path, stored)
        except OSError as error:
            return said(
                "calibration_not_stored",
                "It could not be stored ({why}): it is lost at the next start.",
                why=str(error),
            )
        return ""

    def _with_delay(self, report: Report) -> Report:
        """Display and camera are still the same ones: the courseware leaves a measured delay as it was."""
        before = None if self._stored is None else self._stored.report
        if before is None or report.delay_ms is not None:
            return report
        known = {"delay_ms": before.delay_ms, "delay_sigma_ms": before.delay_sigma_ms}
        return report.model_copy(update=known)

    def _load(self) -> None:
        """What an earlier day stored. A damaged file is told and left alone."""
        if self._path is None:
            return
        try:
            self._stored = load_stored(self._path)
        except CalibrationDamaged as error:
            log.warning("%s", error)
            self._send(CalibrationNews("failed", reason=reason_of(error)))
            return
        if self._stored is not None and self._source == "auto":
            report = self._stored.report
            self._send(CalibrationNews("stored", report.kind, report=report.model_dump(mode="json")))
