"""Frame -> Matte: the teacher cut out of the camera's picture."""

from pipelines.matting.held import HeldObjects, warm_up_held
from pipelines.matting.keyer import Keyer, Refinement
from pipelines.matting.settings import MattingSettings
from pipelines.matting.upsampling import warm_up_matting

__all__ = ["HeldObjects", "Keyer", "MattingSettings", "Refinement", "warm_up_held", "warm_up_matting"]
