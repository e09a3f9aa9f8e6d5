"""Batches to train on: patches where something is to be learnt, the plate made worse in passing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.training.dataset import BEFORE, COARSE, DOUBT, FGR, PHA, PLATE, RGB, Sample
from pipelines.matting.cells import cells_of, colour_cells
from pipelines.matting.colouring import by_plane, expected_light
from pipelines.matting.evidence import FEATURES, deviation, gather
from pipelines.matting.light import PURE, Tables
from pipelines.media import F32, U8

SIZE_PX = 128
BATCH = 16
_AHEAD = 6
_WIDE_SHARE = 0.66
_NEAR_PX = 50  # of a point where the network errs or alpha is soft
_HOPELESS = 55.0  # mean error of the coarse alpha, codes: another person altogether
_BORDER_DOUBT = 80
Rng = np.random.Generator
Points = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """features f32 (n, 56, s/2, s/2); rgb, fgr u8 (n, 3, s, s); pha, coarse u8 (n, 1, s, s)."""

    features: F32
    rgb: U8
    fgr: U8
    pha: U8
    coarse: U8


class Patches:
    """Batch `step` is the same in every run with the same scenes and seed: training can be resumed."""

    def __init__(self, wide: Sequence[Sample], close: Sequence[Sample], seed: int) -> None:
        self._wide, self._close, self._seed = wide, close, seed
        self._where: list[Points] = [_interesting(scene.planes) for scene in wide]

    def batch(self, step: int) -> Batch:
        rng = np.random.default_rng((self._seed, step))
        return batch_of([self._patch(rng) for _ in range(BATCH)])

    def batches(self, first: int, last: int) -> Iterator[Batch]:
        """Batches first to last - 1, made ahead in a thread. Raises what making one raises."""
        ahead: deque[Future[Batch]] = deque()
        pool = ThreadPoolExecutor(1, "patches")
        try:
            for step in range(first, last):
                ahead.append(pool.submit(self.batch, step))
                if len(ahead) > _AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _patch(self, rng: Rng) -> Sample:
        """One patch of SIZE_PX that a local view can decide."""
        while True:
            cut, tone = self._cut(rng)
            patch = spoiled(cut, rng)
            pha, coarse = patch[..., PHA].astype(np.int16), patch[..., COARSE].astype(np.int16)
            if np.abs(pha - coarse).mean() > _HOPELESS:
                continue
            if pha.max() > 120 and coarse.max() < 60 and rng.random() < 0.6:
                continue  # an isolated thing, of which nobody saw that it belongs to the teacher
            return Sample(patch, tone)

    def _cut(self, rng: Rng) -> Sample:
        if rng.random() >= _WIDE_SHARE:
            scene, tone = self._close[int(rng.integers(len(self._close)))]
            y, x = (int(v) for v in rng.integers(0, scene.shape[0] - SIZE_PX + 1, 2))
            return Sample(np.array(scene[y : y + SIZE_PX, x : x + SIZE_PX]), tone)
        k = int(rng.integers(len(self._wide)))
        (scene, tone), points = self._wide[k], self._where[k]
        middle = rng.integers((0, 0), scene.shape[:2])
        if len(points) and rng.random() < 0.8:
            middle = points[int(rng.integers(len(points)))] + rng.integers(-_NEAR_PX, _NEAR_PX, 2)
        y, x = (int(v) for v in np.clip(middle - SIZE_PX // 2, 0, np.array(scene.shape[:2]) - SIZE_PX))
        return Sample(np.array(scene[y : y + SIZE_PX, x : x + SIZE_PX]), tone)


def batch_of(patches: Sequence[Sample]) -> Batch:
    height, width = patches[0].planes.shape[:2]
    features: F32 = np.empty((len(patches), FEATURES * 4, height // 2, width // 2), np.float32)
    for patch, out in zip(patches, features, strict=True):
        gather_patch(patch, out)
    planes = np.ascontiguousarray(np.stack([patch.planes for patch in patches]).transpose(0, 3, 1, 2))
    return Batch(features, planes[:, RGB], planes[:, FGR], planes[:, PHA, None], planes[:, COARSE, None])


def gather_patch(sample: Sample, out: F32) -> None:
    """The features of a whole patch or scene, f32 (56, h/2, w/2)."""
    patch, tables = sample.planes, tables_of(sample.tone)
    doubt, coarse, before = (np.ascontiguousarray(patch[..., plane]) for plane in (DOUBT, COARSE, BEFORE))
    rgb, plate = (np.ascontiguousarray(patch[..., planes].transpose(2, 0, 1)) for planes in (RGB, PLATE))
    sigma = np.empty_like(doubt)
    deviation(np.ascontiguousarray(patch[..., PLATE]), doubt, sigma)
    seen = colour_cells(np.ascontiguousarray(patch[..., RGB]))
    own_light = by_plane(expected_light(seen, cells_of(coarse), tables))
    gather(rgb, plate, sigma, coarse, before, own_light, tables, 0, 0, out)


def tables_of(tone: F32) -> Tables:
    """As the box makes them of a calibration's."""
    return PURE if np.array_equal(tone, PURE.light) else Tables.of(tone)


def spoiled(patch: U8, rng: Rng) -> U8:
    """Turned, recoloured, and its plate made worse."""
    _spoil_plate(patch, rng)
    if rng.random() < 0.3:  # the network at half the rate or less: its alpha was carried here
        moved = np.column_stack([np.eye(2), rng.normal(0, 3, 2)])
        stale = cv2.warpAffine(
            np.ascontiguousarray(patch[..., COARSE]),
            moved,
            (SIZE_PX, SIZE_PX),
            borderMode=cv2.BORDER_REPLICATE,
        )
        patch[..., COARSE] = stale
        if rng.random() < 0.5:
            patch[..., BEFORE] = stale
    _spoil_memory(patch, rng)
    if rng.random() < 0.5:
        patch = patch[:, ::-1]
    if rng.random() < 0.5:
        patch = np.rot90(patch, int(rng.integers(4)))
    if rng.random() < 0.2:
        order = rng.permutation(3)
        patch = np.dstack(
            [
                patch[..., RGB][..., order],
                patch[..., PLATE][..., order],
                patch[..., FGR][..., order],
                patch[..., 9:],
            ]
        )
    return np.ascontiguousarray(patch)


def _spoil_memory(patch: U8, rng: Rng) -> None:
    """Trails and nothing at all in the alpha before: what is fed back must not keep itself alive."""
    choice = rng.random()
    if choice < 0.12:
        patch[..., BEFORE] = 0
    elif choice < 0.3:
        patch[..., BEFORE] = patch[..., COARSE]
    elif choice < 0.7:
        before = np.ascontiguousarray(patch[..., BEFORE])
        moved = np.column_stack([np.eye(2), rng.normal(0, 18, 2)])
        trail = cv2.warpAffine(before, moved, (SIZE_PX, SIZE_PX), borderMode=cv2.BORDER_REPLICATE)
        patch[..., BEFORE] = cv2.max(before, cv2.convertScaleAbs(trail, alpha=float(rng.uniform(0.3, 1))))


def _spoil_plate(patch: U8, rng: Rng) -> None:
    plate: npt.NDArray[Any] = np.ascontiguousarray(patch[..., PLATE])
    if rng.random() < 0.3:
        shift = np.column_stack([np.eye(2), rng.normal(0, 0.3 if rng.random() < 0.85 else 0.9, 2)])
        plate = cv2.warpAffine(plate, shift, (SIZE_PX, SIZE_PX), borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.25:
        gain, offset = 1 + rng.normal(0, 0.015, 3), rng.normal(0, 1.5, 3)
        plate = np.clip(plate * gain + offset, 0, 255)
    choice = rng.random()
    if choice < 0.2:
        plate = _with_border(patch, plate, rng)
    elif choice < 0.36:
        ghost = (
            cv2.GaussianBlur(
                _line(rng, float(rng.uniform(0, np.pi)), int(rng.integers(2, 9))),
                (0, 0),
                float(rng.uniform(0.5, 3)),
            )[..., None]
            / 255.0
        )
        plate = np.clip(plate + ghost * (rng.normal(0, 7, 3) + rng.normal(0, 5)), 0, 255)
    elif choice < 0.38:
        plate = 255 - plate[::-1, ::-1]  # another page
    patch[..., PLATE] = np.asarray(plate, np.uint8)


def _with_border(patch: U8, plate: npt.NDArray[Any], rng: Rng) -> npt.NDArray[Any]:
    """A doubtful line, as at the LCD's frame: usually the plate has something wrong there."""
    angle = float(rng.choice([0, np.pi / 2]) + rng.normal(0, 0.12))
    seed = int(rng.integers(1 << 30))
    doubtful = _line(np.random.default_rng(seed), angle, int(rng.integers(6, 11)))
    patch[..., DOUBT] = np.maximum(
        patch[..., DOUBT], np.where(doubtful > 127, _BORDER_DOUBT, 0).astype(np.uint8)
    )
    if rng.random() > 0.8:
        return plate
    wrong = _line(np.random.default_rng(seed), angle, int(rng.integers(1, 5)))[..., None] / 255.0
    wrong = wrong * rng.uniform(0.2, 1)
    return np.asarray(plate * (1 - wrong) + wrong * rng.uniform(0, 255) * rng.uniform(0.9, 1.05, 3)).clip(
        0, 255
    )


def _line(rng: Rng, angle: float, width: int) -> U8:
    """A straight line through a point by chance, u8 (s, s)."""
    mask: U8 = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    middle, along = rng.uniform(0, SIZE_PX, 2), 300 * np.array([np.cos(angle), np.sin(angle)])
    ends = [[int(v * 8) for v in middle + sign * along] for sign in (-1, 1)]
    cv2.line(mask, ends[0], ends[1], (255,), width, cv2.LINE_AA, 3)
    return mask


def _interesting(scene: U8) -> Points:
    """Rows and columns where alpha is soft or the network errs, (n, 2)."""
    pha, coarse = scene[::3, ::3, PHA], scene[::3, ::3, COARSE]
    rows, columns = np.nonzero(((pha > 5) & (pha < 250)) | (cv2.absdiff(pha, coarse) > 20))
    return np.asarray(np.stack([rows, columns], axis=1) * 3, np.int32)
