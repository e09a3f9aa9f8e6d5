"""A real TURN server for tests: Debian's coturn, with passwords that expire."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECRET = "the servers know it"
LOOPBACK = "127.0.0.1"

needs_coturn = pytest.mark.skipif(
    shutil.which("turnserver") is None, reason="needs a TURN server: apt install coturn"
)


@contextmanager
def turn_server(folder: Path, address: str = LOOPBACK) -> Iterator[int]:
    """At this address; its port, the same for UDP and TCP. Its files lie in folder."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
    command = [
        "turnserver",
        "-n",
        f"--listening-ip={address}",
        f"--relay-ip={address}",
        f"--listening-port={port}",
        "--use-auth-secret",
        f"--static-auth-secret={SECRET}",
        "--realm=classroom",
        "--no-tls",
        "--no-dtls",
        "--allow-loopback-peers",
        "--no-cli",
        "--log-file=stdout",
        f"--pidfile={folder / 'pid'}",
        f"--userdb={folder / 'turndb'}",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex((address, port)) == 0:
                        break
                time.sleep(0.05)
            else:
                pytest.fail((folder / "log").read_text())
            yield port
        finally:
            server.terminate()
            server.wait(10)
