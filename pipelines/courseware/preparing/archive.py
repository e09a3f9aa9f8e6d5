"""Takes the pictures out of a ZIP. Names inside are sorted by, never used as paths."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from pipelines.courseware import limits
from pipelines.courseware.pictures import is_picture, natural_key
from pipelines.courseware.preparing.refusal import Refusal

MAX_ENTRIES: Final = 5_000
MAX_TOTAL_BYTES: Final = 1_000_000_000
MAX_RATIO: Final = 100  # pictures are packed already: the best known PNG of a real page is below 30
_RATIO_FROM_BYTES: Final = 10_000_000  # a small file may be as well packed as it likes
_CHUNK: Final = 1 << 20
_NESTED: Final = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\xfd7zXZ", b"BZh")


def unpack_pictures(path: Path, folder: Path) -> int:
    """Writes the pictures as 00001, 00002 and on into `folder`, in natural order. Returns how many.

    What is neither picture nor archive (notes, thumbnails of a system) is left out. Raises Refusal.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _checked(archive.infolist())
            return _unpack(archive, entries, folder)
    # NotImplementedError is zipfile's for a compression that it does not know.
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, OSError, ValueError):
        raise Refusal("damaged") from None
    except RuntimeError:  # what zipfile says of an entry with a password
        raise Refusal("locked") from None


def _checked(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(entries) > MAX_ENTRIES:
        raise Refusal("zip_bomb")
    total = 0
    kept = []
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if name.is_absolute() or ".." in name.parts or is_link or name.drive:
            raise Refusal("zip_paths")
        if entry.flag_bits & 1:
            raise Refusal("locked")
        total += entry.file_size
        if total > MAX_TOTAL_BYTES or _is_bomb(entry):
            raise Refusal("zip_bomb")
        is_hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
        if not entry.is_dir() and not is_hidden:
            kept.append(entry)
    return sorted(kept, key=lambda entry: natural_key(entry.filename))


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    is_large = entry.file_size > _RATIO_FROM_BYTES
    return is_large and entry.file_size > MAX_RATIO * max(1, entry.compress_size)


def _unpack(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path) -> int:
    folder.mkdir()
    count, total = 0, 0
    for entry in entries:
        with archive.open(entry) as source:
            head = source.read(4096)
            if head.startswith(_NESTED):
                raise Refusal("zip_nested")
            if not is_picture(head):
                continue
            count += 1
            if count > limits.MAX_PAGES:
                raise Refusal("too_many_pages", limits.MAX_PAGES)
            with (folder / f"{count:05d}").open("xb") as target:
                size = target.write(head)
                # The size declared may be a lie: what really comes out is counted.
                while chunk := source.read(_CHUNK):
                    size += target.write(chunk)
                    if size > limits.MAX_PICTURE_BYTES or total + size > MAX_TOTAL_BYTES:
                        raise Refusal("zip_bomb")
            total += size
    if not count:
        raise Refusal("zip_no_pictures")
    return count
