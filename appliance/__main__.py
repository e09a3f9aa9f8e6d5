"""`classroom`: the command line. Each sub-command is a module of appliance/commands."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import sys
from collections.abc import Sequence
from types import ModuleType

from appliance.errors import CannotStart
from appliance.settings.errors import EX_CONFIG, SettingsError
from models.errors import ModelError
from pipelines.media import SourceLost

COMMANDS = ("run", "calibrate", "doctor", "models", "settings", "links", "bench", "eval", "replay", "compile")

EXAMPLES = """\
examples:
  classroom run                                    a simulated classroom, on this machine, right now
  classroom run --camera /dev/video0 --courseware lesson.pdf
  classroom doctor                                 what this machine lacks, and the command that mends it

Every command explains itself: classroom COMMAND --help
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, 1 (it failed, and said why), 78 (a wrong setting)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(arguments)
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help()
        return 0
    try:
        status: int = args.run(args)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    except (CannotStart, ModelError, SourceLost) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe (head, less) has seen enough
        sys.stderr.close()
        return 0
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="classroom",
        description="Cuts the teacher out of the camera picture, pastes them onto clean courseware, "
        "and sends it to remote classrooms.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = importlib.metadata.version("dual-teacher-classroom")
    parser.add_argument("--version", action="version", version=f"classroom {version}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    # Only the command asked for is imported: `classroom --version` needs no network library.
    asked = [name for name in arguments[:1] if name in COMMANDS] or COMMANDS
    for name in asked:
        module = _module(name)
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog=getattr(module, "EXAMPLES", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"appliance.commands.{name}")


if __name__ == "__main__":
    sys.exit(main())
