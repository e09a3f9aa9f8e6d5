"""How the camera hangs, as the assistant set it; kept over restarts. Without that the settings decide."""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

from appliance.desk.storing import read_document, set_aside, write_document
from pipelines.capture.mounting import Turn, Upright

FILE_NAME: Final = "camera.json"


class Mounting:
    """For one thread. settings: how it hangs unless something else was set here."""

    def __init__(self, folder: Path, settings: Upright) -> None:
        self._path = folder / FILE_NAME
        self.upright = settings
        document = read_document(self._path)
        if document is not None:
            try:
                turn_deg, mirrored = document["turn_deg"], document["mirrored"]
                if turn_deg not in get_args(Turn) or not isinstance(mirrored, bool):
                    raise ValueError("no such mounting")
                self.upright = Upright(turn_deg, mirrored)
            except (TypeError, KeyError, ValueError) as error:
                set_aside(self._path, repr(error))

    def keep(self, upright: Upright) -> None:
        """Raises CannotStore."""
        write_document(self._path, {"turn_deg": upright.turn_deg, "mirrored": upright.mirrored})
        self.upright = upright
