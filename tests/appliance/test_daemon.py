"""The daemon as a process: systemd, death of the studio, signals, exit statuses."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable

import pytest
from box_process import ASSISTANT, VIEWER, Box, is_running, until

Start = Callable[..., Box]


def heard(listener: socket.socket, wanted: str) -> list[str]:
    """Everything told to systemd up to the message wanted."""
    messages = [""]
    while not messages[-1].startswith(wanted):
        messages.append(listener.recv(4096).decode())
    return messages[1:]


def test_tells_systemd_ready_alive_and_stopping(start_box: Start, notify_socket: socket.socket) -> None:
    address = notify_socket.getsockname()
    box = start_box(NOTIFY_SOCKET=address, WATCHDOG_USEC="3000000")
    before = heard(notify_socket, "READY=1")
    assert not any(message.startswith("STATUS=live") for message in before)
    heard(notify_socket, "STATUS=live")
    heard(notify_socket, "WATCHDOG=1")
    box.process.terminate()
    heard(notify_socket, "STOPPING=1")
    assert box.wait() == 0


def test_the_watchdog_starves_when_the_daemon_hangs(start_box: Start, notify_socket: socket.socket) -> None:
    box = start_box(NOTIFY_SOCKET=notify_socket.getsockname(), WATCHDOG_USEC="300000")
    heard(notify_socket, "WATCHDOG=1")
    box.process.send_signal(signal.SIGSTOP)
    notify_socket.settimeout(1.5)
    with pytest.raises(TimeoutError):
        for _ in range(100):  # what was on the way already
            notify_socket.recv(4096)
    box.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(start_box: Start, number: signal.Signals) -> None:
    box = start_box()
    box.until_live()
    assert box.studio_pid in box.known
    box.process.send_signal(number)
    assert box.wait() == 0
    until(lambda: not any(is_running(pid) for pid in box.known), "all processes gone")
    assert "Traceback" not in box.log


def test_a_studio_that_ignores_signals_is_ended(start_box: Start) -> None:
    box = start_box("--camera", "fake:deaf")
    until(lambda: box.status()["state"] == "live", "live")
    studio = box.studio_pid
    box.process.terminate()
    assert box.wait() == 0
    assert not is_running(studio)


def test_the_studio_dies_with_the_daemon(start_box: Start) -> None:
    box = start_box()
    box.until_live()
    box.process.kill()
    box.wait()
    until(lambda: not any(is_running(pid) for pid in box.known), "all processes gone")


def test_a_killed_studio_comes_back_as_it_was(start_box: Start) -> None:
    box = start_box()
    box.until_live()
    scene = {"layout": "corner", "corner": "top_left", "scale": 0.3}
    assert box.request("PATCH", "/api/v1/scene", json=scene).status_code == 200
    assert box.request("POST", "/api/v1/page", json={"index": 3}).status_code == 202
    until(lambda: box.get("/api/v1/page").json()["index"] == 3, "page 3")
    first = box.studio_pid
    os.kill(first, signal.SIGKILL)
    until(lambda: box.get("/health").status_code == 503, "the slate")
    box.until_live()
    assert box.studio_pid != first
    until(lambda: box.get("/api/v1/page").json()["index"] == 3, "page 3 again")
    status = box.status()
    assert status["restarts"] == 1
    assert scene.items() <= status["scene"].items()  # type: ignore[attr-defined]
    assert "signal 9" in str(status["notices"])


def test_a_hung_studio_is_replaced(start_box: Start) -> None:
    box = start_box()
    box.until_live()
    (box.state_dir / "courseware").mkdir(parents=True)
    (box.state_dir / "courseware" / "hang").touch()
    assert box.request("PUT", "/api/v1/courseware", json={"name": "hang"}).status_code == 202
    until(lambda: not box.status()["is_live"], "the slate")
    until(lambda: box.status()["restarts"] == 1, "replaced")
    box.until_live()


def test_courseware_that_kills_the_studio_is_given_up(start_box: Start) -> None:
    box = start_box()
    box.until_live()
    (box.state_dir / "courseware").mkdir(parents=True)
    (box.state_dir / "courseware" / "crash").touch()
    box.request("PUT", "/api/v1/courseware", json={"name": "crash"})
    until(lambda: box.status()["restarts"] != 0, "a death")
    box.until_live()
    # Killed again and again, it comes back with what the settings say.
    while box.status()["restarts"] < 2:  # type: ignore[operator]
        deaths = box.status()["restarts"]
        os.kill(box.studio_pid, signal.SIGKILL)
        until(lambda: box.status()["restarts"] != deaths, "another death")  # noqa: B023 - used at once
        box.until_live()
    assert box.status()["courseware"] == "demo"
    assert "kept dying" in str(box.status()["notices"])


def test_a_rejected_order_becomes_a_notice(start_box: Start) -> None:
    box = start_box()
    box.until_live()
    (box.state_dir / "courseware").mkdir(parents=True)
    (box.state_dir / "courseware" / "no-such").touch()
    box.request("PUT", "/api/v1/courseware", json={"name": "no-such"})
    until(lambda: "no-such cannot be opened" in str(box.status()["notices"]), "a notice")
    assert box.status()["restarts"] == 0


@pytest.mark.parametrize(
    ("camera", "status", "reason"),
    [
        ("fake:fatal-settings", 78, "corners do not fit"),
        ("fake:fatal-model", 1, "classroom models install"),
        ("fake:crash", 1, "died 4 times"),
    ],
)
def test_exit_statuses(start_box: Start, camera: str, status: int, reason: str) -> None:
    box = start_box("--camera", camera)
    assert box.wait() == status
    assert reason in box.log
    assert "Traceback" not in box.log


def test_a_taken_port_is_one_sentence(start_box: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        box = start_box("--port", str(port))
        assert box.wait() == 1
    assert re.fullmatch(rf"✗ Port {port} is taken .*\n", box.log)


def test_wrong_settings_exit_78(start_box: Start) -> None:
    box = start_box("--set", "camera.rate_hz=1000", "--set", "camera.widht_px=3")
    assert box.wait() == 78
    assert "camera.rate_hz" in box.log
    assert "Did you mean width_px?" in box.log


def test_a_state_folder_that_takes_no_files_is_one_sentence(start_box: Start) -> None:
    box = start_box(CLASSROOM_ASSISTANT_TOKEN="", CLASSROOM_BOX_STATE_DIR="/proc/nowhere")
    assert box.wait() == 1
    assert re.fullmatch(r"✗ The tokens cannot be stored in /proc/nowhere/tokens.json .*\n", box.log)


def test_a_service_keeps_its_tokens_out_of_the_journal(start_box: Start) -> None:
    box = start_box("--set", "http.port=0", INVOCATION_ID="1")
    until(lambda: "Listening on port" in box.log, "a first line")
    assert ASSISTANT not in box.log
    assert VIEWER not in box.log
