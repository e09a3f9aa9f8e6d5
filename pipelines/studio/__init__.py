"""The studio: the one place that wires the stages. `studio.process:run_studio` is the process they live in.

Only settings are exported here: the gateway reads them, and must not load networks and their runtime.
"""

from pipelines.studio.settings import CalibrationSettings, ProgrammeSettings, StudioSettings

__all__ = ["CalibrationSettings", "ProgrammeSettings", "StudioSettings"]
