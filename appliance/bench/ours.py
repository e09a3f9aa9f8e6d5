"""Measures the real box: the daemon as its own process, with one viewer, over its public interface."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from appliance.bench.processes import usage
from appliance.bench.viewer import watch
from pipelines.media import SizeWh

START_S = 120
SETTLE_S = 6


class BenchFailed(Exception):
    """The box did not come up, or died: the reason in words."""


@dataclass(frozen=True, slots=True)
class Box:
    """A running box. url: where it listens on this machine. token: the assistant's."""

    pid: int
    url: str
    token: str

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.call("GET", "/api/v1/status")
        return status

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request with the assistant's token; the answer's JSON, None without. Raises HTTPError."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"null")


@contextlib.contextmanager
def running_box(
    size_wh: SizeWh,
    *more: str,
    program: Sequence[str] = ("appliance", "run"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Box]:
    """Starts `classroom run` on the simulated classroom and ends it. Raises BenchFailed.

    more: settings. program: another module that takes the same flags, with its arguments.
    """
    port, token = _free_port(), secrets.token_urlsafe(24)
    width, height = size_wh
    with tempfile.TemporaryDirectory(prefix="classroom-bench-") as state_dir:
        sizes = [
            f"{table}.{key}={n}"
            for table in ("camera", "programme")
            for key, n in (("width_px", width), ("height_px", height))
        ]
        overrides = [*sizes, "http.host=127.0.0.1", f"http.port={port}", f"box.state_dir={state_dir}", *more]
        command = [sys.executable, "-m", *program]
        for override in overrides:
            command += ["--set", override]
        tokens = {"CLASSROOM_ASSISTANT_TOKEN": token, "CLASSROOM_VIEWER_TOKEN": token[::-1]}
        env = {**os.environ, **(environment or {}), **tokens}
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
            try:
                box = Box(process.pid, f"http://127.0.0.1:{port}", token)
                _wait_until_live(process, box, output)
                yield box
            finally:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def measure_box(size_wh: SizeWh, seconds: float) -> dict[str, Any]:
    """One size, one viewer. Returns the keys of the report. Raises BenchFailed."""
    with running_box(size_wh) as box:
        viewer = get_context("spawn").Process(target=watch, args=(box.url, box.token), daemon=True)
        viewer.start()
        time.sleep(SETTLE_S)
        before, cpu_before_s, start_s = box.status()["programme"], usage(box.pid).cpu_s, time.monotonic()
        time.sleep(seconds)
        after, cpu_after_s = box.status()["programme"], usage(box.pid).cpu_s
        took_s = time.monotonic() - start_s
        if not viewer.is_alive():
            raise BenchFailed("the viewer ended while the box was measured: see its message above")
        viewer.terminate()
        viewer.join()
    return _figures(before, after, took_s, (cpu_after_s - cpu_before_s) / took_s)


def _figures(before: dict[str, Any], after: dict[str, Any], took_s: float, cores: float) -> dict[str, Any]:
    def counted(name: str) -> float:
        return float(after["counts"][name] - before["counts"][name])

    return {
        "stages_ms": after["stages_ms"],
        "programme_fps": counted("programme") / took_s,
        "unchanged_hz": counted("unchanged") / took_s,
        "net_hz": counted("network") / took_s,
        "matte_hz": counted("matting") / took_s,
        "camera_hz": counted("capture") / took_s,
        "capture_to_send_ms": after["capture_to_send_ms"],
        "alpha_age_ms": after["alpha_age_ms"],
        "cores": cores,
        "dropped": {name: n - before["dropped"].get(name, 0) for name, n in after["dropped"].items()},
        "late": after["late"] - before["late"],
        "stale_mattes": after["stale_mattes"],
    }


def _wait_until_live(process: subprocess.Popen[bytes], box: Box, output: Any) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            output.seek(0)
            raise BenchFailed(f"the box ended with {process.returncode}:\n{output.read()[-2000:]}")
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{box.url}/health", timeout=2) as reply,
        ):
            if reply.status == 200:
                return
        time.sleep(0.3)
    raise BenchFailed(f"the box was not live after {START_S} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
