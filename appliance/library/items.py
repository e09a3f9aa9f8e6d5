"""One courseware of the library, and how it is written down."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, Literal

ItemState = Literal["preparing", "ready", "refused"]

MAX_NAME: Final = 120
ID: Final = re.compile(r"[0-9a-f]{16}")
RECORD: Final = "item.json"
_MAINS: Final = frozenset({"", "source", "pages.pdf", "pages"})


@dataclass(frozen=True, slots=True)
class Item:
    """place: where it stands in the list. main: what is opened, in the item's folder, once it is ready.
    drawn: pages whose thumbnails were made. code, limit: why it was refused (pipelines.courseware.preparing).
    captions: how many lines it has.
    """

    item_id: str
    name: str
    size_bytes: int
    added_s: float
    place: int
    state: ItemState = "preparing"
    kind: str = ""
    pages: int = 0
    drawn: int = 0
    main: str = ""
    code: str = ""
    limit: int = 0
    captions: int = 0


def write_item(folder: Path, item: Item) -> None:
    """Whole or not at all."""
    draft = folder / f"{RECORD}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(item), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / RECORD)


def read_item(folder: Path) -> Item | None:
    """None for a folder that holds no item, or a damaged one."""
    try:
        document = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        known = {field.name for field in fields(Item)}
        item = Item(**{key: value for key, value in document.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    is_whole = item.item_id == folder.name and item.main in _MAINS and isinstance(item.place, int)
    return item if is_whole else None


def shown_name(name: str) -> str:
    """A name as it may be shown: one line, of bounded length, without what turns text around."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", last)
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join(kept.split())[:MAX_NAME].strip()
