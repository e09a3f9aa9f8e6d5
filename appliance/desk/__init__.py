"""What the assistant's desk keeps on the box: rooms, what they say, the lesson's log."""

from appliance.desk.audience import SIGNALS, Audience, Mute, Signal, SignalKind, TooOften, ViewerReport
from appliance.desk.desk import Desk
from appliance.desk.lesson_log import Entry, EntryKind, LessonLog
from appliance.desk.quality import QualityHistory, QualitySample
from appliance.desk.rooms import NoSuchRoom, Room, Rooms, TooManyRooms
from appliance.desk.scenes import NoSuchScene, SavedScene, SavedScenes, TooManyScenes

__all__ = [
    "SIGNALS",
    "Audience",
    "Desk",
    "Entry",
    "EntryKind",
    "LessonLog",
    "Mute",
    "NoSuchRoom",
    "NoSuchScene",
    "QualityHistory",
    "QualitySample",
    "Room",
    "Rooms",
    "SavedScene",
    "SavedScenes",
    "Signal",
    "SignalKind",
    "TooManyRooms",
    "TooManyScenes",
    "TooOften",
    "ViewerReport",
]
