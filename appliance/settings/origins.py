"""Raw values and where each came from: the file and its line, a variable, or a flag."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.settings.errors import Fault, SettingsError
from appliance.settings.wording import sections, shown

# Read elsewhere, and secrets besides: they must never be listed as settings.
RESERVED = frozenset(
    {
        "CLASSROOM_CONFIG",
        "CLASSROOM_ASSISTANT_TOKEN",
        "CLASSROOM_PRESENTER_TOKEN",
        "CLASSROOM_VIEWER_TOKEN",
        "CLASSROOM_MODELS_DIR",
    }
)
PREFIX = "CLASSROOM_"

_HEADER = re.compile(r"^\s*\[\[?\s*([\w-]+)(?:\s*\.\s*([\w-]+))?\s*\]")
_KEY = re.compile(r"^\s*([\w-]+)(?:\s*\.\s*([\w-]+))?\s*=")


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given, and by whom. where: "FILE line N", "$VARIABLE" or "--flag"."""

    value: Any
    where: str


Values = dict[tuple[str, str], Given]


def from_file(path: Path, faults: list[Fault]) -> Values:
    """Reads a TOML file; what is no setting goes to `faults`.

    Raises SettingsError, with the line, for a file that is missing or no TOML.
    """
    try:
        text = path.read_bytes().decode()
        document = tomllib.loads(text)
    except OSError as error:
        mend = f"It cannot be read ({error.strerror}). Check the path, or leave --config out."
        raise SettingsError(Fault("settings file", "", mend, str(path))) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(Fault("settings file", "", "Save it as UTF-8.", f"{path} line {line}")) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(Fault("settings file", "", f"This is not TOML: {error}.", str(path))) from None
    lines = _lines(text)
    values: Values = {}
    for section, keys in document.items():
        where = f"{path} line {lines.get((section, ''), 1)}"
        if not isinstance(keys, dict):
            mend = f"Settings live in sections: write [section] above it. {_section_hint(section)}".strip()
            faults.append(Fault(section, shown(keys), mend, where))
            continue
        if section not in sections():
            faults.append(Fault(f"[{section}]", "", unknown_section(section), where))
            continue
        for key, value in keys.items():
            line = lines.get((section, key), lines.get((section, ""), 1))
            values[section, key] = Given(value, f"{path} line {line}")
    return values


def from_environment(environment: Mapping[str, str], faults: list[Fault]) -> Values:
    """CLASSROOM_<SECTION>_<KEY>. A variable of no section, and near none, is somebody else's."""
    values: Values = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if section in sections() and key:
            values[section, key] = Given(_parsed(section, key, text), f"${name}")
        elif close := difflib.get_close_matches(section, sections(), n=1, cutoff=0.75):
            meant = f"{PREFIX}{close[0]}_{key or 'KEY'}".upper()
            faults.append(
                Fault(name, "", f"There is no section {section}. Did you mean {meant}?", f"${name}")
            )
    return values


def from_assignments(assignments: Iterable[tuple[str, str, str]], faults: list[Fault]) -> Values:
    """(flag, "section.key", text) of the command line."""
    values: Values = {}
    for flag, name, text in assignments:
        section, dot, key = name.strip().partition(".")
        if not dot or not key:
            faults.append(Fault(name, shown(text), "Write it as --set section.key=value.", flag))
        elif section not in sections():
            faults.append(Fault(name, shown(text), unknown_section(section), flag))
        else:
            values[section, key] = Given(_parsed(section, key, text), flag)
    return values


def unknown_section(section: str) -> str:
    close = difflib.get_close_matches(section, sections(), n=1)
    meant = f" Did you mean [{close[0]}]?" if close else ""
    return f"There is no such section.{meant} The sections are {', '.join(sections())}."


def unknown_key(section: str, key: str) -> str:
    keys = list(sections()[section].model_fields)
    close = difflib.get_close_matches(key, keys, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return f"[{section}] has no such key.{meant} Its keys are {', '.join(keys)}."


def _section_hint(key: str) -> str:
    holders = [name for name, model in sections().items() if key in model.model_fields]
    return f"{key} belongs in {' or '.join(f'[{name}]' for name in holders)}." if holders else ""


def _parsed(section: str, key: str, text: str) -> Any:
    """A text of the environment or of a flag. Texts stay as they are; lists are read as TOML."""
    field = sections()[section].model_fields.get(key)
    if field is not None and text.lstrip().startswith("[") and field.annotation is not str:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _lines(text: str) -> dict[tuple[str, str], int]:
    """(section, key) -> line, and (section, "") -> its first line; (key, "") for a key above all sections."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            section = header[1]
            found.setdefault((section, header[2] or ""), number)
        elif entry := _KEY.match(line):
            first, second = entry[1], entry[2]
            if section:
                found.setdefault((section, first), number)
            else:
                found.setdefault((first, ""), number)
                found.setdefault((first, second or ""), number)
    return found
