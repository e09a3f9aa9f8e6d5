"""The raw recording: a lesson's inputs, losslessly, so that `classroom replay` can make it again."""

from pipelines.recording.raw.films import Playback
from pipelines.recording.raw.keeping import RAW_ID, RawFile, RawItem, RawStore
from pipelines.recording.raw.log import RawLog
from pipelines.recording.raw.notes import Given, MatteNote, TickNote
from pipelines.recording.raw.reading import BrokenRecording, RawRecording

__all__ = [
    "RAW_ID",
    "BrokenRecording",
    "Given",
    "MatteNote",
    "Playback",
    "RawFile",
    "RawItem",
    "RawLog",
    "RawRecording",
    "RawStore",
    "TickNote",
]
