"""Sections and keys in words: what a key may hold, its default, and what an operator may see of its value."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from appliance.settings.model import Settings

# user:password@ of a URL: the password is a secret, the rest helps to find the mistake.
_PASSWORD = re.compile(r"(?P<head>[a-z][a-z0-9+.-]*://[^/\s:@]*):[^/\s]*@", re.IGNORECASE)


def sections() -> dict[str, type[BaseModel]]:
    """{section name: its class}, in the order of the file."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, BaseModel)
        found[name] = field.annotation
    return found


def fields() -> Iterator[tuple[str, str, FieldInfo]]:
    """(section, key, field) of every setting, in the order of the file."""
    for section, model in sections().items():
        for key, field in model.model_fields.items():
            yield section, key, field


def redacted(text: str) -> str:
    """The text with the passwords of its URLs replaced by ***."""
    return _PASSWORD.sub(r"\g<head>:***@", text)


def shown(value: object) -> str:
    """A value as TOML writes it, without secrets. Strings and lists of JSON are TOML too."""
    if value is None:
        return "(not set)"
    if isinstance(value, Enum):
        value = value.value
    return redacted(json.dumps(value, ensure_ascii=False, default=str))


def allowed(field: FieldInfo) -> str:
    """What a field may hold, in words: "a whole number from 1 to 60"."""
    return _type_words(field.annotation) + _bounds(field.metadata)


def help_text(field: FieldInfo) -> str:
    return field.description or ""


def plain(model: BaseModel) -> Mapping[str, Any]:
    return model.model_dump(mode="json")


def _type_words(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(json.dumps(choice) for choice in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(json.dumps(choice.value) for choice in annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        first = next(choice for choice in get_args(annotation) if choice is not type(None))
        return _type_words(first) + ", or nothing"
    if get_origin(annotation) is tuple:
        return _tuple_words(get_args(annotation))
    words = {bool: "true or false", int: "a whole number", float: "a number"}
    return words.get(annotation, "a text in quotes")


def _tuple_words(items: tuple[Any, ...]) -> str:
    if isinstance(items[0], type) and issubclass(items[0], BaseModel):
        keys = ", ".join(
            f'{key} = "..."' for key, field in items[0].model_fields.items() if field.is_required()
        )
        return f"a list of tables: [{{{keys}}}]"
    if len(items) == 2 and items[1] is Ellipsis:
        return 'a list of texts: ["...", "..."]'
    if get_origin(items[0]) is tuple:
        return f"{len(items)} points: [[x, y], ...]"
    return f"{len(items)} numbers: [...]"


def _bounds(metadata: list[Any]) -> str:
    low = next((rule.ge for rule in metadata if isinstance(rule, annotated_types.Ge)), None)
    high = next((rule.le for rule in metadata if isinstance(rule, annotated_types.Le)), None)
    step = next((rule.multiple_of for rule in metadata if isinstance(rule, annotated_types.MultipleOf)), None)
    text = ""
    if low is not None and high is not None:
        text = f" from {low} to {high}"
    elif low is not None:
        text = f" of at least {low}"
    elif high is not None:
        text = f" of at most {high}"
    return text + (f", a multiple of {step}" if step is not None else "")
