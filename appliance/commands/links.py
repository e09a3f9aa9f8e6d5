"""`classroom links`: the links to the console and for the remote classrooms."""

from __future__ import annotations

import argparse

from appliance.links import links
from appliance.settings import add_settings_flags, load_from_flags
from appliance.tokens import load_tokens

SUMMARY = "Print the links to the console, for the teacher's laptop and for the remote classrooms."

EXAMPLES = """\
examples:
  classroom links                                  all links
  classroom links --watch                          only those for remote classrooms
  sudo classroom links                             of the installed service

Whoever has a link can use it: pass it on as you would a key.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="only the links for remote classrooms")
    add_settings_flags(parser)


def run(args: argparse.Namespace) -> int:
    settings = load_from_flags(args).settings
    tokens = load_tokens(settings.box.state_path)
    for link in links(settings.http, settings.http.port, tokens):
        if not args.watch:
            print(f"console, on {link.where}: {link.console}")
            print(f"teacher's laptop, on {link.where}: {link.present}")
        print(f"viewers, on {link.where}: {link.watch}")
    return 0
