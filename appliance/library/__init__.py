"""The box's own courseware: uploads, made ready to be shown, with thumbnails. One folder, private to the box.

<state>/library/<id>/   item.json, source (as uploaded), what is shown, thumbs/00001.webp and on

Names are shown, never used as paths. What a file is, is told by its content alone.
"""

from appliance.library.items import Item
from appliance.library.library import Incoming, Library, NotThere, Unwelcome
from appliance.library.preparing import Preparer
from appliance.library.settings import LibrarySettings
from appliance.library.webvtt import BadCaptions, Cue, read_webvtt
from appliance.library.wording import Language, language_of, refusal_text

__all__ = [
    "BadCaptions",
    "Cue",
    "Incoming",
    "Item",
    "Language",
    "Library",
    "LibrarySettings",
    "NotThere",
    "Preparer",
    "Unwelcome",
    "language_of",
    "read_webvtt",
    "refusal_text",
]
