"""What lies on the lectern: the courseware shown, and the change to another one without a gap.

Opening takes seconds (a PDF's first page, a screen's first picture), so it has a thread of its own: orders
and pictures go on, and the old courseware stays on the LCD until the first page of the new one is there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.capture.opening import open_camera
from pipelines.capture.settings import CameraSettings
from pipelines.channels import Closed, Latest
from pipelines.courseware import limits
from pipelines.courseware.film import Film
from pipelines.courseware.opening import Courseware, open_courseware
from pipelines.courseware.screens.live import Live
from pipelines.courseware.screens.sharing import ScreenShares
from pipelines.ink import SCREEN, PageKey
from pipelines.media import I16, U8, Page, SizeWh, SourceLost, SourceState
from pipelines.orders import BoxServer
from pipelines.reports import FilmStatus
from pipelines.saying import renamed, said
from pipelines.timing import SessionClock

log = logging.getLogger("classroom.studio")

V4L2 = "v4l2:"
_PAGE_S = limits.PDF_PAGE_LIMIT_S + 1.0  # the longest that a page is drawn
_POLL_S = 0.25
_ENDED = 16  # sessions remembered: more than can be on their way at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """path: a file or folder, "demo", "v4l2:/dev/video2" or "x11::0". name: for people; "" is the file's.

    film_s: a film waits at this second; None: it plays.
    """

    path: str
    name: str = ""
    index: int = 0
    film_s: float | None = None


class Lectern:
    """Safe between threads.

    on_rejected: the reason, for the person who ordered a courseware that cannot be opened.
    on_screen: (session, reason) when a shared screen has ended. on_change: another courseware is shown, or
    its film has gone where it was ordered, or is over.
    """

    def __init__(
        self,
        size_wh: SizeWh,
        clock: SessionClock,
        on_rejected: Callable[[str], None],
        on_screen: Callable[[str, str], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._size_wh = size_wh
        self._clock = clock
        self._on_rejected = on_rejected
        self._on_screen = on_screen
        self._on_change = on_change
        self._lock = threading.Lock()
        self._courseware: Courseware | None = None
        self._before: tuple[Page, ...] = ()  # the last page of the courseware before
        self._shown = Wanted("")
        self._screen = ""  # the session whose screen is shown
        self._ended: deque[str] = deque(maxlen=_ENDED)  # sessions, their screens perhaps still on their way
        self._wishes: Latest[Wanted] = Latest()
        self._pending: Wanted | None = None  # the newest wish, until it is shown or rejected
        self._no_courseware = ""
        self._shares: ScreenShares | None = None
        self._thread = threading.Thread(target=self._run, name="opening", daemon=True)
        self._is_closed = False

    def start(self, wanted: Wanted) -> None:
        """Opens the first courseware, here and now; one that cannot be opened leaves its reason."""
        try:
            self._put(self._open(wanted), wanted)
        except SourceLost as lost:
            log.warning("courseware: %s", lost.reason)
            self._no_courseware = lost.reason
        self._thread.start()

    def open(self, wanted: Wanted) -> None:
        """Soon; of several wishes the newest. A bad courseware changes nothing, and on_rejected says why."""
        with self._lock:
            self._wish(wanted)

    def offer_screen(
        self,
        session: str,
        sdp: str,
        answered: Callable[[str, str | None, str], None],
        servers: Sequence[BoxServer] = (),
    ) -> None:
        """A presenter's WHIP offer. Its screen is shown from its first picture on, while it lives."""
        with self._lock:
            if self._is_closed:
                return
            if self._shares is None:
                self._shares = ScreenShares(self._size_wh, self._show_screen, self._end_screen)
        self._shares.offer(session, sdp, answered, servers)

    def end_screen(self, session: str) -> None:
        if self._shares is not None:
            self._shares.end(session)

    @property
    def path(self) -> str:
        """What was opened last, under a shared screen too."""
        return self._shown.path

    @property
    def is_screen(self) -> bool:
        return bool(self._screen)

    @property
    def no_courseware(self) -> str:
        """Why there is none; "" while there is."""
        return self._no_courseware

    @property
    def name(self) -> str:
        courseware = self._courseware
        if courseware is None:
            return ""
        return courseware.name if self._screen else self._shown.name or courseware.name

    @property
    def count(self) -> int:
        courseware = self._courseware
        return 0 if courseware is None else courseware.count

    @property
    def state(self) -> SourceState:
        courseware = self._courseware
        if courseware is None:
            return SourceState("courseware", "lost", self._no_courseware)
        return courseware.state

    @property
    def film(self) -> FilmStatus | None:
        """None while no film is shown."""
        courseware = self._courseware
        return courseware.status if isinstance(courseware, Film) else None

    def page(self) -> Page | None:
        courseware = self._courseware
        return None if courseware is None else courseware.page()

    def shown(self) -> tuple[PageKey, Page] | None:
        """The newest page, and which one it is: told together, so that ink never lands on another page."""
        with self._lock:
            courseware, path = self._courseware, SCREEN if self._screen else self._shown.path
        if courseware is None:
            return None
        page = courseware.page()
        return PageKey(path, page.index), page

    def pages(self) -> tuple[Page, ...]:
        """The pages shown of late, oldest first, across a change of courseware; empty without any."""
        with self._lock:
            courseware, before = self._courseware, self._before
        return () if courseware is None else (*before, *courseware.pages())

    def sound(self, samples: int) -> I16 | None:
        """The courseware's own sound, the next i16 (samples, 2) at 48 kHz; None while it is silent."""
        courseware = self._courseware
        sounding = None if courseware is None else courseware.sounding
        return None if sounding is None else sounding.take(samples)

    def turn(self, step: int, index: int | None) -> None:
        courseware = self._courseware
        if courseware is not None:
            courseware.turn(step, index)

    def set_film(self, is_paused: bool | None, position_s: float | None) -> None:
        """As orders.SetFilm; nothing where no film is shown."""
        courseware = self._courseware
        if isinstance(courseware, Film):
            courseware.order(is_paused, position_s)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        self._wishes.close()
        if self._shares is not None:
            self._shares.close()
        if self._thread.ident is not None:
            self._thread.join(5.0)
        if self._courseware is not None:
            self._courseware.close()

    # -- changing --------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                wanted = self._wishes.take(1.0)
            except Closed:
                return
            if wanted is not None:
                self._change(wanted)

    def _wish(self, wanted: Wanted) -> None:
        """With the lock held."""
        self._pending = wanted
        self._wishes.put(wanted)

    def _change(self, wanted: Wanted) -> None:
        try:
            courseware = self._open(wanted)
            if wanted.index:
                self._turn_to(courseware, wanted.index)
            if wanted.film_s is not None and isinstance(courseware, Film):
                courseware.order(True, wanted.film_s)
            self._put(courseware, wanted)
        except SourceLost as lost:
            self._on_rejected(lost.reason)
        except Exception as error:  # the lesson goes on with what is open, and the next wish may be good
            log.exception("%s could not be opened", wanted.path)
            what = f"{type(error).__name__}: {error}"
            reason = said(
                "courseware_bug",
                "{name} cannot be opened, a bug of the box: {what}",
                name=wanted.name or wanted.path,
                what=what,
            )
            self._on_rejected(reason)
        with self._lock:
            if self._pending is wanted:
                self._pending = None
                if wanted is not self._shown:
                    self._leave_ended()

    def _turn_to(self, courseware: Courseware, index: int) -> None:
        """Waits until the page is drawn: nobody sees the first one meanwhile."""
        courseware.turn(index=index)
        index = min(index, courseware.count - 1)
        give_up_s = time.monotonic() + _PAGE_S
        while (page := courseware.page()).index != index and time.monotonic() < give_up_s:
            if self._is_closed:
                return
            courseware.wait_change(page.revision, _POLL_S)

    def _open(self, wanted: Wanted) -> Courseware:
        """Raises SourceLost, its reason with the name people know instead of the library's path."""
        if wanted.path.startswith(V4L2):
            return open_capture_card(wanted.path, self._size_wh, self._clock)
        try:
            return open_courseware(wanted.path, self._size_wh)
        except SourceLost as lost:
            reason = renamed(lost.reason, wanted.path, wanted.name) if wanted.name else lost.reason
            raise SourceLost(lost.source, reason, retry=lost.retry) from None

    def _put(self, courseware: Courseware, wanted: Wanted | None, session: str = "") -> bool:
        """From here on `courseware` is shown; False where it comes too late for that, and is closed.

        wanted: None for a screen, which lies over what was opened.
        """
        if isinstance(courseware, Film):
            courseware.on_change = self._on_change
        with self._lock:
            is_late = self._is_closed or self._comes_late(wanted, session)
            if is_late:
                old: Courseware | None = courseware
            else:
                old, self._courseware = self._courseware, courseware
                self._before = () if old is None else old.pages()[-1:]
                if wanted is None:
                    if old is not None and not self._screen:
                        film_s = old.status.position_s if isinstance(old, Film) else None
                        self._shown = Wanted(self._shown.path, self._shown.name, old.page().index, film_s)
                else:
                    self._shown = wanted
                self._screen = session
                self._no_courseware = ""
        if old is not None:
            old.close()
        self._on_change()
        return not is_late

    def _comes_late(self, wanted: Wanted | None, session: str) -> bool:
        """A screen that has ended meanwhile, or what lay under one that has been followed by another."""
        if wanted is None:
            return session in self._ended
        return wanted is self._shown and bool(self._screen) and self._screen not in self._ended

    def _show_screen(self, session: str, screen: Live) -> None:
        replaced = self._screen
        if self._put(screen, None, session) and replaced:
            self.end_screen(replaced)

    def _end_screen(self, session: str, reason: str) -> None:
        """What was shown before comes back; until its page is there the screen's last picture stays."""
        self._on_screen(session, reason)
        with self._lock:
            self._ended.append(session)
            self._leave_ended()

    def _leave_ended(self) -> None:
        """With the lock held: what lies under a screen that has ended is opened again, unless another
        courseware is wanted already."""
        if self._screen in self._ended and self._shown.path and self._pending is None:
            self._wish(self._shown)


class _Card:
    """A capture card's pictures for a live courseware, through the cameras' own code."""

    def __init__(self, device: str, size_wh: SizeWh, clock: SessionClock) -> None:
        # The largest picture the card may give: text wants every pixel it has.
        settings = CameraSettings(url=device, width_px=1920, height_px=1080, rate_hz=30, lock_controls=False)
        self._camera = open_camera(settings, clock, lambda: None)

    def read(self, timeout_s: float) -> U8 | None:
        frame = self._camera.read(timeout_s)
        return None if frame is None else frame.rgb

    def close(self) -> None:
        self._camera.close()


def open_capture_card(address: str, size_wh: SizeWh, clock: SessionClock) -> Courseware:
    """address: "v4l2:/dev/video2". Raises SourceLost."""
    device = address.removeprefix(V4L2)
    if not device.startswith("/dev/"):
        reason = said(
            "card_name",
            "{address} names no capture card. Write v4l2:/dev/video2; ls /dev/video* lists them.",
            address=address,
        )
        raise SourceLost("courseware", reason, retry=False)
    return Live(device, "capture card", _Card(device, size_wh, clock), size_wh)
