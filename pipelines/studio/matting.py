"""Two threads make the mattes: the network at its pace, and each frame's matte from its newest answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from pipelines.channels import Closed, Latest
from pipelines.matting.carrying import Carrier, Refine
from pipelines.matting.coarse import Coarse
from pipelines.matting.keyer import Keyer, Network
from pipelines.matting.settings import MattingSettings
from pipelines.media import Frame, Matte, SizeWh
from pipelines.studio.pace import Pace
from pipelines.timing import NS_PER_MS, NS_PER_S, Marks, Rate

POLL_S = 0.5


class Asked(NamedTuple):
    """A question to the network. is_thrifty: as in Keyer.ask."""

    frame: Frame
    is_thrifty: bool


NoteMatte = Callable[[Frame, Asked | None, Coarse | None, Matte | None], None]

PROMPT_S = 0.02  # a network that answers so soon is waited for: its own alpha is better than a carried one


class Matting:
    """put: every frame of the camera. mattes: one of each frame that the machine has time for.

    refine_for: asked before each matte: the refinement for pictures of that size, the same one for as long as
    nothing changes; None while nothing is known of the LCD. note: told of each frame, how the network was
    asked about it, its newest answer then, and the matte made.
    """

    def __init__(
        self,
        net: Network,
        settings: MattingSettings,
        refine_for: Callable[[SizeWh], Refine | None],
        marks: Marks,
        note: NoteMatte | None = None,
    ) -> None:
        self._net, self._settings = net, settings
        self._refine_for = refine_for
        self._marks = marks
        self._note = note
        self._frames: Latest[Frame] = Latest()
        self._to_ask: Latest[Asked] = Latest()
        self._answers: Latest[Coarse] = Latest()
        self._pace = Pace()
        self._is_idle, self._is_prompt = True, False  # the network
        self._answer_s = 0.0, 0.0  # the newest answer's time, and its processor time
        self.mattes: Latest[Matte] = Latest()
        self.net_rate = Rate()

    @property
    def dropped(self) -> int:
        """Frames that got no matte."""
        return self._frames.dropped

    @property
    def is_short(self) -> bool:
        """Have processors been short for long?"""
        return self._pace.is_thrifty

    def put(self, frame: Frame) -> None:
        self._frames.put(frame)

    def close(self) -> None:
        for channel in (self._frames, self._to_ask, self._answers, self.mattes):
            channel.close()

    def ask(self) -> None:
        """The network's thread, until closed. Raises models.ModelError."""
        keyer: Keyer | None = None
        try:
            while True:
                asked = self._to_ask.take(POLL_S)
                if asked is None:
                    continue
                frame = asked.frame
                if keyer is None or keyer.camera_size_wh != frame.size_wh:
                    keyer = Keyer(self._net, self._settings, frame.size_wh)
                start_ns, start_cpu_s = time.monotonic_ns(), time.thread_time()
                answer = keyer.ask(*asked)
                took_ns = time.monotonic_ns() - start_ns
                if self._net.provider == "cpu":  # else it waits for the graphics card
                    self._answer_s = took_ns / NS_PER_S, time.thread_time() - start_cpu_s
                self._is_prompt = took_ns < PROMPT_S * NS_PER_S
                self._marks.add("network", took_ns / NS_PER_MS)
                self._answers.put(answer)
                self._is_idle = True
                self.net_rate.tick()
        except Closed:
            return

    def make(self) -> None:
        """The mattes' thread, until closed."""
        carrier = Carrier()
        answer: Coarse | None = None
        try:
            while True:
                frame = self._frames.take(POLL_S)
                if frame is None:
                    continue
                asked = self._asked(frame, is_first=answer is None)
                refine = self._refine_for(frame.size_wh)
                answer = self._newest_answer(frame, wait=asked is not None and self._is_prompt) or answer
                start_s, start_cpu_s = time.perf_counter(), time.thread_time()
                matte = carrier.matte(frame, answer, refine)
                took_s, cpu_s = time.perf_counter() - start_s, time.thread_time() - start_cpu_s
                self._pace.note(took_s, cpu_s, self._frames.dropped, has_matte=matte is not None)
                if self._note is not None:
                    self._note(frame, asked, answer, matte)
                if matte is not None:
                    self._marks.add("matting", took_s * 1000)
                    self._note_age(matte, carrier.answered)
                    self.mattes.put(matte)
        except Closed:
            return

    def _asked(self, frame: Frame, *, is_first: bool) -> Asked | None:
        """Puts a question about this frame, if one is due."""
        if not self._is_idle or not (is_first or self._pace.is_due(frame.pts)):
            return None
        self._pace.asked(frame.pts, *self._answer_s)
        self._is_idle = False
        asked = Asked(frame, self._pace.is_thrifty)
        self._to_ask.put(asked)
        return asked

    def _newest_answer(self, frame: Frame, *, wait: bool) -> Coarse | None:
        """What came since the last one. wait: for that of this very frame."""
        newest: Coarse | None = None
        deadline_ns = time.monotonic_ns() + (round(2 * PROMPT_S * NS_PER_S) if wait else 0)
        while newest is None or newest.frame.pts < frame.pts:
            answer = self._answers.take(max(0.0, (deadline_ns - time.monotonic_ns()) / NS_PER_S))
            if answer is None:
                break
            newest = answer
        return newest

    def _note_age(self, matte: Matte, answered: Frame | None) -> None:
        if answered is not None and not matte.box.is_empty:
            self._marks.add("alpha_age", (matte.captured_ns - answered.captured_ns) / NS_PER_MS)
