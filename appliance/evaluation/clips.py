"""Labelled clips: NAME_fgr.mp4, straight colour, and NAME_pha.mkv, its alpha; courseware/*.png."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from pipelines.media import U8, SizeWh

MOST_FRAMES = 120


class SetRefused(Exception):
    """The set of clips cannot be evaluated: which file, why, and how to mend it."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """frames: (straight colour u8 (h, w, 3), alpha u8 (h, w)) each, at most MOST_FRAMES."""

    name: str
    frames: tuple[tuple[U8, U8], ...]

    def at(self, index: int) -> tuple[U8, U8]:
        """Forwards, then backwards, for ever."""
        count = len(self.frames)
        step = index % max(2 * count - 2, 1)
        return self.frames[min(step, 2 * count - 2 - step)]


def find_clips(folder: Path) -> list[str]:
    """Names of the labelled clips. Raises SetRefused."""
    if not folder.is_dir():
        raise SetRefused(f"{folder} is no folder: give the one that holds NAME_fgr.mp4 and NAME_pha.mkv.")
    names = sorted(path.name.removesuffix("_fgr.mp4") for path in folder.glob("*_fgr.mp4"))
    lonely = [name for name in names if not (folder / f"{name}_pha.mkv").exists()]
    if lonely:
        raise SetRefused(f"{folder / lonely[0]}_fgr.mp4 has no alpha: put {lonely[0]}_pha.mkv beside it.")
    if not names:
        raise SetRefused(f"{folder} holds no labelled clips: NAME_fgr.mp4 with NAME_pha.mkv beside it.")
    return names


def load_clip(folder: Path, name: str) -> Clip:
    """Raises SetRefused."""
    fgr_path, pha_path = folder / f"{name}_fgr.mp4", folder / f"{name}_pha.mkv"
    colours, covers = _pictures(fgr_path, "rgb24"), _pictures(pha_path, "gray")
    if len(colours) != len(covers):
        raise SetRefused(
            f"{fgr_path} has {len(colours)} frames, {pha_path.name} {len(covers)}: they must be as many."
        )
    for number, (colour, cover) in enumerate(zip(colours, covers, strict=True)):
        if colour.shape[:2] != cover.shape:
            raise SetRefused(f"{name}, frame {number}: colour and alpha differ in size.")
    if max(int(cover.max()) for cover in covers) < 200:
        raise SetRefused(f"{pha_path} shows nobody: its alpha never comes near 255.")
    return Clip(name, tuple(zip(colours, covers, strict=True)))


def load_courseware(folder: Path, size_wh: SizeWh) -> list[U8]:
    """courseware/*.png of a set, resized; empty where there is none. Raises SetRefused."""
    pages = []
    for path in sorted((folder / "courseware").glob("*.png")):
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            raise SetRefused(f"{path} is no picture: mend or remove it.")
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        pages.append(np.asarray(cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8))
    return pages


def _pictures(path: Path, pixels: str) -> list[U8]:
    try:
        with av.open(str(path)) as file:
            found = []
            for frame in file.decode(video=0):
                found.append(np.asarray(frame.to_ndarray(format=pixels), np.uint8))
                if len(found) == MOST_FRAMES:
                    break
    except (av.FFmpegError, OSError, IndexError) as error:
        raise SetRefused(f"{path} cannot be read ({type(error).__name__}): fetch it again.") from error
    if not found:
        raise SetRefused(f"{path} holds no pictures: fetch it again.")
    return found
