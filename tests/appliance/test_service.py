"""The service's files: what systemd and the shell say of them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.connections import MOST_PER_ADDRESS

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "classroom.service"
INSTALL = ROOT / "deploy" / "install.sh"
EXPOSURE = 20  # of 100; what is left is the network, the devices and the compiler


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser


@pytest.fixture
def runnable(tmp_path: Path) -> Path:
    """The unit with a program that exists on every machine."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / UNIT.name
    path.write_text(re.sub("(?m)^ExecStart=.*", "ExecStart=/bin/true", UNIT.read_text()))
    return path


def test_systemd_understands_every_line(runnable: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", runnable], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_has_few_rights(runnable: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", runnable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_daemon_and_the_unit_agree() -> None:
    service = unit()["Service"]
    assert service["Type"] == "notify"
    assert service["RestartPreventExitStatus"] == "78"
    assert service["ExecStart"].split()[0] == "/opt/classroom/venv/bin/classroom"
    assert "venv=$prefix/venv" in INSTALL.read_text()
    assert int(service["LimitNOFILE"]) >= 4 * MOST_PER_ADDRESS, "no address takes all of them"
    assert "MemoryDenyWriteExecute" not in service, "Numba compiles at run time"


def test_shellcheck() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", INSTALL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("argument", "status", "said"), [("--help", 0, "--uninstall"), ("--frobnicate", 1, "Unknown")]
)
def test_the_installer_explains_itself(argument: str, status: int, said: str) -> None:
    done = subprocess.run([INSTALL, argument], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert said in done.stdout + done.stderr
