"""`classroom compile`: what set-up does, so that the first lesson need not wait for it."""

from __future__ import annotations

import argparse
import sys

SUMMARY = "Compile the loops over pixels now, so that the first start need not."

EXAMPLES = """\
examples:
  classroom compile                                on all processors, half a minute to a minute
  sudo classroom compile                           for the installed service

Set-up and installation do it by themselves. What is compiled already is kept. The machine code lies beside
the source, or in NUMBA_CACHE_DIR if that is set.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    from pipelines.studio.loops import compile_loops  # brings Numba along, which takes its time

    is_terminal = sys.stdout.isatty()

    def tell(done: int, parts: int) -> None:
        if is_terminal:
            print(f"\r{done} of {parts}", end="\n" if done == parts else "", flush=True)

    folder = compile_loops(tell)
    if folder is None:
        print(
            "✗ The machine code can be kept nowhere, so every start will compile it: make the folder "
            "of the software writable, or set NUMBA_CACHE_DIR to one that is.",
            file=sys.stderr,
        )
        return 1
    print(f"✓ Compiled; kept in {folder}")
    return 0
