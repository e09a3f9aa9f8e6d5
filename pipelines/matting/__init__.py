"""Frame -> Matte: the teacher cut out of the camera's picture."""

from pipelines.matting.keyer import Keyer, Refinement
from pipelines.matting.settings import MattingSettings

__all__ = ["Keyer", "MattingSettings", "Refinement"]
