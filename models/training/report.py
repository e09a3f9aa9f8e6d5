"""What to look at after a training: the course of the loss, and scenes never trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from models.refiner_net import RefinerNet
from models.settings import NetworkSettings
from models.training.dataset import COARSE, DOUBT, FGR, PHA, PLATE, RGB, Sample
from models.training.patches import gather_patch, tables_of
from pipelines.matting.cells import CELL_PX, cells_of, colour_cells
from pipelines.matting.colouring import Canvas, colour, expected_light
from pipelines.matting.evidence import FEATURES, accept
from pipelines.matting.refining import Net
from pipelines.media import F32, U8, Box

SOFT = (5, 250)  # codes: between them alpha is soft
WORSE = 1.01  # times the coarse alpha's error, and it counts as worse
_TILE_PX = 260
_COLUMNS = ("picture", "plate", "truth", "coarse", "refined", "refined over grey")
_CURVES = {"mad": (200, 40, 40), "coarse_mad": (120, 120, 120)}


def contact_sheet(weights: Path, scenes: Sequence[Sample], target: Path) -> None:
    """Rows of scenes, columns as _COLUMNS; a PNG."""
    net = RefinerNet.open(NetworkSettings(provider="cpu"), weights)
    rows = []
    for sample in scenes:
        scene, (pha, fgr) = sample.planes, refined(net, sample)
        alpha = pha[..., None] / np.float32(255)
        over = np.asarray(fgr * alpha + 120 * (1 - alpha), np.uint8)
        grey = [np.dstack([plane] * 3) for plane in (scene[..., PHA], scene[..., COARSE], pha)]
        cells = (scene[..., RGB], scene[..., PLATE], *grey, over)
        rows.append(np.hstack([_shrunk(np.ascontiguousarray(cell)) for cell in cells]))
    image = Image.fromarray(np.vstack(rows))
    draw = ImageDraw.Draw(image)
    for k, name in enumerate(_COLUMNS):
        draw.text((k * _TILE_PX + 6, 4), name, fill=(255, 60, 60))
    image.save(target)


def refined(net: Net, sample: Sample) -> tuple[U8, U8]:
    """Alpha u8 (h, w), before it is settled, and colour u8 (h, w, 3) of a whole scene, in one piece."""
    scene, tables = sample.planes, tables_of(sample.tone)
    height, width = scene.shape[:2]
    features: F32 = np.empty((1, FEATURES * 4, height // 2, width // 2), np.float32)
    gather_patch(sample, features[0])
    doubt, coarse = (np.ascontiguousarray(scene[..., plane]) for plane in (DOUBT, COARSE))
    rgb, plate = (np.ascontiguousarray(scene[..., planes].transpose(2, 0, 1)) for planes in (RGB, PLATE))
    pha, fgr = coarse.copy(), np.ascontiguousarray(scene[..., RGB])
    everywhere: F32 = np.ones((height // CELL_PX, width // CELL_PX), np.float32)
    whole = Box(0, 0, width, height)
    accept(net.answer(features)[0], plate, coarse, everywhere, whole, whole, pha)
    expected = expected_light(colour_cells(fgr), cells_of(pha), tables)
    colour(rgb, plate, doubt, pha, everywhere, expected, whole, whole, Canvas(fgr, 0, 0), tables)
    return pha, fgr


def errors(net: Net, scenes: Sequence[Sample]) -> dict[str, float]:
    """Means of `by_scene`."""
    return means(by_scene(net, scenes))


def means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Over the scenes that have each; and `ratio`, the median of alpha's error by the coarse alpha's."""
    names = dict.fromkeys(name for row in rows for name in row)
    mean = {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
    return mean | {"ratio": float(np.median([row["mad"] / max(row["coarse_mad"], 1e-5) for row in rows]))}


def by_scene(net: Net, scenes: Sequence[Sample]) -> list[dict[str, float]]:
    """Of each scene: mean absolute errors of alpha, refined and coarse, all over and where alpha is soft;
    `worse` 1 where refined is worse; of colour where somebody is, refined and the picture's.
    """
    rows = []
    for sample in scenes:
        scene, (pha, fgr) = sample.planes, refined(net, sample)
        truth = scene[..., PHA].astype(np.float32)
        row: dict[str, float] = {}
        soft = (truth > SOFT[0]) & (truth < SOFT[1])
        for name, shown in (("", pha), ("coarse_", scene[..., COARSE])):
            off = np.abs(shown - truth) / 255
            row[f"{name}mad"] = float(off.mean())
            if soft.any():
                row[f"{name}soft_mad"] = float(off[soft].mean())
        row["worse"] = float(row["mad"] > WORSE * row["coarse_mad"] + 1e-5)
        for name, shown in (("fgr", fgr), ("picture", scene[..., RGB])):
            off = np.abs(shown.astype(np.float32) - scene[..., FGR]).mean(axis=2)
            row[f"{name}_error"] = float((off * truth).sum() / max(float(truth.sum()), 1.0) / 255)
        rows.append(row)
    return rows


def curves(log: Path, target: Path) -> None:
    """Mean absolute errors by step, refined and coarse, drawn from log.jsonl; a PNG."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    train = [line for line in lines if line["kind"] == "train"]
    if not train:
        return
    image = Image.new("RGB", (900, 420), "white")
    draw = ImageDraw.Draw(image)
    last, most = train[-1]["step"], 1.1 * max(line["coarse_mad"] for line in train)
    for name, ink in _CURVES.items():
        points = [(60 + 820 * v["step"] / last, 380 - 360 * v[name] / most) for v in train]
        draw.line(points, fill=ink, width=2)
        draw.text((points[-1][0] - 90, points[-1][1] - 16), f"{name} {train[-1][name]:.4f}", fill=ink)
    draw.line((60, 20, 60, 380, 880, 380), fill=(0, 0, 0))
    draw.text((400, 395), f"step, up to {last}", fill=(0, 0, 0))
    image.save(target)


def _shrunk(picture: U8) -> U8:
    scale = _TILE_PX / picture.shape[1]
    size_wh = (_TILE_PX, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
