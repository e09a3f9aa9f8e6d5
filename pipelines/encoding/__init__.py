"""The programme as H.264 and Opus, encoded once for all viewers."""
