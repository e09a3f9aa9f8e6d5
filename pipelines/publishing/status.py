"""DestinationStatus: how one destination is doing, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DestinationState = Literal["stopped", "connecting", "live", "waiting"]


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """One destination.

    server: its origin; the path may be a secret. layer: what is sent, "sound" for sound alone: a weak way
    gets less than the settings say. code, reason: of the last failure, "" when all is well; code is one
    of `errors.Code`. next_try_s: until the next try, while waiting. live_s: since the connection stands.
    sessions: how often one came up. loss: share of video packets lost, 0 to 1. dropped: packets left out
    because the way could not keep up.
    """

    name: str
    server: str
    layer: str
    state: DestinationState
    code: str
    reason: str
    next_try_s: float | None
    live_s: float | None
    sessions: int
    sent_bytes: int
    rtt_ms: float | None
    loss: float
    dropped: int
