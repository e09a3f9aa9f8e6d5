"""One thing that was looked at, and how it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mark = Literal["ok", "note", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """name: what was looked at. code: how it is, a key of `wording`. values: what the sentence needs."""

    name: str
    code: str
    mark: Mark = "ok"
    values: dict[str, str | int | float] = field(default_factory=dict)
