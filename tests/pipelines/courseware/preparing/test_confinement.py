"""What the converter may not do, tried by a process that was confined as it is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Each line is tried on its own; the answer says which came through.
PROBE = """
import json, os, socket, sys
from pathlib import Path
from pipelines.courseware.preparing.confinement import confine
work, secret = Path(sys.argv[1]), Path(sys.argv[2])
missing = confine(work, (), memory_bytes=2 << 30, cpu_s=20, file_bytes=100_000)
def tried(what):
    try:
        what()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"
print(json.dumps({
    "missing": missing,
    "work": tried(lambda: (work / "a").write_bytes(b"x")),
    "system": tried(lambda: Path("/etc/hostname").read_bytes()),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX).close()),
    "secret": tried(secret.read_bytes),
    "outside": tried(lambda: secret.with_name("b").write_bytes(b"x")),
    "parent": tried(lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes()),
    "ipv4": tried(lambda: socket.socket(socket.AF_INET)),
    "ipv6": tried(lambda: socket.socket(socket.AF_INET6)),
    "large": tried(lambda: (work / "large").write_bytes(bytes(200_000))),
    "memory": tried(lambda: bytearray(3 << 30)),
}))
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("confined")
    work = folder / "work"
    work.mkdir()
    secret = folder / "tokens.json"
    secret.write_text("secret")
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROBE, work, secret], capture_output=True, text=True, check=True
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_what_the_work_needs_is_allowed(tried: dict[str, object]) -> None:
    assert [tried[what] for what in ("work", "system", "unix")] == ["done"] * 3


def test_limits_always_hold(tried: dict[str, object]) -> None:
    assert tried["memory"] == "MemoryError"
    assert tried["large"] == "OSError"


def test_no_network(tried: dict[str, object]) -> None:
    if "network (seccomp)" in tried["missing"]:  # type: ignore[operator]
        pytest.skip("this kernel or machine has no seccomp filters")
    assert (tried["ipv4"], tried["ipv6"]) == ("PermissionError", "PermissionError")


def test_no_other_files(tried: dict[str, object]) -> None:
    if "files (Landlock)" in tried["missing"]:  # type: ignore[operator]
        pytest.skip("this kernel has no Landlock")
    assert [tried[what] for what in ("secret", "outside", "parent")] == ["PermissionError"] * 3
