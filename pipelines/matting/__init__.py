"""Frame -> Matte: the teacher cut out of the camera's picture."""

from pipelines.matting.keyer import Keyer, Refinement
from pipelines.matting.refining import Refiner, warm_up_refining
from pipelines.matting.settings import MattingSettings
from pipelines.matting.upsampling import warm_up_matting

__all__ = ["Keyer", "MattingSettings", "Refinement", "Refiner", "warm_up_matting", "warm_up_refining"]
