"""`classroom run`: the box itself, in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from appliance.daemon import run_daemon
from appliance.links import links
from appliance.settings import Settings, add_settings_flags, load_from_flags
from appliance.settings.wording import redacted
from appliance.tokens import Tokens

SUMMARY = "Run the classroom: camera and courseware in, live programme out."

EXAMPLES = """\
examples:
  classroom run                                    a simulated classroom with the built-in lesson
  classroom run --camera /dev/video0 --courseware lesson.pdf
  classroom run --camera rtsp://user:password@10.0.0.5/stream --layout corner --port 9000
"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_settings_flags(parser)


def run(args: argparse.Namespace) -> int:
    loaded = load_from_flags(args)

    def announce(port: int, tokens: Tokens) -> None:
        # Under systemd what is printed stays in the journal, which more people read than may direct a lesson.
        is_service = "INVOCATION_ID" in os.environ and not sys.stdout.isatty()
        for line in welcome(loaded.settings, port, None if is_service else tokens):
            print(line, flush=True)

    return run_daemon(loaded.settings, announce)


def welcome(settings: Settings, port: int, tokens: Tokens | None) -> Iterator[str]:
    """What a person wants to know at the start: what is real, where to look, how to stop."""
    simulated = settings.camera.url.startswith("simulated:")
    yield "Dual-teacher classroom · 双师课堂"
    yield ""
    camera = "simulated classroom (a real one: --camera /dev/video0)" if simulated else settings.camera.url
    yield f"  camera      {redacted(camera)}"
    built_in = settings.courseware.path == "demo"
    courseware = (
        "built-in lesson (your own: --courseware lesson.pdf)" if built_in else settings.courseware.path
    )
    yield f"  courseware  {courseware}"
    yield f"  sound       {redacted(settings.sound.source)}"
    yield ""
    if tokens is None:
        yield f"Listening on port {port}. The links: classroom links"
        return
    for link in links(settings.http, port, tokens):
        yield f"  on {link.where}"
        yield f"    console · 控制台  {link.console}"
        yield f"    viewers · 远端    {link.watch}"
        yield f"    screen · 投屏     {link.present}"
    yield ""
    yield "The first picture takes a few seconds."
    yield "Stop with Ctrl-C."
    yield ""
