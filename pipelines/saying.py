"""Sentences for people, which know what they say: a code and values, so that others can say it in Chinese.

To the pipelines such a sentence is a str, in English, and goes wherever one goes: into logs, exceptions and
over the pipe to the gateway. The words in other languages are the box's (`appliance.wording`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Value = str | int | float
SENTENCES: Final = "sentences"
"""Code of several said after each other: values "0", "1", ..."""


class Said(str):
    """code: which sentence it is. values: what it was filled with; a Said among them is a sentence itself."""

    __slots__ = ("code", "values")

    code: str
    values: Mapping[str, Value]

    def __new__(cls, text: str, code: str, values: Mapping[str, Value]) -> Said:
        made = super().__new__(cls, text)
        made.code, made.values = code, values
        return made

    def __reduce__(self) -> tuple[type[Said], tuple[str, str, dict[str, Value]]]:
        return Said, (str(self), self.code, dict(self.values))


def said(code: str, english: str, **values: object) -> Said:
    """english: with {names}, as for str.format. A test fails for a code without Chinese."""
    plain = {
        name: value if isinstance(value, (str, int, float)) else str(value) for name, value in values.items()
    }
    return Said(english.format(**plain), code, plain)


def after_each_other(*sentences: str) -> str:
    """One text of several; "" are left out."""
    told = [sentence for sentence in sentences if sentence]
    if len(told) < 2:
        return told[0] if told else ""
    return Said(" ".join(told), SENTENCES, {str(index): sentence for index, sentence in enumerate(told)})


def in_words(text: str, words: Mapping[str, str]) -> str:
    """A sentence in the language of these words, by code. What is not a Said, or has none, stays English."""
    if not isinstance(text, Said):
        return str(text)
    values = {
        name: in_words(value, words) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    if text.code == SENTENCES:
        return "".join(str(value) for value in values.values())
    template = words.get(text.code)
    return str(text) if template is None else template.format_map(values)


_chinese: Mapping[str, str] = {}


def learn(chinese: Mapping[str, str]) -> None:
    """What `both` of this process says in Chinese, by code. Once, by whoever starts the process."""
    global _chinese
    _chinese = chinese


def both(text: str) -> str:
    """Chinese and English, a line each, for pictures that everybody sees; one where they are the same."""
    chinese = in_words(text, _chinese)
    return str(text) if chinese == text else f"{chinese}\n{text}"


def to_json(values: Mapping[str, Value]) -> dict[str, Any]:
    """Values ready for JSON, with the sentences among them."""
    return {
        name: {"text": str(value), "code": value.code, "values": to_json(value.values)}
        if isinstance(value, Said)
        else value
        for name, value in values.items()
    }


def from_json(values: Mapping[str, Any]) -> dict[str, Value]:
    """The inverse of `to_json`. Raises KeyError, TypeError for anything else."""
    return {
        name: Said(value["text"], value["code"], from_json(value["values"]))
        if isinstance(value, dict)
        else value
        for name, value in values.items()
    }


def renamed(text: str, old: str, new: str) -> str:
    """The same sentence with `new` in place of `old`, in what it was filled with too."""
    if not isinstance(text, Said):
        return text.replace(old, new)
    values = {
        name: renamed(value, old, new) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return Said(text.replace(old, new), text.code, values)


def reason_of(error: Exception) -> str:
    """What an exception says, a Said as it was raised: str(error) would forget what it knows."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) else str(error)
