"""Destinations over the API, of the real daemon over the fake studio."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from box_process import VIEWER, Box, until

from appliance.settings import SettingsError, load

DESTINATIONS = "/api/v1/destinations"
SECRET = "a-secret-of-the-tests"


def given(tmp_path: Path, port: int) -> str:
    """A settings file with two destinations where nobody listens."""
    (tmp_path / "token").write_text(SECRET)
    path = tmp_path / "appliance.toml"
    path.write_text(
        f"""
[publishing]
[[publishing.destinations]]
name = "main"
url = "http://127.0.0.1:{port}/{{token}}/whip"
token_file = "{tmp_path / "token"}"
[[publishing.destinations]]
name = "spare"
url = "http://127.0.0.1:{port}/whip"
auto = false
"""
    )
    return str(path)


def test_destinations_are_shown_stopped_and_started(start_box: Callable[..., Box], tmp_path: Path) -> None:
    with socket.socket() as nobody:  # bound, and never listening
        nobody.bind(("127.0.0.1", 0))
        box = start_box("--config", given(tmp_path, nobody.getsockname()[1]))
        box.until_live()

        def now(name: str) -> dict[str, Any]:
            return next(one for one in box.get(DESTINATIONS).json() if one["name"] == name)

        until(lambda: bool(now("main")["state"] == "waiting"), "the first failure")
        assert now("main")["code"] == "unreachable" and now("main")["next_try_s"] >= 0
        assert now("spare")["state"] == "stopped"
        assert [one["name"] for one in box.status()["destinations"]] == ["main", "spare"]  # type: ignore[attr-defined]
        assert box.request("POST", f"{DESTINATIONS}/spare/start").status_code == 202
        until(lambda: bool(now("spare")["state"] != "stopped"), "started")
        for name in ("main", "spare"):
            stopped = box.request("POST", f"{DESTINATIONS}/{name}/stop")
            assert (stopped.status_code, stopped.json()["state"]) == (200, "stopped")
        assert box.request("POST", f"{DESTINATIONS}/other/start").status_code == 404
        assert box.request("POST", f"{DESTINATIONS}/other/stop").status_code == 404
        assert box.request("POST", f"{DESTINATIONS}/main/start", VIEWER).status_code == 403
        told = box.log + box.get("/api/v1/status").text
        assert "destination main" in box.log and SECRET not in told and "/whip" not in told
        box.process.terminate()
        assert box.wait() == 0


def test_a_wrong_destination_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "appliance.toml"
    path.write_text('\n[[publishing.destinations]]\nname = "main"\nurl = "srt://host/live"\n')
    try:
        load(path, {})
    except SettingsError as error:
        assert f"{path} line 2" in str(error)
        assert "write https://host/path" in str(error)
    else:
        raise AssertionError("it was taken")
    environment = {"CLASSROOM_PUBLISHING_DESTINATIONS": '[{name = "main", url = "https://h/whip"}]'}
    (main,) = load(None, environment).settings.publishing.destinations
    assert (main.name, main.layer, main.auto) == ("main", "420", True)
