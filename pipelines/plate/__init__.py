"""Page + Calibration -> what the camera sees of the LCD without the teacher, and how far it may be off."""

from pipelines.plate.plate import Plate, warm_up_plate

__all__ = ["Plate", "warm_up_plate"]
