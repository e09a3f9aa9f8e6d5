"""The assistant's ink on the page, between courseware and compositing."""

from pipelines.annotating.annotator import Annotator
from pipelines.annotating.rendering import warm_up_ink

__all__ = ["Annotator", "warm_up_ink"]
