"""The gateway between studio, viewers and the API: pictures go out through it, and orders in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from appliance.calibrations import Calibrations
from appliance.captions import Captions
from appliance.changes import Changes
from appliance.desk import Desk
from appliance.holding import Hold, Holding
from appliance.ink_keeper import InkKeeper
from appliance.library import Library, Preparer
from appliance.notices import Notices
from appliance.offered_sessions import OfferedSessions, StudioBusy
from appliance.on_air import SLATE_EVERY_S, OnAir
from appliance.outlets import Outlets
from appliance.pictures import Pictures
from appliance.restarts import FORGOTTEN
from appliance.settings import Settings
from appliance.sheets import SheetFeed
from appliance.shelf_pictures import ShelfPictures
from appliance.studio_life import StudioLife
from appliance.talk import Talk
from pipelines.broadcast import Broadcast
from pipelines.compositing.slate import paused, restarting, starting
from pipelines.media import MINUS_SOUND, VOICE_SOUND, Layout, Packet, Scene, SheetUpdate
from pipelines.orders import (
    DrawStroke,
    EndScreen,
    OfferScreen,
    OpenCourseware,
    Order,
    PointAt,
    SetFilm,
    SetInk,
    SetScene,
    TurnPage,
    WatchLayers,
    WatchSheets,
)
from pipelines.reports import (
    CalibrationNews,
    CameraPicture,
    Fatal,
    FilmStatus,
    PictureTaken,
    Rejected,
    Report,
    SoundLevels,
    Started,
    StudioStatus,
    UprightFound,
)
from pipelines.saying import said
from pipelines.studio.settings import StudioSettings
from pipelines.timing import SessionClock

log = logging.getLogger("classroom.daemon")


class NoFilm(Exception):
    """No film is shown."""


class Gateway:
    """Lives in the event loop. studio: the one that works for it, `studio_life.Owner`."""

    def __init__(self, settings: Settings, entry: str, on_ready: Callable[[], None]) -> None:
        self.settings = settings
        self.scene = Scene(layout=settings.programme.layout, text_fade=settings.programme.text_fade)
        self.status: StudioStatus | None = None
        self.notices = Notices()
        self.levels: SoundLevels | None = None  # None while no studio tells
        self.pulse = Changes()  # the levels as well: five times a second, too often for everybody
        self.changes = Changes(wider=self.pulse)
        self._tell = self.changes.tell
        self._clock = SessionClock.start()
        self.studio = StudioLife(entry, self._clock.zero_ns, self, self._tell)
        self.broadcast = Broadcast(
            settings.broadcast,
            self.studio.request_key,
            on_watched=self._watch,
            full_chroma=settings.encoding.sharp,
            layer_bps=settings.encoding.layer_bps,
        )
        self.outlets = Outlets(settings, self.studio.request_key, self._outlets_changed, self.notify)
        self.on_air = OnAir(settings.programme.size_wh, self._clock, self._publish, self.studio.request_key)
        self.sheets = SheetFeed(self._watch_sheets)
        self._holding = Holding()
        self._on_ready = on_ready
        self._courseware = settings.courseware.path
        self._courseware_name = ""
        servers = self.broadcast.servers_of_box
        self.screens = OfferedSessions(self._order, OfferScreen, EndScreen, servers)
        self.pictures = Pictures(self._order)
        self._page_index = 0
        self._film: FilmStatus | None = None  # for a studio that begins anew
        self._is_closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.library = Library(settings.box.library_path, settings.library, self._tell)
        self.preparer = Preparer(self.library, self.notify)
        self.shelf_pictures = ShelfPictures(settings.box.shelf_pictures_path, self.spawn)
        self.captions = Captions(self.changes, self.library, self.notify)
        self.desk = Desk(settings.box.state_path, settings.camera.upright, self._tell)
        self._ink = InkKeeper(self.desk, self.notify)
        self.talk = Talk(self.desk, self.broadcast, self._order, self._tell)
        self.calibrations = Calibrations(self.desk, self._order, self.notify)
        self.on_air.curtain(self.desk.panic.is_on)
        self.outlets.curtain(self.desk.panic.is_on)

    def start(self) -> None:
        self.studio.start()
        self.spawn(self.outlets.start())
        self.spawn(self._hold_picture())
        self.spawn(self.preparer.run())
        self.spawn(self.captions.run())
        self.spawn(self.on_air.prepare(paused()))
        self.spawn(self._ink.run())

    async def close(self) -> None:
        """Ends viewers and studio, within the bounds of StudioChild.stop."""
        self._is_closing = True
        self._tell()
        for task in list(self._tasks):
            task.cancel()
        ends = [asyncio.wait_for(outlet.close(), 2.0) for outlet in (self.broadcast, self.outlets)]
        ends.append(self.studio.stop())
        for outcome in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.warning("while closing: %r", outcome)
        self._ink.close()

    # What the assistant orders ------------------------------------------------------------------

    def set_scene(self, **changes: Any) -> Scene:
        """The scene with these fields changed, numbered anew; transition_ms: for once. Raises StudioBusy."""
        scene = replace(self.scene, **{"transition_ms": None, **changes}, number=self.scene.number + 1)
        self._order(SetScene(scene))
        self.scene = scene
        self._tell()
        return scene

    async def panic(self, is_on: bool) -> None:
        """On: the slate at once, and nothing of camera or microphone goes out or is kept, until it is called
        off. It needs no studio, and outlives a restart of the box."""
        if is_on == self.is_panic:
            return
        self.desk.panic.set(is_on)
        self.on_air.curtain(is_on)
        self.outlets.curtain(is_on)
        self._hide_sheets(is_on)
        self.talk.panicked()
        self.desk.note("panic" if is_on else "panic_over")
        if is_on:
            await self.on_air.hold(paused())

    def _hide_sheets(self, is_on: bool) -> None:
        """Before the slate goes out: whoever has the lesson in parts would wait for their next key frame."""
        if is_on:
            self.sheets.reset()
        self._allow_parts()
        self._watch_sheets(self.sheets.is_wanted)

    @property
    def is_panic(self) -> bool:
        return self.on_air.is_curtained

    def turn_page(self, step: int = 0, index: int | None = None) -> None:
        """Raises StudioBusy."""
        self._order(TurnPage(step, index))

    def set_film(self, is_paused: bool | None, position_s: float | None) -> None:
        """As orders.SetFilm. Raises StudioBusy, NoFilm."""
        if self.status is None or self.status.film is None:
            raise NoFilm
        self._order(SetFilm(is_paused, position_s))

    def open_courseware(self, path: str, name: str = "") -> None:
        """Raises StudioBusy. Whether it opens shows in the status, or as a notice. name: for people."""
        self._order(OpenCourseware(path, name))
        self._courseware, self._courseware_name = path, name
        self._page_index, self._film = 0, None
        self._tell()

    def order_ink(self, order: DrawStroke | SetInk | PointAt | None) -> None:
        """None: nothing has changed. What a studio that is not up cannot take is sent to the next one."""
        if order is not None:
            with contextlib.suppress(StudioBusy):
                self._order(order)
            self._tell()

    @property
    def courseware(self) -> str:
        """What was opened last: as in the settings, or as ordered."""
        return self._courseware

    # What everyone may know ---------------------------------------------------------------------

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    @property
    def is_live(self) -> bool:
        """Do the viewers see the studio's pictures?"""
        return self.studio.state == "live" and self.on_air.is_live

    def look_at_hold(self) -> Hold | None:
        """Why viewers see a slate, None while they see the lesson. Called each second, to know when."""
        if self.is_panic:
            return self._holding.see("paused", since_s=self.desk.panic.since_s)
        if not self.is_live:
            return self._holding.see("starting" if self.studio.state == "starting" else "restarting")
        is_slate = self.scene.layout is Layout.SLATE
        return self._holding.see("slate" if is_slate else None, self.scene.slate_text)

    # What the studio asks and tells (studio_life.Owner) -----------------------------------------

    def studio_settings(self) -> StudioSettings:
        studio = self.settings.studio()
        return studio.model_copy(
            update={
                "camera": self.calibrations.mounted(studio.camera),
                "courseware": studio.courseware.model_copy(update={"path": self._courseware}),
                "courseware_name": self._courseware_name,
                # The layout not only as an order: where a slate is wanted, not one other picture may go out.
                "programme": studio.programme.model_copy(update={"layout": self.scene.layout}),
                "recording": studio.recording.model_copy(
                    update={"raw": studio.recording.raw and not self.is_panic}
                ),
            }
        )

    def studio_started(self) -> None:
        self._outlets_changed()
        if self.sheets.is_wanted:
            self._watch_sheets(True)
        if self.scene.number:
            self.studio.send(SetScene(self.scene))
        if self._page_index:
            self.studio.send(TurnPage(index=self._page_index))
        if self._film is not None:
            self.studio.send(SetFilm(self._film.state != "playing", self._film.position_s))
        self.calibrations.studio_starts(self.studio.send)
        for ink in self.desk.sketchbook.orders():
            self.studio.send(ink)

    def studio_reported(self, report: Report) -> None:
        match report:
            case Packet():
                was_live = self.on_air.is_live
                self.on_air.put(report)
                if self.on_air.is_live != was_live:
                    self._tell()
                if not self.is_panic and report.layer not in (MINUS_SOUND, VOICE_SOUND):
                    self.outlets.take(report)
                return
            case SheetUpdate():
                if not self.is_panic:
                    if not self.sheets.put(report):
                        self._watch_sheets(True)
                    self._allow_parts()
                return
            case StudioStatus():
                self.status = report
                self.outlets.follow(report)
                self.captions.follow(report.courseware_path, report.film)
                self.desk.follow(report)
                if self.studio.state == "live" and not report.is_screen:
                    self._page_index = report.page_index
                    self._film = report.film if report.courseware_path == self._courseware else None
            case Started():
                self._on_ready()
            case Fatal():
                return  # the studio ends now, and its end tells of it
            case Rejected():
                self.notify(report.reason)
                self._courseware_rejected()
            case CalibrationNews() | UprightFound():
                self.calibrations.taken(report)
            case SoundLevels():
                self.levels = report
                self.pulse.tell()
                return
            case PictureTaken():
                self.pictures.taken(report)
                return
            case CameraPicture():
                self.talk.camera.take_picture(report)
                return
            case _:  # of what browsers send
                self.screens.take(report)
                self.talk.take(report)
        self._tell()

    def _courseware_rejected(self) -> None:
        """What was ordered is not what is shown: the studio says what is."""
        if self.status is not None and self.status.courseware_path:
            if self.status.courseware_path != self._courseware:
                self._courseware_name = ""
            self._courseware = self.status.courseware_path

    def studio_ended(self) -> None:
        self.levels = None
        self.screens.end_all()
        self.talk.studio_ended()
        self.on_air.cut()
        self.calibrations.studio_ended()
        self.sheets.reset()
        self._allow_parts()

    def studio_restarts(self, why: str, in_vain: bool) -> None:
        self.notify(said("studio_restarted_why", "The studio was restarted: {why}", why=why))
        self.desk.note("studio_restarted")
        if in_vain:
            self._forget_courseware()

    def _forget_courseware(self) -> None:
        """The courseware opened last may be what kills the studio. The scene stays: it may hide somebody."""
        if self._courseware != self.settings.courseware.path:
            self.notify(FORGOTTEN)
        self._courseware, self._courseware_name = self.settings.courseware.path, ""
        self._page_index, self._film = 0, None

    async def _hold_picture(self) -> None:
        """Once a second: the slate if it is wanted, and an end to a studio that hangs."""
        while True:
            await self.on_air.hold(self._slate_lines())
            self.look_at_hold()
            self._allow_parts()
            self.studio.look_around()
            self.desk.look_around(viewer.viewer_id for viewer in self.broadcast.viewers())
            self.talk.look_around()
            self._tell()
            await asyncio.sleep(SLATE_EVERY_S)

    def _slate_lines(self) -> tuple[str, ...]:
        if self.is_panic:
            return paused()
        return starting() if self.studio.state == "starting" else restarting()

    def notify(self, text: str) -> None:
        self.notices.add(text)

    def _order(self, order: Order) -> None:
        if not self.studio.send(order):
            raise StudioBusy

    @property
    def watched(self) -> frozenset[str]:
        """The layers that must be coded, for viewers, other servers and the recording."""
        return self.broadcast.watched | self.outlets.watched

    def _watch(self, _layers: frozenset[str] = frozenset()) -> None:
        """The low layer, where anybody has it, is coded for what the weakest line bears."""
        rates = filter(None, (self.broadcast.low_bps, self.outlets.publishing.low_bps))
        self.studio.send(WatchLayers(self.watched, min(rates, default=None)))

    def _publish(self, packet: Packet) -> None:
        self.broadcast.publish(packet)
        if packet.layer not in (MINUS_SOUND, VOICE_SOUND):
            self.outlets.publishing.publish(packet)

    def _outlets_changed(self) -> None:
        self._watch()
        for order in self.outlets.orders():
            self.studio.send(order)
        self._tell()

    def _watch_sheets(self, wanted: bool) -> None:
        self.studio.send(WatchSheets(wanted and not self.is_panic))

    def _allow_parts(self) -> None:
        """The slate is a composed picture, and so is a film: whoever lays parts together gets that."""
        self.broadcast.allow_parts(self.is_live and self.sheets.stands)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the gateway failed", exc_info=error)
            self.studio.finish(1, f"{type(error).__name__}: {error}")
