"""A classroom that needs no hardware: a page on an LCD, seen by a fixed camera, with a teacher before it."""

from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.simulated.optics import Fit, Optics
from pipelines.simulated.rendering import Renderer, Truth, render_clip
from pipelines.simulated.room import Room, room_from_url

__all__ = ["Fit", "Optics", "Renderer", "Room", "SimulatedClassroom", "Truth", "render_clip", "room_from_url"]
