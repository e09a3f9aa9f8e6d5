"""Page + Calibration -> what the camera sees of the LCD without the teacher, and how far it may be off."""

from pipelines.plate.backdrop import Backdrop
from pipelines.plate.geometry import PageView
from pipelines.plate.plate import Expected, Plate, Turn, warm_up_plate

__all__ = ["Backdrop", "Expected", "PageView", "Plate", "Turn", "warm_up_plate"]
