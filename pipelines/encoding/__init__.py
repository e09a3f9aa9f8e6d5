"""The programme as H.264 and Opus, encoded once for all viewers."""

from pipelines.encoding.h264 import EncoderUnavailable
from pipelines.encoding.layers import LayeredEncoder
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sheets import Sheet, SheetCoder
from pipelines.encoding.sound import SoundEncoder
from pipelines.encoding.still import encode_still
from pipelines.encoding.teacher import TeacherEncoder
from pipelines.encoding.video import VideoEncoder

__all__ = [
    "EncoderUnavailable",
    "EncodingSettings",
    "LayeredEncoder",
    "Sheet",
    "SheetCoder",
    "SoundEncoder",
    "TeacherEncoder",
    "VideoEncoder",
    "encode_still",
]
