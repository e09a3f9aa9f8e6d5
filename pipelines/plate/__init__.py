"""Page + Calibration -> what the camera sees of the LCD without the teacher, and how far it may be off."""
