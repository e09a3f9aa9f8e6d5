"""Scenes on disk: shards, each made from its own seed, so that making them can go on where it ended."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from models.catalog import default_models_dir, locate
from models.matting_net import MattingNet
from models.settings import NetworkSettings
from models.training.coarse import earlier, imitated_coarse, real_coarse
from models.training.pages import make_page
from models.training.people import joined, load_people, load_teacher
from models.training.scene import Scene, make_scene
from pipelines.matting.cells import cells_of, colour_cells
from pipelines.matting.evidence import deviation
from pipelines.matting.shading import find_shadow, shade
from pipelines.media import F32, U8

log = logging.getLogger("classroom.training")

NETWORK = "rvm-mobilenetv3"
WIDE_HW, CLOSE_HW = (640, 576), (192, 192)
WIDE_A_SHARD, CLOSE_A_SHARD = 24, 72
PAGES_A_SHARD = 24

# Planes of a scene, along its last axis.
RGB, PLATE, FGR = slice(0, 3), slice(3, 6), slice(6, 9)
DOUBT, PHA, COARSE, BEFORE = 9, 10, 11, 12
PLANES = 13


class Sample(NamedTuple):
    """A scene to learn from. planes: u8 (h, w, PLANES). tone: of Calibration, f32 (256,), a pure power where
    the box has not measured it.
    """

    planes: U8
    tone: F32


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make: shards of scenes from one seed. people: folder of RGBA cut-outs.

    held_out: with the people that are never trained on, and without the clip's teacher.
    """

    folder: Path
    people: Path
    shards: int
    seed: int
    processes: int = 2
    held_out: bool = False

    def shard(self, number: int) -> Path:
        kind = "test" if self.held_out else "train"
        return self.folder / f"{kind}_{self.seed}_{number:03d}.npz"


def make_dataset(plan: Plan) -> list[Path]:
    """Makes the shards that are missing. Raises DataMissing, ModelError."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    load_people(plan.people)
    locate(NETWORK, default_models_dir())
    missing = [(plan, number) for number in range(plan.shards) if not plan.shard(number).exists()]
    with multiprocessing.get_context("spawn").Pool(plan.processes) as pool:
        for done, path in enumerate(pool.imap_unordered(_make_shard, missing), 1):
            log.info("scenes: %s (%d of %d)", path.name, done, len(missing))
    return [plan.shard(number) for number in range(plan.shards)]


def load_shards(paths: list[Path]) -> tuple[list[Sample], list[Sample]]:
    """Wide and close scenes."""
    wide: list[Sample] = []
    close: list[Sample] = []
    for path in paths:
        with np.load(path) as shard:
            wide += map(Sample, shard["wide"], shard["wide_tones"])
            close += map(Sample, shard["close"], shard["close_tones"])
    return wide, close


def _make_shard(job: tuple[Plan, int]) -> Path:
    plan, number = job
    cv2.setNumThreads(1)
    rng = np.random.default_rng((plan.seed, int(plan.held_out), number))
    people = load_people(plan.people, held_out=plan.held_out)
    if not plan.held_out:
        people = joined(people, load_teacher())
    pages = [make_page(rng, people) for _ in range(PAGES_A_SHARD)]
    network = locate(NETWORK, default_models_dir())
    net = MattingNet.open(network, NetworkSettings(provider="cpu", threads=1))

    def wide() -> Iterator[Sample]:
        for _ in range(WIDE_A_SHARD):
            scene = make_scene(rng, WIDE_HW, pages, people)
            yield sample_of(scene, real_coarse(net, scene.rgb, rng), rng)

    def close() -> Iterator[Sample]:
        for _ in range(CLOSE_A_SHARD):
            scene = make_scene(rng, CLOSE_HW, pages, people, close=True)
            yield sample_of(scene, imitated_coarse(scene.pha, scene.plate, rng), rng)

    path = plan.shard(number)
    unfinished = path.with_suffix(".part")
    arrays = _stacked("wide", wide()) | _stacked("close", close())
    with unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return unfinished.rename(path)


def _stacked(name: str, samples: Iterable[Sample]) -> dict[str, U8 | F32]:
    planes, tones = zip(*samples, strict=True)
    return {name: np.stack(planes), f"{name}_tones": np.stack(tones)}


def sample_of(scene: Scene, coarse: U8, rng: np.random.Generator) -> Sample:
    """The plate is the one that the box would use: under the teacher's shadow, as far as that is seen."""
    before = earlier(scene.pha, coarse, rng)
    sigma = np.empty_like(scene.doubt)
    deviation(scene.plate, scene.doubt, sigma)
    seen, behind = (colour_cells(rgb) for rgb in (scene.rgb, scene.plate))
    shadow = find_shadow(seen, behind, *(cells_of(plane) for plane in (scene.room, sigma, coarse)))
    plate = np.empty((3, *scene.room.shape), np.uint8)
    shade(scene.plate, scene.room, shadow, 0, 0, plate)
    planes = np.dstack([scene.rgb, *plate, scene.fgr, scene.doubt, scene.pha, coarse, before])
    return Sample(np.asarray(planes, np.uint8), scene.tone)
