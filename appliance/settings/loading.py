"""Puts the sources on top of each other: defaults < file < environment < flags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from appliance.settings.errors import Fault, SettingsError
from appliance.settings.model import Settings
from appliance.settings.origins import (
    Given,
    Values,
    from_assignments,
    from_environment,
    from_file,
    unknown_key,
)
from appliance.settings.wording import allowed, help_text, sections, shown

SYSTEM_FILE = Path("/etc/classroom/appliance.toml")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each value that is no default came from."""

    settings: Settings
    values: Values
    file: Path | None

    def origin(self, section: str, key: str) -> str:
        given = self.values.get((section, key))
        return given.where if given is not None else "default"


def load(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    assignments: Iterable[tuple[str, str, str]] = (),
) -> Loaded:
    """Reads all sources. assignments: (flag, "section.key", text). Raises SettingsError with every fault."""
    environment = os.environ if environment is None else environment
    file = _file(config, environment)
    values: Values = {}
    faults: list[Fault] = []
    if file is not None:
        values |= from_file(file, faults)
    values |= from_environment(environment, faults)
    values |= from_assignments(assignments, faults)
    nested: dict[str, dict[str, Any]] = {}
    for (section, key), given in values.items():
        nested.setdefault(section, {})[key] = given.value
    try:
        settings = Settings.model_validate(nested)
    except ValidationError as error:
        faults += _faults(error, values)
    if faults:
        raise SettingsError(*faults)
    return Loaded(settings, values, file)


def _file(config: Path | None, environment: Mapping[str, str]) -> Path | None:
    if config is not None:
        return config
    if named := environment.get("CLASSROOM_CONFIG"):
        return Path(named)
    return SYSTEM_FILE if SYSTEM_FILE.is_file() else None


def _faults(error: ValidationError, values: Values) -> list[Fault]:
    # One field may report twice (a list's items): one line each is enough for a person.
    faults: dict[str, Fault] = {}
    for detail in error.errors(include_url=False):
        fault = _fault(detail, values)
        faults.setdefault(fault.key, fault)
    return list(faults.values())


def _fault(detail: ErrorDetails, values: Values) -> Fault:
    section = str(detail["loc"][0])
    key = str(detail["loc"][1]) if len(detail["loc"]) > 1 else ""
    if not key:  # a rule over the whole section
        given = next((given for (name, _), given in values.items() if name == section), Given(None, ""))
        return Fault(f"[{section}]", "", _sentence(detail["msg"]), given.where)
    given = values.get((section, key), Given(None, ""))
    name = f"{section}.{key}"
    if detail["type"] == "extra_forbidden":
        return Fault(name, shown(given.value), unknown_key(section, key), given.where)
    field = sections()[section].model_fields[key]
    if detail["type"] == "value_error":  # a rule of the stage itself, which knows best
        mend = f"{_sentence(detail['msg'])} {_sentence(help_text(field))}"
    else:
        mend = f"It must be {allowed(field)}. {_sentence(help_text(field))}"
    return Fault(name, shown(given.value), mend, given.where)


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
