"""What is said when a setting is wrong: which, where, what it was, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

EX_CONFIG = 78  # sysexits.h; systemd does not restart on it (RestartPreventExitStatus)


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong setting. key: "section.key". where: file and line, variable or flag. mend: what to write."""

    key: str
    value: str
    mend: str
    where: str = ""

    def __str__(self) -> str:
        shown = f" = {self.value}" if self.value else ""
        where = f"\n      in {self.where}" if self.where else ""
        return f"{self.key}{shown}{where}\n      {self.mend}"


class SettingsError(Exception):
    """The settings cannot be used. All faults found at once; the process exits 78."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        count = "One setting is" if len(faults) == 1 else f"{len(faults)} settings are"
        super().__init__("\n".join([f"{count} wrong:", *(f"  ✗ {fault}" for fault in faults)]))
