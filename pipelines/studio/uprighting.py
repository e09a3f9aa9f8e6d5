"""Finds out how the camera hangs, and suggests: a picture is never turned unless somebody says so."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, cast

from pipelines.alignment import Calibration
from pipelines.calibration.uprighting import Hanging, hanging_by_page, hanging_of
from pipelines.capture.mounting import Turn, Upright
from pipelines.channels import Closed, Latest
from pipelines.matting.uprighting import upright_by_people
from pipelines.media import F32, U8, Frame, Page
from pipelines.reports import CalibrationNews, UprightFound, UprightState, UprightWitness

log = logging.getLogger("classroom.studio")

PICTURES: Final = 4
APART_S: Final = 0.6
PATIENCE_S: Final = 10.0


class Uprighting:
    """Any thread may call it; looking has a thread of its own.

    page: the lesson's newest. upright: how the camera's pictures are turned now. look: the matting network's
    alpha of a single picture, for that thread. send: for the gateway.
    """

    def __init__(
        self,
        page: Callable[[], Page | None],
        upright: Callable[[], Upright],
        look: Callable[[U8], F32],
        send: Callable[[UprightFound], None],
    ) -> None:
        self._page, self._upright, self._look, self._send = page, upright, look, send
        self._frames: Latest[Frame] = Latest()
        self._running = threading.Lock()

    def see(self, frame: Frame) -> None:
        """A picture of the camera, turned as it is now."""
        if self._running.locked():
            self._frames.put(frame)

    def start(self) -> None:
        """Begins to look; nothing happens while it does."""
        if self._running.acquire(blocking=False):
            began = (time.monotonic_ns(),)
            threading.Thread(target=self._run, args=began, name="uprighting", daemon=True).start()

    def heed(self, news: CalibrationNews, measured: Calibration | None) -> None:
        """What was measured, or could not be, may tell that the camera hangs otherwise than was thought."""
        if news.kind is None:
            return
        if news.state == "failed":
            self.start()
        elif news.state == "accepted" and measured is not None:
            self.told(hanging_of(measured), "page")

    def told(self, hanging: Hanging, witness: UprightWitness) -> None:
        """What makes the pictures as they are now upright."""
        before = self._upright()
        turn = cast(Turn, hanging.quarters * 90)
        found = before.then(Upright(turn, hanging.mirrored))
        state: UprightState = "fits" if found == before else "found"
        self._send(UprightFound(state, found.turn_deg, found.mirrored, witness))

    def close(self) -> None:
        self._frames.close()

    def _run(self, began_ns: int) -> None:
        try:
            self._send(UprightFound("looking"))
            before = self._upright()
            pictures = self._pictures(began_ns)
            hanging, witness = self._judge(pictures)
            if self._upright() != before:
                self._send(UprightFound("unknown"))  # somebody turned it meanwhile
            elif hanging is None:
                self._send(UprightFound("unknown"))
            else:
                self.told(hanging, witness)
        except Closed:
            return
        except Exception:  # only a suggestion is lost: the lesson goes on
            log.exception("looking how the camera hangs failed")
            self._send(UprightFound("unknown"))
        finally:
            self._running.release()

    def _pictures(self, began_ns: int) -> list[U8]:
        """Some, apart from each other; fewer, or none, of a camera that gives none. None of before: one may
        be left from an earlier look, turned otherwise."""
        pictures: list[U8] = []
        give_up_s, due_s = time.monotonic() + PATIENCE_S, 0.0
        while len(pictures) < PICTURES and time.monotonic() < give_up_s:
            frame = self._frames.take(0.5)
            if frame is not None and frame.captured_ns >= began_ns and time.monotonic() >= due_s:
                pictures.append(frame.rgb)
                due_s = time.monotonic() + APART_S
        return pictures

    def _judge(self, pictures: list[U8]) -> tuple[Hanging | None, UprightWitness]:
        """The page knows more than people do: a mirror, too."""
        if not pictures:
            return None, ""
        page = self._page()
        hanging = None if page is None else hanging_by_page(page.rgb, pictures[-1])
        if hanging is not None:
            return hanging, "page"
        quarters = upright_by_people(self._look, pictures)
        return (None, "") if quarters is None else (Hanging(quarters, False), "people")
