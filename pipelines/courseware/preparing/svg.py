"""Is an SVG only a drawing? Scripts, outside references and entities are refused, not repaired."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from xml.parsers import expat

from pipelines.courseware.preparing.refusal import Refusal

MAX_BYTES: Final = 20_000_000
MAX_ELEMENTS: Final = 200_000
_ACTIVE: Final = frozenset(
    {"script", "foreignobject", "iframe", "object", "embed", "handler", "listener", "animate", "set"}
)
# Inside the file itself, or a picture in it.
_OWN: Final = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp);base64,)", re.IGNORECASE)
_CSS_URL: Final = re.compile(r"""url\(\s*['"]?([^)'"]*)""", re.IGNORECASE)


def check_svg(path: Path) -> None:
    """Raises Refusal: svg_active, svg_external, svg_damaged or too_large."""
    if path.stat().st_size > MAX_BYTES:
        raise Refusal("too_large", MAX_BYTES // 1_000_000)
    check = _Check()
    parser = expat.ParserCreate()
    parser.StartElementHandler = check.element
    parser.CharacterDataHandler = check.text
    parser.EntityDeclHandler = check.entity
    parser.ProcessingInstructionHandler = check.instruction
    try:
        parser.Parse(path.read_bytes(), True)
    except (expat.ExpatError, UnicodeError, ValueError, LookupError):
        raise Refusal("svg_damaged") from None
    if not check.elements:
        raise Refusal("svg_damaged")


class _Check:
    def __init__(self) -> None:
        self.elements = 0
        self._in_style = False

    def element(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        local = name.rpartition(":")[2].lower()
        if self.elements == 1 and local != "svg":
            raise Refusal("svg_damaged")
        if self.elements > MAX_ELEMENTS:
            raise Refusal("svg_damaged")
        if local in _ACTIVE:
            raise Refusal("svg_active")
        self._in_style = local == "style"
        for key, value in attributes.items():
            word = key.rpartition(":")[2].lower()
            if word.startswith("on"):
                raise Refusal("svg_active")
            if word in ("href", "src") and value.strip():
                if value.strip().lower().startswith("javascript:"):
                    raise Refusal("svg_active")
                # The link of an <a> goes nowhere on a page that nobody can click.
                if local != "a" and not _OWN.match(value):
                    raise Refusal("svg_external")
            _check_css(value)

    def text(self, text: str) -> None:
        if self._in_style:
            if "@import" in text.lower():
                raise Refusal("svg_external")
            _check_css(text)

    def entity(self, *_declared: object) -> None:
        """Entities can be nested into billions, or read other files."""
        raise Refusal("svg_active")

    def instruction(self, target: str, _data: str) -> None:
        if target.lower() == "xml-stylesheet":
            raise Refusal("svg_external")


def _check_css(text: str) -> None:
    for address in _CSS_URL.findall(text):
        if address and not _OWN.match(address):
            raise Refusal("svg_external")
