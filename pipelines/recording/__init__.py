"""The programme to disk: fragmented MP4 from the packets that viewers get, with the pages as chapters."""

from pipelines.recording.marks import chapters
from pipelines.recording.recorder import CannotRecord, Recorder, RecorderStatus
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.storing import ITEM_ID, BeingWritten, Item, NotThere, Store
from pipelines.recording.worst import WorstMattes
from pipelines.recording.worst_files import WorstMoment

__all__ = [
    "ITEM_ID",
    "BeingWritten",
    "CannotRecord",
    "Item",
    "NotThere",
    "Recorder",
    "RecorderStatus",
    "RecordingSettings",
    "Store",
    "WorstMattes",
    "WorstMoment",
    "chapters",
]
