"""The way of a frame, from the camera to the viewers: see docs/architecture.md for the route."""
