"""Small JSON files of the desk: readable by the box alone, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any

from appliance.errors import CannotStore
from pipelines.saying import said

log = logging.getLogger("classroom.desk")


def write_document(path: Path, document: Any) -> None:
    """Raises CannotStore."""
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _cannot_write(path, error) from None


def remove_document(path: Path) -> None:
    """Harmless where there is none. Raises CannotStore."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from None


def read_document(path: Path) -> Any:
    """None where there is none. A damaged one is put aside under another name, and told in the log."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        set_aside(path, str(error))
        return None


def set_aside(path: Path, why: str) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    log.error("%s cannot be read (%s): the box goes on without it, and keeps it as %s", path, why, aside.name)
    with contextlib.suppress(OSError):
        path.replace(aside)


def _cannot_write(path: Path, error: OSError) -> CannotStore:
    return CannotStore(
        said(
            "cannot_write",
            "{path} cannot be written ({why}): make room, and give the box's user the right to write there.",
            path=path,
            why=error.strerror,
        )
    )
