"""The page shown in place of one that cannot be drawn: it says which, and why."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.media import U8, SizeWh

# Debian and Ubuntu: fonts-noto-cjk, fonts-wqy-zenhei, fonts-wqy-microhei, fonts-droid-fallback.
_CHINESE_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
_PAPER = (246, 244, 239)
_INK = (52, 58, 66)
_ACCENT = (196, 84, 52)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def _chinese_font() -> str | None:
    return next((path for path in _CHINESE_FONTS if Path(path).is_file()), None)


def _font(size_px: int) -> Font:
    path = _chinese_font()
    if path is None:
        return ImageFont.load_default(size_px)  # Latin letters only
    index = 2 if path.endswith("NotoSansCJK-Regular.ttc") else 0  # 2 is the simplified Chinese face
    return ImageFont.truetype(path, size_px, index=index)


def draw_notice(size_wh: SizeWh, number: int, reason: str) -> U8:
    """A page u8 (H, W, 3) that says that page `number` (from 1) cannot be shown, and the reason.

    reason: as `both` says it, the last line in English. Without a Chinese font that line alone is drawn.
    """
    w, h = size_wh
    picture = Image.new("RGB", size_wh, _PAPER)
    draw = ImageDraw.Draw(picture)
    margin = round(w * 0.09)
    title, text = _font(max(12, h // 15)), _font(max(10, h // 28))
    y = round(h * 0.28)
    draw.rectangle((margin, y, margin + max(2, w // 160), round(h * 0.72)), fill=_ACCENT)
    left = margin + w // 32
    lines = [f"Page {number} cannot be shown"]
    if _chinese_font() is not None:
        lines.insert(0, f"第 {number} 页无法显示")
    for line in lines:
        draw.text((left, y), line, _INK, title)
        y += round(h * 0.095)
    y += round(h * 0.03)
    told = reason.split("\n") if _chinese_font() is not None else reason.split("\n")[-1:]
    wrapped = [line for part in told for line in _wrapped(draw, part, text, w - left - margin)]
    for line in wrapped[:6]:
        draw.text((left, y), line, _INK, text)
        y += round(h * 0.052)
    return np.array(picture)


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: Font, width_px: float) -> list[str]:
    """At most four lines; breaks at spaces where it can, and inside long names where it must."""
    lines: list[str] = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if draw.textlength(joined, font) <= width_px:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if draw.textlength(lines[-1] + character, font) > width_px:
                lines.append("")
            lines[-1] += character
    return lines[:4]
