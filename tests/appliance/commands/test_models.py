from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from appliance.commands import models
from models import catalog
from models.errors import ModelError


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(epilog=models.EXAMPLES)
    models.configure(parser)
    return models.run(parser.parse_args(arguments))


def test_list_names_the_command_that_installs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--models-dir", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert "rvm-mobilenetv3  [missing]" in printed
    assert "classroom models install rvm-mobilenetv3" in printed


def test_the_environment_says_where_the_networks_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLASSROOM_MODELS_DIR", str(tmp_path))
    run("list")
    assert str(tmp_path) in capsys.readouterr().out


def test_verify_of_nothing_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="classroom models install rvm-mobilenetv3"):
        run("verify", "--models-dir", str(tmp_path))


def test_verify_tells_of_damage_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / catalog.RECORD_NAME).write_text("{")
    assert run("verify", "--models-dir", str(tmp_path)) == 1
    printed = capsys.readouterr().err
    assert "first is damaged" in printed
    assert "second is damaged" in printed


def test_errors_are_sentences(tmp_path: Path) -> None:
    folder = ("--models-dir", str(tmp_path))
    for arguments, sentence in (
        (("remove", "nothing"), "not installed"),
        (("install", "nothing"), "The catalogue has no network nothing"),
        (("install", "rvm-mobilenetv3", "--from", "/nowhere.tgz"), "There is no file /nowhere.tgz"),
        (("add", "mine", "--file", "/nowhere.onnx"), "There is no file /nowhere.onnx"),
    ):
        with pytest.raises(ModelError, match=sentence):
            run(*arguments, *folder)


@pytest.mark.parametrize(
    "arguments", [(), ("install",), ("add", "mine"), ("install", "a", "--from", "b", "--file", "c")]
)
def test_incomplete_command_lines(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_progress_without_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with models._ProgressLine() as progress:
        for step in range(50):
            progress.show(step * 1_000_000, 144_000_000, float(step))
        progress.say("Checking ...")
    printed = capsys.readouterr().out
    assert printed.splitlines() == ["      0 of 144 MB, 0 s", "Checking ..."]
    assert "\r" not in printed
