"""The command line's way to the settings, the same for every sub-command that reads them."""

from __future__ import annotations

import argparse
from pathlib import Path

from appliance.settings.errors import Fault, SettingsError
from appliance.settings.loading import SYSTEM_FILE, Loaded, load

# The few that a teacher types; everything else goes through --set.
SHORTCUTS = {
    "camera": (
        "camera.url",
        "URL",
        "/dev/video0, rtsp://user:password@host/path, a video file, or simulated:",
    ),
    "courseware": ("courseware.path", "PATH", "a PDF, an image, a folder of images, a video, or demo"),
    "lcd": (
        "lcd.screen",
        "NUMBER",
        "the screen of this box that is the LCD, from 0; -1: none",
    ),
    "sound": ("sound.source", "SOURCE", "alsa:default, a sound file, tone: or silence:"),
    "port": ("http.port", "PORT", "TCP port of the console and of the viewers"),
    "layout": ("programme.layout", "LAYOUT", "aligned, corner, courseware, camera or slate"),
}


def add_settings_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--config", type=Path, metavar="FILE", help=f"TOML file (default: {SYSTEM_FILE}, if there)"
    )
    for flag, (key, metavar, text) in SHORTCUTS.items():
        group.add_argument(f"--{flag}", metavar=metavar, help=f"{text} [{key}]")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="any other setting; `classroom settings` lists them",
    )


def load_from_flags(args: argparse.Namespace) -> Loaded:
    """The settings of a command line parsed with `add_settings_flags`. Raises SettingsError."""
    assignments: list[tuple[str, str, str]] = []
    for text in args.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(Fault(text, "", "Write it as --set section.key=value.", "--set"))
        assignments.append((f"--set {name}", name, value))
    for flag, (key, _, _) in SHORTCUTS.items():
        value = getattr(args, flag)
        if value is not None:
            assignments.append((f"--{flag}", key, value))
    return load(args.config, assignments=assignments)
