"""Both keyers over one played scenario, measured. The network runs once and both see its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from appliance.evaluation.bands import Bands, find_bands
from appliance.evaluation.playing import RATE_HZ, WARM_UP_FRAMES, Moment, Play
from models.matting_net import MattingNet
from models.refiner_net import RefinerNet
from pipelines.calibration.watching import LOOK_EVERY_S
from pipelines.matting import metrics
from pipelines.matting.carrying import Carrier
from pipelines.matting.coarse import Coarse
from pipelines.matting.keyer import Keyer
from pipelines.matting.metrics import full_pha
from pipelines.matting.settings import MattingSettings
from pipelines.media import F32, U8, Box, Matte, Page, length_scale
from pipelines.studio.keying import known

_FAR_PX = 25  # for a picture of 720 rows: beyond it from the teacher, alpha is false
_AROUND_PX = 48
LOOK_EVERY = round(LOOK_EVERY_S * RATE_HZ)  # pictures: the watcher's own thread in the box
PER_MILLE = 1000.0


@dataclass(slots=True)
class Result:
    """Means by measure for the network and the full keyer; and the moment to show."""

    network: dict[str, float | None]
    full: dict[str, float | None] | None
    shown: Shown | None = None
    qualities: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A moment for the contact sheet, inside `box`."""

    moment: Moment
    box: Box
    network: Matte
    full: Matte
    bands: Bands


def evaluate(
    play: Play,
    net: MattingNet,
    refining: RefinerNet,
    *,
    network_only: bool,
    net_every: int = 1,
    is_thrifty: bool = False,
) -> Result:
    """Runs the scenario; the first WARM_UP_FRAMES are not measured.

    net_every: the network is asked about one picture in so many, and its alpha carried to the others, for
    both keyers. From 2 on its answer comes when the next one is asked for, as from a network never idle.
    is_thrifty: as a box short of processors does it, both keyers.
    """
    told: list[tuple[Page, ...]] = []
    keyer = Keyer(net, MattingSettings(), play.calibration.camera_size_wh)
    watch, refiner = known(refining, play.calibration, play.delay, lambda: told[-1])
    plain_carrier, full_carrier = Carrier(), Carrier()
    asked: Coarse | None = None
    answer: Coarse | None = None
    coarse: Matte | None = None
    matte: Matte | None = None
    scores: dict[str, _Scores] = {"network": _Scores(), "full": _Scores()}
    result = Result({}, None)
    for index, moment in enumerate(play.moments()):
        told.append(moment.pages)
        if index % net_every == 0:
            answer, asked = asked, keyer.ask(moment.frame, is_thrifty)
        newest = asked if net_every == 1 else answer
        coarse = plain_carrier.matte(moment.frame, newest, None) or coarse
        matte = coarse if network_only else full_carrier.matte(moment.frame, newest, refiner) or matte
        if index % LOOK_EVERY == LOOK_EVERY - 1 and not network_only:
            watch.look()
        if index < WARM_UP_FRAMES or coarse is None or matte is None:
            continue
        box = _around(moment.pha, (coarse.box, matte.box))
        bands = find_bands(moment.pha, moment.fgr)
        for name, made in (("network", coarse), ("full", matte)):
            if name == "network" or not network_only:
                scores[name].add(moment, made, box, bands)
        if refiner.quality is not None and not network_only:
            result.qualities.append((refiner.quality, scores["full"].last_mad))
        if index == WARM_UP_FRAMES + 3 * play.measured // 4:
            result.shown = Shown(moment, box, coarse, matte, bands)
    result.network = scores["network"].means()
    result.full = None if network_only else scores["full"].means()
    return result


class _Scores:
    """Sums of one keyer over the frames of a scenario."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)
        self._before: tuple[U8, U8] | None = None
        self.last_mad = 0.0

    def add(self, moment: Moment, matte: Matte, box: Box, bands: Bands) -> None:
        pha, truth = full_pha(matte), moment.pha
        part, true_part = np.ascontiguousarray(pha[box.slices]), np.ascontiguousarray(truth[box.slices])
        note = self._note
        self.last_mad = metrics.mad(pha, truth) * PER_MILLE
        note("mad", self.last_mad)
        note("mse", metrics.mse(pha, truth) * PER_MILLE)
        note("grad", metrics.gradient(part, true_part))
        note("conn", metrics.connectivity(part, true_part))
        for name, band in (("hair", bands.hair), ("hand", bands.hand), ("pointer", bands.pointer)):
            if band is not None:
                note(f"{name}_mad", metrics.mad(pha, truth, band) * PER_MILLE)
        if self._before is not None:
            note("dtssd", metrics.dtssd(pha, truth, *self._before) * PER_MILLE)
        self._before = pha, truth
        note("false_area", _false_area(pha, truth) * PER_MILLE)
        colour = np.array(moment.frame.rgb)
        colour[matte.box.slices] = matte.fgr
        note(
            "fgr_error",
            metrics.colour_error(colour[box.slices], moment.fgr[box.slices], true_part) * PER_MILLE,
        )
        page = _page(moment, box)
        made = composite(part, colour[box.slices], page)
        right = composite(true_part, moment.fgr[box.slices], page)
        note("psnr", metrics.psnr_db(made, right))
        note("ssim", metrics.ssim(made, right))
        if bands.pointer_axis is not None:
            note("pointing_px", metrics.pointing_px(pha, *bands.pointer_axis))

    def means(self) -> dict[str, float | None]:
        return {name: float(np.mean(self._values[name])) if self._values[name] else None for name in MEASURES}

    def _note(self, name: str, value: float) -> None:
        self._values[name].append(value)


MEASURES = (
    "mad", "mse", "grad", "conn", "dtssd", "hair_mad", "hand_mad", "pointer_mad", "false_area", "fgr_error",
    "psnr", "ssim", "pointing_px",
)  # fmt: skip
HIGHER_IS_BETTER = ("psnr", "ssim")


def composite(pha: U8, fgr: U8, page: U8) -> U8:
    """Over a page, mixed in linear light; u8 (h, w, 3)."""
    alpha = (pha * np.float32(1 / 255))[..., None]
    light = alpha * _LIGHT[fgr] + (1 - alpha) * _LIGHT[page]
    return np.asarray(np.clip(light, 0, 1) ** np.float32(1 / 2.2) * 255 + 0.5, np.uint8)


_LIGHT: F32 = np.asarray((np.arange(256) / 255) ** 2.2, np.float32)


def _page(moment: Moment, box: Box) -> U8:
    """The clean page, as large as the picture."""
    told = moment.pages[-1]
    rgb = told.rgb
    if told.size_wh != moment.frame.size_wh:
        rgb = np.asarray(cv2.resize(rgb, moment.frame.size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(rgb[box.slices])


def _false_area(pha: U8, truth: U8) -> float:
    size = 2 * round(_FAR_PX * length_scale((truth.shape[1], truth.shape[0]))) + 1
    near = cv2.dilate(np.asarray(truth > 2, np.uint8), np.ones((size, size), np.uint8))
    return float(np.count_nonzero((pha > 127) & (near == 0)) / pha.size)


def _around(truth: U8, boxes: tuple[Box, ...]) -> Box:
    """What holds the truth and the mattes, with room around; the whole picture when nobody is there."""
    height, width = truth.shape
    all_boxes = [Box(*cv2.boundingRect(np.asarray(truth > 0, np.uint8))), *boxes]
    filled = [box for box in all_boxes if not box.is_empty]
    if not filled:
        return Box(0, 0, width, height)
    x0, y0 = (max(min(side) - _AROUND_PX, 0) for side in zip(*((b.x, b.y) for b in filled), strict=True))
    x1 = min(max(b.x + b.w for b in filled) + _AROUND_PX, width)
    y1 = min(max(b.y + b.h for b in filled) + _AROUND_PX, height)
    return Box(x0, y0, x1 - x0, y1 - y0)


def averaged(results: Iterator[dict[str, float | None]]) -> dict[str, float | None]:
    """Means by measure over what has them."""
    values: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for name, value in result.items():
            if value is not None:
                values[name].append(value)
    return {name: float(np.mean(values[name])) if values[name] else None for name in MEASURES}


Json = dict[str, Any]
