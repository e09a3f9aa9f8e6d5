"""The box as a person starts it: a process of its own, over the fake studio."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

HERE = Path(__file__).parent
ASSISTANT = "assistant-token-of-the-tests"
PRESENTER = "presenter-token-of-the-tests"
VIEWER = "viewer-token-of-the-tests"
PATIENCE_S = 30.0


def until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Waits for a condition; the patience is for a busy machine, not a measure."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


def descendants(pid: int) -> set[int]:
    """Process ids below pid."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found |= {child} | descendants(child)
    return found


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


class Box:
    """`classroom run` as a real process."""

    def __init__(self, tmp_path: Path, *arguments: str, **environment: str) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CLASSROOM_")}
        self.log_path = tmp_path / "box.log"
        self.state_dir = tmp_path / "state"
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "fake_box.py"), "run", "--port", "0", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=inherited
                | {
                    "STATE_DIRECTORY": str(self.state_dir),
                    "CLASSROOM_ASSISTANT_TOKEN": ASSISTANT,
                    "CLASSROOM_PRESENTER_TOKEN": PRESENTER,
                    "CLASSROOM_VIEWER_TOKEN": VIEWER,
                    "CLASSROOM_HTTP_HOST": "127.0.0.1",
                    "CLASSROOM_PROGRAMME_WIDTH_PX": "640",
                    "CLASSROOM_PROGRAMME_HEIGHT_PX": "360",
                }
                | environment,
            )
        self.known: set[int] = set()

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def base(self) -> str:
        found: list[str] = []

        def printed() -> bool:
            assert self.process.poll() is None, self.log
            found[:] = re.findall(r"http://127\.0\.0\.1:\d+", self.log)
            return bool(found)

        until(printed, f"a link in the log:\n{self.log}")
        return found[0]

    @property
    def studio_pid(self) -> int:
        return int(re.findall(r"studio started, process (\d+)", self.log)[-1])

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def request(self, method: str, path: str, token: str = ASSISTANT, **kwargs: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.request(method, self.base + path, headers=headers, timeout=20, **kwargs)  # type: ignore[arg-type]

    def status(self) -> dict[str, object]:
        document: dict[str, object] = self.get("/api/v1/status").json()
        return document

    def until_live(self) -> None:
        base = self.base
        until(lambda: httpx.get(base + "/health").status_code == 200, f"live\n{self.log}")
        self.known |= descendants(self.process.pid)

    def wait(self) -> int:
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Whatever a test left: the box and everything below it is gone afterwards."""
        self.known |= descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.known:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
