"""`classroom models`: which networks are on this machine, and putting them there."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from models import catalog
from models.errors import ModelError

SUMMARY = "Install, list, verify and remove the networks that cut the teacher out."

EXAMPLES = """\
examples:
  classroom models install rvm-mobilenetv3          fetch, convert and check the network the box uses
  classroom models list                             what is installed, and whether every byte is right
  classroom models add my-resnet50 --file rvm.onnx  use a network of your own

Networks are not part of this software. They are fetched on your order, each under its own licence, which is
shown. They lie in CLASSROOM_MODELS_DIR, by default in your cache folder (see `classroom models list`).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the sub-commands and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|install|add|verify|remove")
    _action(actions, "list", "the networks of the catalogue and your own, and how they are")
    install = _action(actions, "install", "fetch a network of the catalogue, convert it, check it")
    install.add_argument("name", metavar="NAME", help="a network of `classroom models list`")
    origin = install.add_mutually_exclusive_group()
    origin.add_argument(
        "--from", dest="archive", type=Path, metavar="ARCHIVE", help="an archive already fetched"
    )
    origin.add_argument("--file", type=Path, metavar="PATH", help="an ONNX file of yours: the same as `add`")
    add = _action(actions, "add", "use an ONNX file of yours that is shaped like Robust Video Matting")
    add.add_argument("name", metavar="NAME", help="the name it shall have")
    add.add_argument("--file", type=Path, required=True, metavar="PATH", help="the ONNX file; it is copied")
    verify = _action(actions, "verify", "check every byte of a network, then its results")
    verify.add_argument("name", metavar="NAME", nargs="?", help="without it: all that are installed")
    remove = _action(actions, "remove", "delete an installed network")
    remove.add_argument("name", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Does what the command line says. Raises ModelError, whose sentence the command line prints."""
    folder: Path = args.models_dir or catalog.default_models_dir()
    if args.action == "list":
        return _list(folder)
    if args.action == "verify":
        return _verify(args.name, folder)
    if args.action == "remove":
        print(f"{args.name} removed, {catalog.remove(args.name, folder) / 1e6:.0f} MB set free.")
        return 0
    return _install(args, folder)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=summary)
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where the networks lie")
    return parser


def _list(folder: Path) -> int:
    print(f"Networks in {folder}")
    for network in catalog.list_networks(folder):
        size = f", {network.size_bytes / 1e6:.0f} MB" if network.size_bytes else ""
        print(f"  {network.name}  [{network.state}{size}]\n      {network.title}")
        if network.state == "missing":
            print(f"      install it: {catalog.mend(network.name)}")
        elif network.state == "broken":
            print(f"      {network.reason}")
    return 0


def _verify(name: str | None, folder: Path) -> int:
    from models.install import verify  # brings ONNX Runtime along, which takes its time

    names = [name] if name else [net.name for net in catalog.list_networks(folder) if net.state != "missing"]
    if not names:
        raise ModelError(
            f"No network is installed in {folder}. Mend it: {catalog.mend(catalog.DEFAULT_NAME)}"
        )
    status = 0
    for each in names:
        try:
            print(f"{each}: {len(verify(each, folder))} file(s), every byte and the results are right.")
        except ModelError as error:
            print(error.reason, file=sys.stderr)
            status = 1
    return status


def _install(args: argparse.Namespace, folder: Path) -> int:
    from models.install import add, install

    if args.file is not None:
        path = add(args.name, args.file, folder, print)
    else:
        with _ProgressLine() as progress:
            path = install(args.name, folder, progress.say, progress.show, args.archive)
    print(f"{args.name} lies in {path}.")
    return 0


class _ProgressLine:
    """One line that is rewritten on a terminal; a plain line every few seconds elsewhere."""

    EVERY_S = 5.0
    SPINNER = "|/-\\"

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._shown_s = -self.EVERY_S
        self._turns = 0
        self._is_open = False

    def __enter__(self) -> _ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_line()

    def say(self, text: str) -> None:
        self._close_line()
        print(text, flush=True)

    def show(self, fetched_bytes: int, expected_bytes: int, elapsed_s: float) -> None:
        """Bytes fetched so far (an estimate while npm is at work) and the time it took."""
        text = f"{fetched_bytes / 1e6:5.0f} of {expected_bytes / 1e6:.0f} MB, {elapsed_s:.0f} s"
        if self._is_terminal:
            self._turns += 1
            print(f"\r  {self.SPINNER[self._turns % 4]} {text} ", end="", flush=True)
            self._is_open = True
        elif time.monotonic() - self._shown_s >= self.EVERY_S:
            self._shown_s = time.monotonic()
            print(f"  {text}", flush=True)

    def _close_line(self) -> None:
        if self._is_open:
            print()
            self._is_open = False
