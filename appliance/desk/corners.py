"""The corners of the LCD that a person gave in the console, kept over restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from appliance.desk.storing import read_document, set_aside, write_document
from pipelines.orders import CornerShares

FILE_NAME: Final = "corners.json"


class Corners:
    """For one thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self.shares: CornerShares | None = None
        document = read_document(self._path)
        if document is not None:
            try:
                first, second, third, fourth = ((float(x), float(y)) for x, y in document)
                self.shares = (first, second, third, fourth)
            except (TypeError, ValueError) as error:
                set_aside(self._path, repr(error))

    def keep(self, shares: CornerShares) -> None:
        """Raises CannotStore."""
        write_document(self._path, shares)
        self.shares = shares

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)
        self.shares = None
