"""A strip at the foot of a page that says what is missing, while the lesson goes on above it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from pipelines.compositing.fonts import cjk_font, slate_font
from pipelines.compositing.lettering import clean, has_chinese, wrap
from pipelines.media import Page, freeze

_SHADE = 0.82
_TEXT = (238, 241, 246)
_BACK = np.array((20, 26, 36), np.float32)
_SIZE = 0.030  # letters, as a share of the page's height
_MARGIN = 0.03  # of its width
_LEADING = 1.45
_MOST_LINES = 3


def with_notice(page: Page, *texts: str) -> Page:
    """The same page with a dark strip along its foot, and the texts in it on at most three lines: what is
    Chinese on the first, all else below.

    page.rgb: u8 (H, W, 3), sRGB-coded; it is not changed. Texts in Chinese are left out where no
    font has them.
    """
    height, width = page.rgb.shape[:2]
    size_px = max(9, round(height * _SIZE))
    cleaned = [text.replace("\n", " ") for text in map(clean, texts) if text.strip()]
    chinese = [text for text in cleaned if has_chinese(text)] if cjk_font() is not None else []
    others = [text for text in cleaned if not has_chinese(text)]
    margin_px = round(width * _MARGIN)
    lines = [
        line
        for told in (chinese, others)
        if told
        for line in wrap("  ·  ".join(told), width - 2 * margin_px, size_px)[: _MOST_LINES - 1]
    ][:_MOST_LINES]
    strip_px = round((len(lines) + 0.6) * size_px * _LEADING)
    rgb = page.rgb.copy()
    foot = rgb[height - strip_px :]
    foot[:] = np.rint(foot * np.float32(1 - _SHADE) + _BACK * np.float32(_SHADE)).astype(np.uint8)
    picture = Image.fromarray(foot)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        middle = (number + 0.8) * size_px * _LEADING
        draw.text((margin_px, middle), line, _TEXT, slate_font(size_px, bold=False), anchor="lm")
    foot[:] = np.asarray(picture)
    freeze(rgb)
    return replace(page, rgb=rgb)
