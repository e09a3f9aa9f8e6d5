"""What browsers send to the box by WHIP (RFC 9725), decoded: a shared screen, a room's voice and camera.

Stages take pictures and sound from here; none of them knows of WebRTC.
"""

from pipelines.receiving.offer import BadOffer, FaultKind, Medium
from pipelines.receiving.peer import ReceivingPeer, Sink, Wording
from pipelines.receiving.reception import Answered, Reception
from pipelines.receiving.single import OneSender
from pipelines.receiving.sounding import Sounding, mixed

__all__ = [
    "Answered",
    "BadOffer",
    "FaultKind",
    "Medium",
    "OneSender",
    "ReceivingPeer",
    "Reception",
    "Sink",
    "Sounding",
    "Wording",
    "mixed",
]
