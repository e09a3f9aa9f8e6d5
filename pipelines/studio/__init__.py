"""The studio: the one place that wires the stages, and the process they live in."""

from pipelines.studio.process import run_studio
from pipelines.studio.settings import CalibrationSettings, ProgrammeSettings, StudioSettings

__all__ = ["CalibrationSettings", "ProgrammeSettings", "StudioSettings", "run_studio"]
