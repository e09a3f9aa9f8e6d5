"""The fonts of the slates. Chinese needs a font of the system; Latin letters come with Pillow."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

# Where Debian and Ubuntu put them; the first that exists is taken.
_KNOWN = tuple(
    Path("/usr/share/fonts") / name
    for name in (
        "opentype/noto/NotoSansCJK-Regular.ttc",
        "noto-cjk/NotoSansCJK-Regular.ttc",
        "opentype/source-han-sans/SourceHanSansSC-Regular.otf",
        "truetype/wqy/wqy-microhei.ttc",
        "truetype/wqy/wqy-zenhei.ttc",
        "truetype/droid/DroidSansFallbackFull.ttf",
        "truetype/arphic/uming.ttc",
    )
)
_FC_TIMEOUT_S = 5.0

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=1)
def cjk_font() -> Path | None:
    """A font file with Chinese characters, or None: then slates are in English only.

    `apt-get install fonts-noto-cjk` mends it. Looks once per process.
    """
    return next((path for path in _KNOWN if path.is_file()), None) or _ask_fontconfig()


def _ask_fontconfig() -> Path | None:
    """Any font that says it covers Chinese. fc-match would name one even if it does not."""
    command = ["fc-list", "--format", "%{file}\n", ":lang=zh-cn:outline=true"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_FC_TIMEOUT_S, check=True, text=True)
    except (OSError, subprocess.SubprocessError):  # no fontconfig on this machine
        return None
    paths = (Path(line) for line in sorted(answer.stdout.splitlines()))
    return next((path for path in paths if path.is_file()), None)


@lru_cache(maxsize=64)
def slate_font(size_px: int, *, bold: bool) -> Font:
    """The font for slates at a size: Chinese and Latin where the system has one, else Latin alone."""
    path = cjk_font()
    if path is None:
        return ImageFont.load_default(size_px)
    heavy = path.with_name(path.name.replace("-Regular", "-Bold"))
    if bold and heavy.is_file():
        path = heavy
    return ImageFont.truetype(path, size_px, index=_simplified_index(path))


@lru_cache(maxsize=8)
def _simplified_index(path: Path) -> int:
    """The face of a collection drawn for mainland China: Noto's first face is the Japanese one."""
    for index in range(16):
        try:
            family = ImageFont.truetype(path, 10, index=index).getname()[0] or ""
        except OSError:  # past the last face
            break
        if family.endswith(" SC"):
            return index
    return 0
