"""Slates: what viewers see when there is nothing else to show. Chinese and English."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from pipelines.compositing.fonts import cjk_font, slate_font
from pipelines.compositing.lettering import clean, has_chinese, wrap
from pipelines.media import U8, SizeWh, freeze

Rgb = tuple[int, int, int]

_TOP: Rgb = (28, 35, 47)
_BOTTOM: Rgb = (15, 19, 26)
_TITLE: Rgb = (238, 241, 246)
_LINE: Rgb = (164, 174, 190)
_RULE: Rgb = (78, 128, 196)

# Shares of the slate's height, but for the width.
_TITLE_SIZE = 0.085
_LINE_SIZE = 0.046
_TEXT_HEIGHT = 0.78
_TEXT_WIDTH = 0.84
_LEADING = 1.4
_SHRINK = 0.87
_MIN_SIZE_PX = 7

_NEEDS_FONT = "This text needs a Chinese font: apt-get install fonts-noto-cjk"


class _Line(NamedTuple):
    text: str
    size_px: int
    is_title: bool


def camera_lost(reason: str = "") -> tuple[str, ...]:
    """Texts for draw_slate. reason: one sentence for a person, as in SourceLost, in each language a line."""
    return ("摄像机信号中断", "No picture from the camera", *_given(reason))


def courseware_lost(reason: str = "") -> tuple[str, ...]:
    return ("课件暂时无法显示", "The courseware cannot be shown", *_given(reason))


def starting() -> tuple[str, ...]:
    return ("课堂即将开始", "The lesson is about to begin")


def paused() -> tuple[str, ...]:
    return ("课堂暂停，请稍候", "Paused. We will be right back")


def restarting() -> tuple[str, ...]:
    return ("画面正在恢复，请稍候", "The picture is coming back. Please wait")


def draw_slate(size_wh: SizeWh, title: str, *lines: str) -> U8:
    """A calm dark picture with text in its middle, u8 (H, W, 3), sRGB-coded, frozen.

    Takes any text: control characters are stripped, each text is cut at 500 characters, lines wrap,
    and the whole shrinks until it fits. Without a Chinese font (`cjk_font`), texts in Chinese are left
    out, and where no other is left the slate says what is missing.
    """
    width, height = size_wh
    picture = Image.fromarray(backdrop(size_wh))
    draw = ImageDraw.Draw(picture)
    texts = _readable((title, *lines))
    laid = _fit(texts, size_wh)
    rule_px = max(2, round(height * 0.004))
    y = (height - _height_px(laid) - _gap_px(laid)) / 2
    for index, line in enumerate(laid):
        font = slate_font(line.size_px, bold=line.is_title)
        middle = y + line.size_px * _LEADING / 2
        draw.text((width / 2, middle), line.text, _TITLE if line.is_title else _LINE, font, anchor="mm")
        y += line.size_px * _LEADING
        if line.is_title and index + 1 < len(laid) and not laid[index + 1].is_title:
            at, half = round(y + _gap_px(laid) / 2), round(width * 0.03)
            draw.rectangle((width // 2 - half, at, width // 2 + half, at + rule_px - 1), _RULE)
            y += _gap_px(laid)
    slate = np.asarray(picture, np.uint8)
    freeze(slate)
    return slate


def _given(reason: str) -> tuple[str, ...]:
    return tuple(line for line in reason.splitlines() if line.strip())


def backdrop(size_wh: SizeWh, top: Rgb = _TOP, bottom: Rgb = _BOTTOM) -> U8:
    """A calm ground, u8 (H, W, 3); the slates' own is dark."""
    width, height = size_wh
    down = np.linspace(0, 1, height)[:, None, None]
    column = np.array(top) * (1 - down) + np.array(bottom) * down
    return np.broadcast_to(np.rint(column).astype(np.uint8), (height, width, 3)).copy()


def _readable(texts: tuple[str, ...]) -> list[str]:
    """Texts that can be drawn with this machine's fonts, the title first."""
    wanted = [text for text in texts if text.strip()]
    if cjk_font() is None:
        wanted = [line for text in wanted for line in text.split("\n") if not has_chinese(line)] or (
            [_NEEDS_FONT] if wanted else []
        )
    return [text for text in map(clean, wanted) if text]


def _fit(texts: list[str], size_wh: SizeWh) -> list[_Line]:
    """Lines as large as fit the slate; the first ones where even the smallest do not all fit."""
    width, height = size_wh
    factor = 1.0
    while True:
        title_px = max(_MIN_SIZE_PX, round(height * _TITLE_SIZE * factor))
        line_px = max(_MIN_SIZE_PX, round(height * _LINE_SIZE * min(1.0, factor * 1.3)))
        laid = [
            _Line(part, title_px if index == 0 else line_px, index == 0)
            for index, text in enumerate(texts)
            for part in wrap(text, width * _TEXT_WIDTH, title_px if index == 0 else line_px, bold=index == 0)
        ]
        if _height_px(laid) + _gap_px(laid) <= height * _TEXT_HEIGHT:
            return laid
        if title_px == line_px == _MIN_SIZE_PX:
            break
        factor *= _SHRINK
    while laid and _height_px(laid) > height * _TEXT_HEIGHT:
        laid.pop()
    return laid


def _height_px(laid: list[_Line]) -> float:
    return sum(line.size_px * _LEADING for line in laid)


def _gap_px(laid: list[_Line]) -> float:
    """Room between the title and the rest."""
    return laid[0].size_px * 0.7 if laid and not laid[-1].is_title else 0.0
