"""The programme as H.264 and Opus, encoded once for all viewers."""

from pipelines.encoding.h264 import EncoderUnavailable
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.sound import SoundEncoder
from pipelines.encoding.still import encode_still
from pipelines.encoding.video import VideoEncoder

__all__ = ["EncoderUnavailable", "EncodingSettings", "SoundEncoder", "VideoEncoder", "encode_still"]
