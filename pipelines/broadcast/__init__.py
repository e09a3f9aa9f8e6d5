"""From coded packets to viewers: WebRTC by WHEP, and a viewer for tests and measurements."""

from pipelines.broadcast.broadcast import Broadcast
from pipelines.broadcast.counting import Count, CountingViewer
from pipelines.broadcast.errors import AnswerTimedOut, BadOffer, BroadcastError, TooManyViewers
from pipelines.broadcast.ice_servers import IceServer
from pipelines.broadcast.settings import BroadcastSettings
from pipelines.broadcast.status import Hears, ViewerStatus
from pipelines.broadcast.viewer import ViewedFrame, WhepError, WhepViewer

__all__ = [
    "AnswerTimedOut",
    "BadOffer",
    "Broadcast",
    "BroadcastError",
    "BroadcastSettings",
    "Count",
    "CountingViewer",
    "Hears",
    "IceServer",
    "TooManyViewers",
    "ViewedFrame",
    "ViewerStatus",
    "WhepError",
    "WhepViewer",
]
