"""Teacher, page and scene become the programme."""

from pipelines.compositing.clear_corner import ClearCorner
from pipelines.compositing.compositor import Compositor, EffectiveLayout, warm_up
from pipelines.compositing.fonts import cjk_font
from pipelines.compositing.inset import Inset, InsetDrawer
from pipelines.compositing.moving import STILL, Course, Step
from pipelines.compositing.notice import with_notice
from pipelines.compositing.recording_light import RecordingLight
from pipelines.compositing.slate import camera_lost, courseware_lost, draw_slate, paused, restarting, starting

__all__ = [
    "STILL",
    "ClearCorner",
    "Compositor",
    "Course",
    "EffectiveLayout",
    "Inset",
    "InsetDrawer",
    "RecordingLight",
    "Step",
    "camera_lost",
    "cjk_font",
    "courseware_lost",
    "draw_slate",
    "paused",
    "restarting",
    "starting",
    "warm_up",
    "with_notice",
]
