"""Frame -> Matte: the teacher cut out of the camera's picture."""
