"""Makes an uploaded file ready to be shown: converts, unpacks, counts, draws thumbnails.

A program of its own (`python -m pipelines.courseware.preparing FOLDER`), confined for good before it opens
what a stranger may have made: see `confinement`. Nothing else of the box imports its parts.
"""

from pipelines.courseware.preparing.refusal import Refusal, RefusalCode

__all__ = ["Refusal", "RefusalCode"]
