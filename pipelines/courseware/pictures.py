"""Pages from pictures: one file, or a folder of them in natural order."""

from __future__ import annotations

import os
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms

from pipelines.courseware import limits
from pipelines.courseware.faults import BadPage, refused
from pipelines.courseware.fitting import centred, resized
from pipelines.media import U8, SizeWh
from pipelines.saying import said
from pipelines.scaling import fit_inside

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
_SUFFIXES: Final = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
_HEAD_BYTES: Final = 32

_TURNS: Final = {  # EXIF orientation: what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow's readers raise on damaged files; most are OSError, the rest are met by fuzzing.
_DAMAGED = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
)


def is_picture(head: bytes) -> bool:
    """Do the first 32 bytes of a file say that it is a picture that can be read here?"""
    return (
        head.startswith(
            (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
        )
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        or (
            head.startswith(b"BM")
            and head[14:18] in (b"\x0c\0\0\0", b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0")
        )
    )


class PicturePages:
    """Satisfies Pages: one page per file. Files are read when drawn, so one that has gone is a bad page."""

    kind = "pictures"

    def __init__(self, name: str, paths: list[Path]) -> None:
        self.name = name
        self.count = len(paths)
        self.paths = paths
        self._aborted = False

    @classmethod
    def of_folder(cls, folder: Path) -> PicturePages:
        """All pictures of a folder, by content or by name; hidden files and other things are left out."""
        paths: list[Path] = []
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries, 1):
                if count > limits.MAX_FOLDER_ENTRIES:
                    raise refused(
                        said(
                            "folder_too_many",
                            "{folder} holds more than {max_folder_entries} files. Put the pictures of this "
                            "lesson into a folder of their own.",
                            folder=folder,
                            max_folder_entries=limits.MAX_FOLDER_ENTRIES,
                        )
                    )
                path = Path(entry.path)
                # is_file before any reading: opening a named pipe would wait for ever.
                if not entry.name.startswith(".") and entry.is_file() and _looks_like_picture(path):
                    paths.append(path)
        if not paths:
            raise refused(
                said(
                    "folder_empty",
                    "{folder} holds no pictures. Put PNG, JPEG, WebP, BMP, TIFF or GIF files into "
                    "it, or choose a PDF or a video file instead of its folder.",
                    folder=folder,
                )
            )
        if len(paths) > limits.MAX_PAGES:
            raise refused(
                said(
                    "folder_too_long",
                    "{folder} holds {count} pictures; a lesson may have {max_pages}. Split it.",
                    folder=folder,
                    count=len(paths),
                    max_pages=limits.MAX_PAGES,
                )
            )
        return cls(folder.name, sorted(paths, key=lambda path: natural_key(path.name)))

    def draw(self, index: int, size_wh: SizeWh) -> U8:
        path = self.paths[index]
        if self._aborted:
            raise BadPage(said("picture_closed", "{name} was closed.", name=path.name))
        return read_picture(path, size_wh)

    def abort(self) -> None:
        self._aborted = True

    def close(self) -> None:
        """Nothing is kept open between pages."""


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts page2 before page10, and letters without regard to case."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts if part]


def read_picture(path: Path, size_wh: SizeWh) -> U8:
    """A picture file as a page u8 (H, W, 3) of size_wh in sRGB, upright, alpha over white. Raises BadPage."""
    try:
        size = path.stat().st_size
        if size == 0:
            raise BadPage(
                said(
                    "picture_empty",
                    "{name} is empty (0 bytes). Copy it again from where it came.",
                    name=path.name,
                )
            )
        if size > limits.MAX_PICTURE_BYTES:
            raise BadPage(
                said(
                    "picture_large",
                    "{name} is {size_mb} MB; a picture may have {most_mb} MB. Save it smaller.",
                    name=path.name,
                    size_mb=size // 1000000,
                    most_mb=limits.MAX_PICTURE_BYTES // 1000000,
                )
            )
        with Image.open(path, formats=_FORMATS) as picture:
            return _page_of(picture, path.name, size_wh)
    except FileNotFoundError:
        raise BadPage(
            said("picture_gone", "{name} is gone. Put it back, or open the folder again.", name=path.name)
        ) from None
    except PermissionError:
        raise BadPage(
            said(
                "picture_denied",
                "{name} may not be read. Give the file's rights to everybody: chmod a+r.",
                name=path.name,
            )
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path.name) from None
    except MemoryError:
        raise BadPage(
            said("picture_memory", "{name} needs more memory than there is. Save it smaller.", name=path.name)
        ) from None
    except _DAMAGED:
        raise BadPage(
            said(
                "picture_damaged",
                "{name} is damaged, or no PNG, JPEG, WebP, BMP, TIFF or GIF. Save it again.",
                name=path.name,
            )
        ) from None


def _too_large(name: str) -> BadPage:
    return BadPage(
        said(
            "picture_pixels",
            "{name} has too many pixels; a picture may have {millions} million. Save it smaller.",
            name=name,
            millions=limits.MAX_PICTURE_PX // 1000000,
        )
    )


def _page_of(picture: Image.Image, name: str, size_wh: SizeWh) -> U8:
    if picture.width * picture.height > limits.MAX_PICTURE_PX:
        raise _too_large(name)
    longest = 2 * max(size_wh)  # enough for either orientation
    picture.draft(None, (longest, longest))  # JPEG only: decodes at 1/2, 1/4 or 1/8, but not below this
    picture.load()  # before its metadata: PNG may hold them behind the pixels, and TIFF turns itself
    turned = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    profile = picture.info.get("icc_profile")
    eight = _eight_bit(picture)
    factor = min(eight.width, eight.height) // longest
    if factor > 1:
        eight = eight.reduce(factor)  # a huge picture: box average by whole pixels first
    upright = eight if turned is None else eight.transpose(turned)
    pixels = np.asarray(_to_srgb(upright, profile), np.uint8)
    rgb = np.ascontiguousarray(pixels[..., :3])
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.uint16)
        rgb = ((rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    inner_wh = fit_inside((rgb.shape[1], rgb.shape[0]), size_wh)
    return centred(resized(rgb, inner_wh), size_wh)


def _eight_bit(picture: Image.Image) -> Image.Image:
    """The same picture with 8 bits a channel, as L, RGB, CMYK or RGBA."""
    if picture.mode.startswith(("I", "F")):
        grey = np.nan_to_num(np.asarray(picture, np.float64))
        top = 1.0 if picture.mode == "F" and grey.max(initial=0) <= 1 else 65535.0
        return Image.fromarray(np.clip(grey * (255 / top) + 0.5, 0, 255).astype(np.uint8))
    if picture.mode in ("LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB", "CMYK", "RGBA") else picture.convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in sRGB. A profile that cannot be used is left out, as viewers of pictures do."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).casefold():
                changed = ImageCms.profileToProfile(
                    picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
                )
                return picture.convert(mode) if changed is None else changed
        except (ImageCms.PyCMSError, OSError, ValueError):
            return picture.convert(mode)
    return picture.convert(mode)


def _looks_like_picture(path: Path) -> bool:
    """By content, or by name: a damaged picture keeps its place in the lesson and says what is wrong."""
    if path.suffix.casefold() in _SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return is_picture(file.read(_HEAD_BYTES))
    except OSError:
        return False
