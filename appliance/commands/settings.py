"""`classroom settings`: every setting, its value, and where it came from."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from appliance.settings import Settings, add_settings_flags, load_from_flags
from appliance.settings.loading import Loaded
from appliance.settings.wording import allowed, fields, help_text, plain, sections, shown

SUMMARY = "Show every setting, its value and where the value comes from."

EXAMPLES = """\
examples:
  classroom settings                               all values, and who set them
  classroom settings --toml > appliance.toml       a commented file to start from
  CLASSROOM_CAMERA_URL=/dev/video0 classroom settings

Later wins: defaults, the file, the environment (CLASSROOM_<SECTION>_<KEY>), flags.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--toml", action="store_true", help="print the commented file of all defaults")
    add_settings_flags(parser)


def run(args: argparse.Namespace) -> int:
    if args.toml:
        print(annotated_toml(), end="")
        return 0
    for line in effective(load_from_flags(args)):
        print(line)
    return 0


def effective(loaded: Loaded) -> Iterator[str]:
    """Lines of "section.key = value   origin", without secrets."""
    rows = [
        (
            f"{section}.{key}",
            shown(plain(getattr(loaded.settings, section))[key]),
            loaded.origin(section, key),
        )
        for section, key, _ in fields()
    ]
    key_width = max(len(key) for key, _, _ in rows)
    value_width = min(40, max(len(value) for _, value, _ in rows))
    for key, value, origin in rows:
        yield f"{key:<{key_width}} = {value:<{value_width}}  {origin}"


def annotated_toml() -> str:
    """The file of all defaults, each commented out: what is not commented is the operator's own choice."""
    defaults = Settings()
    lines = [
        "# Settings of the classroom box: every key, its default, and what it may hold.",
        "# Take the # away before a key to change it. `classroom settings` shows what is in force.",
        "# The environment (CLASSROOM_CAMERA_URL=...) and flags (--camera ...) win over this file.",
        "# Tokens are no settings: CLASSROOM_ASSISTANT_TOKEN and CLASSROOM_VIEWER_TOKEN in the environment,",
        "# else made once and kept in the state folder.",
    ]
    for section, model in sections().items():
        purpose = (model.__doc__ or "").strip().splitlines()[0].removeprefix(f"[{section}]:").strip()
        lines += ["", f"# {purpose[:1].upper()}{purpose[1:]}", f"[{section}]"]
        values = plain(getattr(defaults, section))
        for key, field in model.model_fields.items():
            lines += ["", f"# {help_text(field)}"]
            if field.annotation is not str:
                lines.append(f"# It holds {allowed(field)}.")
            lines.append(f"# {key} = {'[...]' if values[key] is None else shown(values[key])}")
    return "\n".join(lines) + "\n"
