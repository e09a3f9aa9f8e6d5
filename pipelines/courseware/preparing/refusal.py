"""Why an upload cannot be shown: a code, so that it can be told in the reader's language."""

from __future__ import annotations

from typing import Literal, get_args

RefusalCode = Literal[
    "empty",
    "unknown",
    "too_large",
    "locked",
    "damaged",
    "too_many_pages",
    "too_many_pixels",
    "too_much_output",
    "takes_too_long",
    "too_much_memory",
    "no_converter",
    "not_converted",
    "sound_only",
    "zip_bomb",
    "zip_nested",
    "zip_paths",
    "zip_no_pictures",
    "svg_active",
    "svg_external",
    "svg_damaged",
    "interrupted",
]

CODES: tuple[str, ...] = get_args(RefusalCode)


class Refusal(Exception):
    """The file will not be shown. `limit`: the number that a person needs to know, 0 if there is none."""

    def __init__(self, code: RefusalCode, limit: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit
