"""A real X server with one screen of its own, without a monitor: Debian's Xvfb."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def start_server(size: str = "800x450", number: str = "") -> tuple[subprocess.Popen[bytes], str]:
    """The server, and its display: `number`, or the next one that is free. Ends when it is terminated."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read_end, write_end = os.pipe()
    wanted = [number] if number else []
    screen = ["-screen", "0", f"{size}x24"]
    server = subprocess.Popen(
        ["Xvfb", *wanted, "-displayfd", str(write_end), *screen, "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as told:
        return server, f":{told.readline().strip()}"
