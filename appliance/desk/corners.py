"""The corners of the LCD that a person gave in the console, kept over restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from appliance.desk.storing import read_document, set_aside, write_document
from appliance.errors import CannotStore
from pipelines.orders import CornerShares
from pipelines.saying import said

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
        """Raises CannotStore where the file remains; here they are forgotten nevertheless."""
        self.shares = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotStore(
                said(
                    "file_remains",
                    "{path} cannot be removed ({why}): it is in use again after the next start.",
                    path=str(self._path),
                    why=error.strerror,
                )
            ) from None
