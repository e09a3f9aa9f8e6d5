"""Everything that can be missing, broken or cut off: a clear sentence or a slate, and never a hang."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.bench.ours import Box, running_box
from appliance.bench.processes import family
from models.catalog import default_models_dir, locate

EX_CONFIG = 78


def classroom_run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`classroom run` that is expected to give up by itself."""
    return subprocess.run(
        [sys.executable, "-m", "appliance", "run", *args],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ, **environment),
        check=False,
    )


def is_friendly(output: str) -> bool:
    return "Traceback" not in output and output.strip() != ""


# The other kinds of unreadable files: tests/pipelines/capture/test_video_file.py.
@pytest.mark.parametrize("fault", ["missing", "picture"])
def test_a_camera_that_cannot_be_read_leaves_the_lesson_on_air(
    fault: str, network: None, tmp_path: Path, api: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    path = tmp_path / "camera.mp4"
    if fault == "picture":
        path.write_bytes(a_png())
    with running_box((640, 360), f"camera.url={path}") as box:
        camera = eventually("the camera is lost", lambda: lost_source(box, "camera", api))
        assert "camera.mp4" in camera["reason"]
        assert api(box, "GET", "/api/v1/status")[1]["programme"]["programme_fps"] > 0
        processes = family(box.pid)
    assert_gone(processes)


# The other kinds of unreadable files: tests/pipelines/courseware/test_opening.py.
@pytest.mark.parametrize("fault", ["missing", "hostile"])
def test_courseware_that_cannot_be_read_is_told_and_can_be_replaced(
    fault: str, network: None, tmp_path: Path, api: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    path = tmp_path / "lesson.pdf"
    if fault == "hostile":
        path.write_bytes(b"%PDF-1.7\n" + b"1 0 obj <</Type/Catalog/Pages 9 0 R>> endobj\n" * 5000)
    with running_box((640, 360), f"courseware.path={path}") as box:
        courseware = eventually("the courseware is lost", lambda: lost_source(box, "courseware", api))
        assert "lesson.pdf" in courseware["reason"]
        assert api(box, "PUT", "/api/v1/courseware", {"name": "demo"})[0] < 300
        eventually("the demo lesson is there", lambda: page_count(box, api) > 1)
        processes = family(box.pid)
    assert_gone(processes)


def test_a_recording_that_ends_says_so(
    network: None, tmp_path: Path, api: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    path = tmp_path / "short.mp4"
    a_video(path, seconds=1)
    with running_box((640, 360), f"camera.url={path}?loop=no") as box:
        ended = eventually(
            "the recording has ended",
            lambda: (s := source(box, "camera", api)) and s["state"] in ("ended", "lost") and s,
        )
        assert ended["reason"]


def test_a_taken_port_is_named(network: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = classroom_run(
            "--port", str(port), "--set", "http.host=127.0.0.1", "--set", f"box.state_dir={tmp_path}"
        )
    assert done.returncode == 1
    assert str(port) in done.stderr and is_friendly(done.stderr)


def test_missing_weights_name_the_command_that_installs_them(tmp_path: Path) -> None:
    done = classroom_run(
        "--port", "0", "--set", "http.host=127.0.0.1", "--set", f"box.state_dir={tmp_path}",
        CLASSROOM_MODELS_DIR=str(tmp_path / "none"),
    )  # fmt: skip
    assert done.returncode == 1
    assert "classroom models install rvm-mobilenetv3" in done.stderr and is_friendly(done.stderr)


def test_corrupted_weights_are_noticed(network: None, tmp_path: Path) -> None:
    good = locate("rvm-mobilenetv3", default_models_dir())
    installed = default_models_dir()
    copy = tmp_path / "models"
    shutil.copytree(installed, copy)
    broken = copy / good.relative_to(installed)
    for path in [broken] if broken.is_file() else broken.rglob("*.onnx"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    done = classroom_run(
        "--port", "0", "--set", "http.host=127.0.0.1", "--set", f"box.state_dir={tmp_path}",
        CLASSROOM_MODELS_DIR=str(copy),
    )  # fmt: skip
    assert done.returncode == 1
    assert "classroom models install" in done.stderr and is_friendly(done.stderr)


def test_an_unknown_setting_is_named_with_its_mend() -> None:
    done = classroom_run("--set", "camera.ulr=/dev/video0")
    assert done.returncode == EX_CONFIG
    assert "camera.ulr" in done.stderr and "url" in done.stderr and is_friendly(done.stderr)


def test_corners_that_are_no_screen_are_refused(network: None, tmp_path: Path) -> None:
    done = classroom_run(
        "--port", "0", "--set", "http.host=127.0.0.1", "--set", f"box.state_dir={tmp_path}",
        "--set", "calibration.corners=[[0,0],[10,10],[20,20],[30,30]]",
    )  # fmt: skip
    assert done.returncode == EX_CONFIG
    assert "corners" in done.stderr and is_friendly(done.stderr)


def test_a_full_disk_for_the_state_is_told(tmp_path: Path) -> None:
    """A file system of one page, filled: the tokens cannot be written."""
    state = tmp_path / "state"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(state)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a full disk needs the right to mount a tmpfs")
    try:
        (state / "filler").write_bytes(bytes(4096))
        done = classroom_run("--port", "0", "--set", "http.host=127.0.0.1", "--set", f"box.state_dir={state}")
    finally:
        subprocess.run(["umount", str(state)], check=True)
    assert done.returncode in (1, EX_CONFIG)
    assert "space" in done.stderr and str(state) in done.stderr and is_friendly(done.stderr)


# -- support ---------------------------------------------------------------------------------------


def source(box: Box, name: str, api: Callable[..., Any]) -> Any:
    return api(box, "GET", "/api/v1/status")[1]["sources"].get(name)


def lost_source(box: Box, name: str, api: Callable[..., Any]) -> Any:
    found = source(box, name, api)
    return found if found and found["state"] == "lost" and found["reason"] else None


def page_count(box: Box, api: Callable[..., Any]) -> int:
    count: int = api(box, "GET", "/api/v1/status")[1]["page"]["count"]
    return count


def assert_gone(processes: list[int]) -> None:
    """Every process of the box ends with it; a parent that is slow to collect the dead is forgiven."""
    deadline = time.monotonic() + 5
    while left := [pid for pid in processes if is_running(pid)]:
        assert time.monotonic() < deadline, f"processes {left} outlived the box"
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def a_png() -> bytes:
    """One grey pixel (PNG, RFC 2083)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
        )

    header = (1).to_bytes(4, "big") * 2 + bytes((8, 0, 0, 0, 0))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def a_video(path: Path, seconds: int) -> None:
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(seconds * 25):
            picture = np.full((360, 640, 3), number * 4 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
