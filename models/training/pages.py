"""Courseware to train on: text, tables, drawings, pictures, pictured people; pale, dark and coloured."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.training.people import Cutout
from pipelines.media import F32, U8

PAGE_WH = (1920, 1080)
_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc",
    "DejaVuSans.ttf",
    "DejaVuSerif.ttf",
)
_COMMON_HAN = (0x4E00, 0x8FFF)
_LATIN = "etaoinshrdlucmfwypvbgkjqxzABCDEFGHKLMNPRST0123456789+-=()/.,"
Colour = tuple[int, int, int]


def make_page(rng: np.random.Generator, people: Sequence[Cutout]) -> U8:
    """One page, u8 (1080, 1920, 3)."""
    kind = rng.choice(["text", "figures", "picture", "pictured"], p=[0.45, 0.2, 0.2, 0.15])
    if kind == "picture":
        page = picture(rng, PAGE_WH)
    elif kind == "pictured":
        page = _with_people(picture(rng, PAGE_WH) if rng.random() < 0.6 else _written(rng, 0.4), rng, people)
    else:
        page = _written(rng, 1.0 if kind == "text" else 0.4)
        if kind == "figures":
            page = _with_figures(page, rng)
    return _toned(page, rng)


def picture(rng: np.random.Generator, size_wh: tuple[int, int]) -> U8:
    """Something like a photograph: soft fields of colour, objects with edges, fine texture; u8 (h, w, 3)."""
    width, height = size_wh
    field = np.zeros((height, width, 3), np.float32)
    for cell in (500, 220, 90, 36, 12):
        strength = float(rng.uniform(0.1, 1)) * cell / 500
        field += clouds(rng, (height, width), cell, 3) * np.float32(strength)
    field += clouds(rng, (height, width), 3, 1) * np.float32(rng.uniform(0, 0.12))
    field = 0.5 + field * np.float32(rng.uniform(0.15, 0.45))
    image = Image.fromarray(np.asarray(np.clip(field, 0, 1) * 255, np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 14))):
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        w, h = rng.uniform(20, 500, 2)
        box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        getattr(draw, str(rng.choice(["ellipse", "rectangle"])))(box, fill=colour(rng))
    return np.asarray(cv2.GaussianBlur(np.array(image), (0, 0), float(rng.uniform(0.4, 1.6))), np.uint8)


def clouds(rng: np.random.Generator, size_hw: tuple[int, int], cell_px: int, channels: int = 1) -> F32:
    """Smooth noise of sigma about 1, f32 (h, w, channels)."""
    height, width = size_hw
    coarse = rng.standard_normal((height // cell_px + 3, width // cell_px + 3, channels), dtype=np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine.reshape(height, width, channels), np.float32)


def colour(rng: np.random.Generator, low: int = 0, high: int = 256) -> Colour:
    r, g, b = (int(v) for v in rng.integers(low, high, 3))
    return r, g, b


def _written(rng: np.random.Generator, fullness: float) -> U8:
    """Lines of text, Chinese and Latin, large and small."""
    paper, ink = _paper_and_ink(rng)
    image = Image.new("RGB", PAGE_WH, paper)
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.4:
        draw.rectangle((0, 0, PAGE_WH[0], int(rng.uniform(60, 180))), fill=colour(rng))
    y = float(rng.uniform(20, 120))
    while y < PAGE_WH[1] - 30:
        size = int(rng.choice([22, 28, 34, 42, 56, 80, 130], p=[0.1, 0.2, 0.25, 0.2, 0.13, 0.08, 0.04]))
        if rng.random() < fullness:
            name = str(rng.choice(_FONTS))
            line = _line(rng, int(rng.uniform(4, 1700 / size)), han=name.startswith("Noto"))
            fill = ink if rng.random() < 0.8 else colour(rng)
            draw.text((float(rng.uniform(20, 500)), y), line, font=_open_font(name, size), fill=fill)
        y += size * float(rng.uniform(1.2, 2.2))
    return np.array(image)


def _with_figures(page: U8, rng: np.random.Generator) -> U8:
    """Tables, curves, boxes and arrows."""
    image = Image.fromarray(page)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 12))):
        x, y = float(rng.uniform(0, 1700)), float(rng.uniform(0, 950))
        w, h = float(rng.uniform(60, 700)), float(rng.uniform(40, 500))
        line, fill = int(rng.integers(1, 9)), colour(rng)
        kind = rng.integers(5)
        if kind == 0:
            step = float(rng.uniform(25, 120))
            for k in range(int(max(w, h) / step)):
                draw.line((x, y + k * step, x + w, y + k * step), fill=fill, width=min(line, 3))
                draw.line((x + k * step, y, x + k * step, y + h), fill=fill, width=min(line, 3))
        elif kind == 1:
            t = np.linspace(0, 1, 60)
            wave = y + h * (0.5 + 0.5 * np.sin(t * float(rng.uniform(2, 25))))
            draw.line([(x + w * float(a), float(b)) for a, b in zip(t, wave, strict=True)], fill, line)
        elif kind == 2:
            draw.rectangle((x, y, x + w, y + h), fill=fill, outline=colour(rng), width=line)
        elif kind == 3:
            draw.ellipse((x, y, x + w, y + h), outline=fill, width=line)
        else:
            draw.line((x, y, x + w * float(rng.uniform(-1, 1)), y + h), fill=fill, width=line)
    return np.array(image)


def _with_people(page: U8, rng: np.random.Generator, people: Sequence[Cutout]) -> U8:
    """People pictured on the page: to the network they look like teachers."""
    out = page.astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        cutout = people[int(rng.integers(len(people)))]
        height = int(rng.uniform(250, 1000))
        scale = height / cutout.pha.shape[0]
        width = int(cutout.pha.shape[1] * scale)
        rgba = np.dstack([cutout.rgb, cutout.pha])
        rgba = cv2.resize(rgba, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        x, y = int(rng.uniform(0, max(PAGE_WH[0] - width, 1))), int(rng.uniform(0, PAGE_WH[1] - 200))
        part = out[y : y + height, x : x + width]
        rgba = rgba[: part.shape[0], : part.shape[1]]
        alpha = rgba[..., 3:] / 255
        part[:] = rgba[..., :3] * alpha + part * (1 - alpha)
    return np.asarray(out, np.uint8)


def _toned(page: U8, rng: np.random.Generator) -> U8:
    """Some pages inverted, dimmed, or printed in two colours."""
    choice = rng.random()
    if choice < 0.12:
        return np.asarray(255 - page, np.uint8)
    if choice < 0.2:
        return np.asarray(np.clip(page * rng.uniform(0.15, 0.6) + rng.uniform(0, 25), 0, 255), np.uint8)
    if choice < 0.3:
        grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)[..., None] / 255.0
        dark, pale = rng.uniform(0, 110, 3), rng.uniform(120, 255, 3)
        return np.asarray(dark + (pale - dark) * grey, np.uint8)
    return page


def _paper_and_ink(rng: np.random.Generator) -> tuple[Colour, Colour]:
    choice = rng.random()
    if choice < 0.5:
        return ((255, 255, 255) if rng.random() < 0.6 else colour(rng, 225)), colour(rng, 0, 90)
    if choice < 0.75:
        return colour(rng, 0, 60), colour(rng, 170)
    if choice < 0.82:
        return (12, 70, 50), (235, 240, 230)  # the blackboard's green
    return colour(rng), colour(rng)


def _line(rng: np.random.Generator, length: int, *, han: bool) -> str:
    if han and rng.random() < 0.8:
        return "".join(chr(c) for c in rng.integers(*_COMMON_HAN, length))
    letters = rng.choice(list(_LATIN), 2 * length)
    return "".join(" " if rng.random() < 0.15 else str(letter) for letter in letters)


@lru_cache(maxsize=64)
def _open_font(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow looks the name up in the system's folders; its own font where that is not installed."""
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return ImageFont.load_default(size)
