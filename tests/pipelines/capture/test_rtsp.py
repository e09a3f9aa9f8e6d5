"""An RTSP camera against a real RTSP server (GStreamer's), and against hosts that misbehave."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipelines.capture import rtsp
from pipelines.capture.camera import Camera
from pipelines.media import SourceLost

SYSTEM_PYTHON = "/usr/bin/python3"
NEEDS = "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,ugly}"
PROBE = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
for name in ("appsrc", "videoconvert", "x264enc", "rtph264pay", "jpegenc"):
    assert Gst.ElementFactory.find(name)
"""


class Server:
    """One rtsp_server.py."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        script = Path(__file__).with_name("rtsp_server.py")
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, str(script), "--port", str(port), *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        with self.process.stdout:
            words = self.process.stdout.readline().split()
        assert words[:1] == ["port"], "the test's RTSP server did not start"
        self.port = int(words[1])
        self.url = f"rtsp://127.0.0.1:{self.port}/live"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def can_serve() -> None:
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"needs {SYSTEM_PYTHON} and Debian's {NEEDS}")
    if subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False).returncode:
        pytest.skip(f"needs Debian's {NEEDS}")


@pytest.fixture
def serve(can_serve: None) -> Iterator[Any]:
    servers: list[Server] = []

    def start(*arguments: str, port: int = 0) -> Server:
        servers.append(Server(*arguments, port=port))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGCONT)
            server.kill()


def test_live_pictures_are_the_servers(serve: Any, camera_at: Any, films: Any, reader: Any) -> None:
    camera = camera_at(serve().url)
    frames = reader.frames(camera, 15)
    numbers = [films.number(frame.rgb) for frame in frames]
    assert max(films.bars_error(frame.rgb) for frame in frames) <= 8
    assert numbers == sorted(numbers) and numbers[-1] - numbers[0] >= 14, (
        "the same picture again, or an old one"
    )
    detail = camera.state.detail
    assert (camera.state.state, detail["format"], detail["source_size"]) == ("live", "h264", "320x240")


def test_captured_ns_steps_with_the_camera(serve: Any, camera_at: Any, films: Any, reader: Any) -> None:
    frames = reader.frames(camera_at(serve().url), 20)
    for a, b in pairwise(frames):
        steps = films.number(b.rgb) - films.number(a.rgb)
        assert b.captured_ns > a.captured_ns and b.pts > a.pts
        # The server's own timer may wander on a loaded machine; the order of magnitude may not.
        assert (b.captured_ns - a.captured_ns) / 40e6 < steps + 5
    assert frames[-1].captured_ns <= time.monotonic_ns()


def test_a_late_reader_gets_the_newest(serve: Any, camera_at: Any, films: Any, reader: Any) -> None:
    camera = camera_at(serve().url)
    first = films.number(reader.frames(camera, 1)[0].rgb)
    time.sleep(0.8)
    frame = reader.frames(camera, 1)[0]
    assert films.number(frame.rgb) - first >= 8
    time.sleep(0.6)
    reader.frames(camera, 2)
    assert camera.state.detail["dropped"] >= 8


def test_mjpeg_cameras(serve: Any, camera_at: Any, films: Any, reader: Any) -> None:
    camera = camera_at(serve("--codec", "jpeg").url)
    assert films.bars_error(reader.frames(camera, 3)[-1].rgb) <= 12
    assert camera.state.detail["format"] == "mjpeg"


def test_it_resumes_when_the_server_comes_back(serve: Any, camera_at: Any, films: Any, reader: Any) -> None:
    server = serve()
    camera = camera_at(server.url)
    reader.frames(camera, 5)
    server.kill()
    lost = reader.loss(camera)
    assert lost.retry and camera.state.state == "lost" and lost.reason == camera.state.reason
    reader.loss(camera)  # and again, while nobody listens
    assert "refuses the connection" in camera.state.reason
    serve(port=server.port)
    frames = reader.frames(camera, 5)
    assert camera.state.state == "live" and camera.state.detail["lost_count"] >= 2
    assert films.bars_error(frames[-1].rgb) <= 8


def test_after_a_change_of_size_frames_keep_theirs(
    serve: Any, camera_at: Any, films: Any, reader: Any
) -> None:
    server = serve()
    camera = camera_at(server.url)
    reader.frames(camera, 1)
    server.kill()
    serve("--size", "640x480", port=server.port)
    frame = reader.frames(camera, 1)[0]
    assert frame.size_wh == (320, 240) and films.bars_error(frame.rgb) <= 8
    camera.read(1.0)
    assert camera.state.detail["source_size"] == "640x480"


@pytest.mark.parametrize("scheme", [(), ("--digest",)])
def test_passwords_open_the_camera_and_are_shown_nowhere(
    serve: Any, camera_at: Any, reader: Any, caplog: pytest.LogCaptureFixture, scheme: tuple[str, ...]
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve("--user", "teacher", "--password", "pa:ss@/w", *scheme)
    camera = camera_at(f"rtsp://teacher:pa%3Ass%40%2Fw@127.0.0.1:{server.port}/live")
    reader.frames(camera, 2)
    server.kill()
    lost = reader.loss(camera)
    said = f"{camera.state} {lost} {lost!r} {lost.__cause__} {lost.__context__} {caplog.text} {camera!r}"
    assert "pa:ss" not in said and "pa%3A" not in said and "teacher" not in said


def test_a_wrong_password_is_named_and_not_hammered(serve: Any, camera_at: Any, reader: Any) -> None:
    server = serve("--user", "teacher", "--password", "right")
    camera = camera_at(f"rtsp://teacher:wrong@127.0.0.1:{server.port}/live")
    lost = reader.loss(camera)
    assert "refuses user or password" in lost.reason and lost.retry
    assert "wrong" not in f"{lost} {lost.__context__} {camera.state}"
    for _ in range(12):  # cameras lock out whoever tries again and again
        assert camera.read(0.1) is None
    assert camera.state.detail["lost_count"] == 1


def test_an_unknown_path_is_named(serve: Any, camera_at: Any, reader: Any) -> None:
    server = serve()
    assert "no such path" in reader.loss(camera_at(f"rtsp://127.0.0.1:{server.port}/other")).reason


def _closes_soon(camera: Camera) -> bool:
    """close() beside a reader that waits, as the studio does it."""

    def read() -> None:
        try:
            camera.read(30)
        except SourceLost:
            return

    waiting = threading.Thread(target=read)
    waiting.start()
    time.sleep(0.2)
    closing = threading.Thread(target=camera.close)
    closing.start()
    closing.join(3)
    waiting.join(3)
    return not closing.is_alive() and not waiting.is_alive()


def test_closing_does_not_wait_for_a_frozen_server(serve: Any, camera_at: Any, reader: Any) -> None:
    server = serve()
    camera = camera_at(server.url)
    reader.frames(camera, 3)
    server.process.send_signal(signal.SIGSTOP)
    assert _closes_soon(camera)


def test_a_frozen_server_is_lost_and_comes_back(
    serve: Any, camera_at: Any, films: Any, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rtsp._OPTIONS, "timeout", "1000000")  # us; in service 4 s
    server = serve()
    camera = camera_at(server.url)
    reader.frames(camera, 3)
    server.process.send_signal(signal.SIGSTOP)
    assert "gone silent" in reader.loss(camera).reason
    server.process.send_signal(signal.SIGCONT)
    assert films.bars_error(reader.frames(camera, 3)[-1].rgb) <= 8


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_host_that_accepts_and_is_silent(camera_at: Any, listener: socket.socket) -> None:
    camera = camera_at(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live")
    assert camera.read(0.5) is None
    assert camera.state.state == "starting"
    assert _closes_soon(camera)


def test_a_host_that_does_not_speak_rtsp(camera_at: Any, reader: Any, listener: socket.socket) -> None:
    def answer() -> None:
        listener.settimeout(5)
        for _ in range(2):
            try:
                call, _peer = listener.accept()
            except TimeoutError:
                return
            with call:
                call.settimeout(2)
                call.recv(100)
                call.sendall(b"SSH-2.0-OpenSSH_9\r\n" * 50)

    answering = threading.Thread(target=answer)
    answering.start()
    lost = reader.loss(camera_at(f"rtsp://user:geheim@127.0.0.1:{listener.getsockname()[1]}/live"))
    answering.join()
    assert lost.retry and "127.0.0.1" in lost.reason and "geheim" not in str(lost)


def test_nobody_listens(camera_at: Any, reader: Any, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert "refuses the connection" in reader.loss(camera_at(f"rtsp://127.0.0.1:{port}/live")).reason


def test_an_unknown_name(camera_at: Any, reader: Any) -> None:
    lost = reader.loss(camera_at("rtsp://no-such-camera.invalid/live"), 30)
    assert "no-such-camera.invalid" in lost.reason and "not known" in lost.reason
