"""What knowing the page is worth: network alone beside network and held objects. Not part of the test run.

    .venv/bin/pytest -s tests/pipelines/matting/measure_held.py

The demo lesson on the simulated LCD, the stick raised. MAD and dtSSD times 1000; stick: share of the thin
part's alpha that is kept; tip: share of pictures with alpha above 0.5 within 6 px of its tip; false: pixels
above 0.5 where the truth is below 0.05, % of the picture; ms: CPU time of the refinement alone, median and
most.
FULL_HD=1 measures at 1920x1080. PICTURES=1 puts composites at full size into out/held/.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.matting_net import MattingNet
from pipelines.courseware import open_courseware
from pipelines.matting import Keyer, MattingSettings, metrics
from pipelines.matting.held import HeldObjects
from pipelines.media import PTS_HZ, U8, Calibration, Frame, Matte, Page
from pipelines.plate import Plate
from pipelines.simulated import Optics, Renderer, Truth, room_from_url

SIZE_WH = (1920, 1080) if os.environ.get("FULL_HD") else (1280, 720)
SCALE = SIZE_WH[1] / 720
RATE_HZ = 25.0
INDICES = range(24, 120, 2)
RAISED = range(42, 120)
DELAY_FRAMES = 2
OUT = Path(__file__).parents[3] / "out" / "held"
ROOMS = {
    "": range(8),
    "?yaw=14&pitch=-6": (1, 4, 5),
    "?veil=0.1": (1, 4, 5),
    "?noise=3": (1, 4, 5),
    "?bright=0.6&light=0.5": (1, 4, 5),
    "?blur=1.5": (1, 4, 5),
}
COLUMNS = ("stick", "tip", "MAD", "dtSSD", "false")


def demo_pages() -> list[Page]:
    lesson = open_courseware("demo", (1280, 720))
    pages = []
    for index in range(lesson.count):
        before = lesson.page().revision
        lesson.turn(index=index)
        pages.append(lesson.wait_change(before, 10.0) if index else lesson.page())
    lesson.close()
    return [page for page in pages if page is not None]


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return demo_pages()


def thin_part(truth: Truth) -> metrics.Mask:
    """The stick between the finger and its tip."""
    size = round(15 * SCALE)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    thick = cv2.dilate(cv2.morphologyEx(truth.pha, cv2.MORPH_OPEN, disc), np.ones((9, 9), np.uint8))
    thin = (truth.pha > 25) & (thick < 25)
    assert truth.finger_tip_xy is not None
    thin[:, int(truth.finger_tip_xy[0]) :] = False
    return np.asarray(thin)


class Score:
    """Collects one way's results, picture by picture."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self._before: tuple[U8, U8] | None = None

    def add(self, matte: Matte, truth: Truth) -> None:
        pha = metrics.full_pha(matte)
        thin = thin_part(truth)
        assert truth.pointer_tip_xy is not None
        x, y = truth.pointer_tip_xy
        near = np.hypot(np.arange(SIZE_WH[0])[None] - x, np.arange(SIZE_WH[1])[:, None] - y) <= 6
        self.values["stick"].append(float(np.minimum(pha, truth.pha)[thin].sum() / truth.pha[thin].sum()))
        self.values["tip"].append(float((pha[near] > 127).any()))
        self.values["MAD"].append(1000 * metrics.mad(pha, truth.pha))
        self.values["false"].append(100 * float(((pha > 127) & (truth.pha < 13)).mean()))
        if self._before is not None:
            self.values["dtSSD"].append(1000 * metrics.dtssd(pha, truth.pha, *self._before))
        self._before = (pha, truth.pha)

    def mean(self, column: str) -> float:
        return float(np.mean(self.values[column]))


def composite(page: Page, matte: Matte, calibration: Calibration) -> U8:
    """The teacher over the clean page, in the camera's geometry, blended in linear light."""
    camera_from_page = np.linalg.inv(calibration.for_sizes(SIZE_WH, page.size_wh))
    over = cv2.warpPerspective(page.rgb, camera_from_page, SIZE_WH).astype(np.float32)
    place, share = matte.box.slices, (matte.pha / np.float32(255))[..., None]
    light = share * (matte.fgr / 255.0) ** 2.2 + (1 - share) * (over[place] / 255) ** 2.2
    over[place] = 255 * light ** (1 / 2.2)
    return np.asarray(np.rint(over), np.uint8)


def show(name: str, *pictures: U8) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(OUT / f"{name}.png"), cv2.cvtColor(np.vstack(pictures), cv2.COLOR_RGB2BGR))


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.timeout(1800)
def test_measure(net: MattingNet, pages: list[Page], room: str) -> None:
    cv2.setNumThreads(1)
    renderer = Renderer(Optics(room_from_url("simulated:" + room), SIZE_WH), RATE_HZ)
    calibration, _ = Optics(renderer.room, SIZE_WH).calibration()
    print(f"\n| simulated:{room} {SIZE_WH[0]}x{SIZE_WH[1]} | " + " | ".join(COLUMNS) + " | trust | ms |")
    print("|---|" + "---|" * (len(COLUMNS) + 2))
    for number in ROOMS[room]:
        page = pages[number]
        keyer = Keyer(net, MattingSettings(), SIZE_WH)
        held = HeldObjects(Plate(calibration, lambda page=page: page).envelope)  # type: ignore[misc]
        alone, better, ms, trust = Score(), Score(), [], []
        for index in INDICES:
            frame = Frame(renderer.render(index, page), round(index * PTS_HZ / RATE_HZ), 0)
            matte = keyer.matte(frame)
            start_s = time.thread_time()
            refined = held(matte)
            ms.append((time.thread_time() - start_s) * 1000)
            trust.append(held.trust)
            if index not in RAISED:
                continue
            truth = renderer.truth(index, page)
            alone.add(matte, truth)
            better.add(refined, truth)
            if index == 70 and os.environ.get("PICTURES"):
                pictures = (composite(page, which, calibration) for which in (matte, refined))
                show(f"page{number}{room.replace('?', '-')}", frame.rgb, *pictures)
        cells = [f"{alone.mean(column):.2f} > {better.mean(column):.2f}" for column in COLUMNS]
        times = f"{np.median(ms):.1f}, {max(ms[1:]):.0f}"
        print(f"| page {number} | " + " | ".join(cells) + f" | {np.mean(trust):.2f} | {times} |", flush=True)


@pytest.mark.timeout(1800)
def test_page_turns_with_a_late_camera(net: MattingNet, pages: list[Page]) -> None:
    """A page every second, seen by the camera 80 ms late: the turns must not cost anything."""
    renderer = Renderer(Optics(room_from_url("simulated:"), SIZE_WH), RATE_HZ)
    calibration, _ = Optics(renderer.room, SIZE_WH).calibration()
    keyer, shown = Keyer(net, MattingSettings(), SIZE_WH), [pages[0]]
    held = HeldObjects(Plate(calibration, lambda: shown[0]).envelope)
    alone, better, worst = Score(), Score(), 0.0
    for index in range(44, 244, 2):
        shown[0] = pages[index // 25 % len(pages)]
        seen = pages[(index - DELAY_FRAMES) // 25 % len(pages)]
        frame = Frame(renderer.render(index, seen), round(index * PTS_HZ / RATE_HZ), 0)
        matte, truth = keyer.matte(frame), renderer.truth(index, seen)
        if truth.pointer_tip_xy is None or truth.finger_tip_xy is None:
            continue
        refined = held(matte)
        alone.add(matte, truth)
        better.add(refined, truth)
        worst = max(worst, better.values["MAD"][-1] / alone.values["MAD"][-1])
    cells = [f"{column} {alone.mean(column):.2f} > {better.mean(column):.2f}" for column in COLUMNS]
    print(f"\npage turns, camera late: {', '.join(cells)}; worst picture's MAD x {worst:.2f}")
    print(f"trusted {held.trusted} of {held.frames}")
