"""The few seconds in which the LCD shows the pattern: which page when, and what is kept of the pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import cv2
import numpy as np

from pipelines.calibration.delay import Flips, grey_light, next_flip_ns, periods_ns, share_of_new
from pipelines.calibration.pattern import Corners, Pattern
from pipelines.media import F32, I16, U8, Frame, Page
from pipelines.reports import Progress
from pipelines.saying import said
from pipelines.timing import NS_PER_MS, NS_PER_S

SEEN_WITHIN_S = 3.0
SETTLE_S = 1.2  # after the first flip: the longest delay that a display chain is expected to have
MEAN_OF = 8  # pictures
FLIPS = 6
LESSON_PICTURES = 9
STEP_S = 0.2  # between them: somebody who talks moves meanwhile
LESSON_WITHIN_S = 12.0
_READ_S = 0.25
_SHRINK = 4
_LEAST_CORNERS = 8  # four tell a homography, and nothing about their own error
_SPARE_MS = 60.0  # after the delay, until the panel is surely still


class NotMeasured(Exception):
    """The pattern could not be measured; the text says why and how to mend it."""


class Lcd(Protocol):
    def show(self, rgb: U8 | None) -> int:
        """Puts a page on the LCD; None: the lesson again. Returns its shown_ns."""


@dataclass(slots=True, eq=False)
class Sights:
    """What the camera saw. board, inverse, mosaic: f32 (H, W, 3), means in codes. mosaic_sigma: the same for
    the deviation over time. first, last: corners at the beginning and at the end of the measurement.
    """

    board: F32
    inverse: F32
    mosaic: F32
    mosaic_sigma: F32
    first: Corners
    last: Corners
    flips: Flips = field(default_factory=Flips)
    seconds: float = 0.0


def unheard(_progress: Progress) -> None:
    """Nobody wants to know how far it is."""


def measure(
    pattern: Pattern,
    lcd: Lcd,
    read: Callable[[float], Frame | None],
    tell: Callable[[str], None],
    heard: Callable[[Progress], None] = unheard,
) -> Sights:
    """Shows the pattern's pages and watches. read: the camera's next picture; None: not within these seconds.
    heard: called with every picture but those that time a flip; it must return at once.

    Takes about five seconds, and leaves the lesson on the LCD. Raises NotMeasured, and what `read` raises.
    """
    started_ns = time.monotonic_ns()
    try:
        tell(said("step_pattern", "looking for the pattern"))
        watch = _Watch(read, heard)
        lcd.show(pattern.board)
        first = _await_pattern(pattern, watch)
        board, _ = watch.mean(MEAN_OF)
        tell(said("step_delay", "measuring the delay"))
        flips, inverse = _flip(pattern, lcd, watch, board)
        tell(said("step_colours", "measuring colours"))
        delay = flips.delay()
        pause_ms = (delay.ms if delay is not None else SETTLE_S * 1e3) + _SPARE_MS
        lcd.show(pattern.board)
        watch.skip_ms(pause_ms)
        last = pattern.find(watch.mean(4)[0])
        watch.found(pattern, last)
        lcd.show(pattern.mosaic)
        watch.skip_ms(pause_ms)
        mosaic, sigma = watch.mean(MEAN_OF)
    finally:
        lcd.show(None)
    seconds = (time.monotonic_ns() - started_ns) / NS_PER_S
    return Sights(board, inverse, mosaic, sigma, first, last, flips, seconds)


def watch_lesson(
    page: Callable[[], Page | None],
    read: Callable[[float], Frame | None],
    heard: Callable[[Progress], None] = unheard,
) -> tuple[U8, list[U8]]:
    """The page that the LCD shows, and camera pictures of it, STEP_S apart. Takes two seconds and more.

    Raises NotMeasured when there is no page, or when it does not stand still for so long.
    """
    until_ns = time.monotonic_ns() + round(LESSON_WITHIN_S * NS_PER_S)
    watch, seen, pictures = _Watch(read), page(), list[U8]()
    due_ns = time.monotonic_ns() + round(SETTLE_S * NS_PER_S)
    while len(pictures) < LESSON_PICTURES:
        now = page()
        if now is None or seen is None:
            raise NotMeasured(said("calibrate_no_courseware", "there is no courseware: open some"))
        if now.revision != seen.revision:
            # A page turned meanwhile: from the beginning, once the LCD has had the time to show it.
            seen, pictures = now, []
            due_ns = time.monotonic_ns() + round(SETTLE_S * NS_PER_S)
        if time.monotonic_ns() > until_ns:
            raise NotMeasured(
                said(
                    "calibrate_page_moves",
                    "the page moves: stop the film on a picture, or turn pages afterwards",
                )
            )
        frame = watch.next()
        if frame.captured_ns >= due_ns:
            pictures.append(frame.rgb)
            heard(Progress(len(pictures)))
            due_ns = frame.captured_ns + round(STEP_S * NS_PER_S)
    assert seen is not None
    return seen.rgb, pictures


class _Watch:
    """Reads pictures. period_ns, last_ns: of the stamps so far."""

    def __init__(
        self, read: Callable[[float], Frame | None], heard: Callable[[Progress], None] = unheard
    ) -> None:
        self._read, self._heard = read, heard
        self._progress = Progress()
        self.is_timing = False  # nothing is told meanwhile: an instant is measured
        self._stamps: list[int] = []

    @property
    def period_ns(self) -> int:
        return periods_ns(self._stamps[-50:])

    @property
    def last_ns(self) -> int:
        return self._stamps[-1] if self._stamps else time.monotonic_ns()

    def next(self) -> Frame:
        """The next picture. Raises NotMeasured when the camera has stopped."""
        for _ in range(round(SEEN_WITHIN_S / _READ_S)):
            frame = self._read(_READ_S)
            if frame is not None:
                self._stamps.append(frame.captured_ns)
                if not self.is_timing:
                    self.tell()
                return frame
        raise NotMeasured(
            said(
                "calibrate_no_pictures",
                "the camera gives no pictures: see the camera's line in `classroom doctor`",
            )
        )

    def tell(self) -> None:
        """How far it is."""
        self._progress = replace(self._progress, views=len(self._stamps))
        self._heard(self._progress)

    def found(self, pattern: Pattern, corners: Corners) -> None:
        """Notes what was found in the newest picture. The residual is a flat screen's, without the lens."""
        residual_px = None
        if len(corners.ids) >= _LEAST_CORNERS:
            page = pattern.page_xy(corners.ids)
            flat, _ = cv2.findHomography(page, corners.camera_xy, 0)
            if flat is not None:
                seen = cv2.perspectiveTransform(page[None].astype(np.float64), flat)[0]
                residual_px = float(np.sqrt(np.square(seen - corners.camera_xy).sum(axis=1).mean()))
        self._progress = replace(self._progress, points=len(corners.ids), residual_px=residual_px)
        self.tell()

    def until_ns(self, instant_ns: int) -> list[Frame]:
        """Pictures taken up to an instant, and the first one after it."""
        frames = [self.next()]
        while frames[-1].captured_ns < instant_ns:
            frames.append(self.next())
        return frames

    def skip_ms(self, ms: float) -> None:
        """Passes over the pictures that are taken before so much time has gone by."""
        until_ns = time.monotonic_ns() + round(ms * NS_PER_MS)
        while self.next().captured_ns < until_ns:
            pass

    def mean(self, count: int) -> tuple[F32, F32]:
        """Mean and standard deviation over time of the next pictures, f32 (H, W, 3) each, in codes."""
        first = self.next().rgb
        base: I16 = first.astype(np.int16)
        total = np.zeros(first.shape, np.float32)
        squares = np.zeros(first.shape, np.float32)
        for _ in range(count - 1):
            off = cv2.subtract(self.next().rgb.astype(np.int16), base).astype(np.float32)
            total += off
            squares += off * off
        mean = total / np.float32(count)
        variance = (squares / np.float32(count) - mean * mean) * np.float32(count / max(count - 1, 1))
        return base + mean, np.sqrt(np.maximum(variance, 0))


def _await_pattern(pattern: Pattern, watch: _Watch) -> Corners:
    """The pattern's corners as soon as they are in sight."""
    best = Corners(np.zeros(0, np.intp), np.zeros((0, 2)), 0.0)
    until_ns = time.monotonic_ns() + round(SEEN_WITHIN_S * NS_PER_S)
    while time.monotonic_ns() < until_ns:
        found = pattern.find(watch.next().rgb)
        watch.found(pattern, found)
        # Once more after the first sight: the LCD may have been in the middle of its change.
        if len(best.ids) and len(found.ids) >= 0.9 * len(best.ids):
            return found
        if len(found.ids) > len(best.ids):
            best = found
    if len(best.ids) == 0:
        raise NotMeasured(
            said(
                "calibrate_no_pattern",
                "the camera does not see the pattern: is the LCD on, does it show this box's page, and does "
                "the camera see all of it, in focus? If the LCD shows another computer's screen, calibrate "
                "from the courseware",
            )
        )
    return best


def _flip(pattern: Pattern, lcd: Lcd, watch: _Watch, board: F32) -> tuple[Flips, F32]:
    """Turns between the board and its inverse, each time so that a picture falls on the unknown instant."""
    flips = Flips()
    shown_ns = lcd.show(pattern.inverse)
    frames = watch.until_ns(shown_ns + round(SETTLE_S * NS_PER_S))
    inverse, _ = watch.mean(MEAN_OF)
    codes = [np.asarray(np.clip(mean, 0, 255), np.uint8) for mean in (board, inverse)]
    lights = [grey_light(rgb, _SHRINK) for rgb in codes]
    if share_of_new(lights[0], *lights) is None:
        raise NotMeasured(
            said(
                "calibrate_too_light",
                "the pattern hardly changes the camera's picture: too much light on the LCD?",
            )
        )
    _note(flips, frames, shown_ns, lights[0], lights[1])
    for number in range(FLIPS):
        page, old, new = (
            (pattern.board, lights[1], lights[0])
            if number % 2 == 0
            else (pattern.inverse, lights[0], lights[1])
        )
        low, high = flips.bounds_ms()
        now_ns = time.monotonic_ns()
        due_ns = next_flip_ns(now_ns + 5 * NS_PER_MS, watch.last_ns, watch.period_ns, (low, high))
        time.sleep(max(due_ns - time.monotonic_ns(), 0) / NS_PER_S)
        watch.is_timing = True
        shown_ns = lcd.show(page)
        after_ns = shown_ns + round((high + _SPARE_MS) * NS_PER_MS)
        _note(flips, watch.until_ns(after_ns), shown_ns, old, new)
        watch.is_timing = False
        watch.tell()
    return flips, inverse


def _note(flips: Flips, frames: list[Frame], shown_ns: int, old: F32, new: F32) -> None:
    for frame in frames:
        share = share_of_new(grey_light(frame.rgb, _SHRINK), old, new)
        if share is not None:
            flips.add((frame.captured_ns - shown_ns) / NS_PER_MS, share)
