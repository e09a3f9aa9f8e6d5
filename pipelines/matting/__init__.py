"""Frame -> Matte: the teacher cut out of the camera's picture."""

from pipelines.matting.carrying import Carrier, warm_up_matting
from pipelines.matting.coarse import Coarse
from pipelines.matting.keyer import Keyer
from pipelines.matting.refining import Refiner, warm_up_refining
from pipelines.matting.settings import MattingSettings
from pipelines.matting.uprighting import upright_by_people

__all__ = [
    "Carrier",
    "Coarse",
    "Keyer",
    "MattingSettings",
    "Refiner",
    "upright_by_people",
    "warm_up_matting",
    "warm_up_refining",
]
