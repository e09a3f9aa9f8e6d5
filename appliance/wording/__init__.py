"""The box's sentences in the reader's language: what the pipelines and the gateway say, by its code.

English is beside each sentence where it is said (`pipelines.saying`); Chinese is here.
"""

from __future__ import annotations

from typing import Final, Literal

from appliance.wording.answers import ANSWERS
from appliance.wording.box import BOX
from appliance.wording.calibration import CALIBRATION
from appliance.wording.courseware import COURSEWARE
from appliance.wording.sources import SOURCES
from pipelines.saying import in_words

Language = Literal["zh", "en"]

CHINESE: Final[dict[str, str]] = {**ANSWERS, **BOX, **CALIBRATION, **COURSEWARE, **SOURCES}


def in_language(text: str, language: Language) -> str:
    """What is not a Said, or has no Chinese, stays as it is."""
    return str(text) if language == "en" else in_words(text, CHINESE)
