"""Tokens: given or made once, readable by their owner alone, never in a repr."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from appliance.errors import CannotStore
from appliance.links import bases, links, watch_links
from appliance.settings import HttpSettings, SettingsError
from appliance.tokens import FILE_NAME, Role, Tokens, load_tokens

ASSISTANT = {"CLASSROOM_ASSISTANT_TOKEN": "assistant-0123456789"}
PRESENTER = {"CLASSROOM_PRESENTER_TOKEN": "presenter-0123456789"}
VIEWER = {"CLASSROOM_VIEWER_TOKEN": "viewer-0123456789"}


def test_made_once_and_kept(tmp_path: Path) -> None:
    first = load_tokens(tmp_path / "new", {})
    assert load_tokens(tmp_path / "new", {}) == first
    assert len(first.assistant) >= 32
    assert first.assistant != first.viewer
    assert stat.S_IMODE((tmp_path / "new" / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE_NAME]


def test_a_box_from_before_there_were_presenters_keeps_its_links(tmp_path: Path) -> None:
    old = {"assistant": "assistant-0123456789", "viewer": "viewer-0123456789"}
    (tmp_path / FILE_NAME).write_text(json.dumps(old))
    tokens = load_tokens(tmp_path, {})
    assert (tokens.assistant, tokens.viewer) == (old["assistant"], old["viewer"])
    assert len(tokens.presenter) >= 32
    assert load_tokens(tmp_path, {}) == tokens


def test_the_environment_wins_and_writes_nothing(tmp_path: Path) -> None:
    tokens = load_tokens(tmp_path, ASSISTANT | PRESENTER | VIEWER)
    assert tokens == Tokens("assistant-0123456789", "presenter-0123456789", "viewer-0123456789")
    assert list(tmp_path.iterdir()) == []


def test_one_given_and_one_made(tmp_path: Path) -> None:
    tokens = load_tokens(tmp_path, VIEWER)
    assert tokens.viewer == "viewer-0123456789"
    assert load_tokens(tmp_path, {}).assistant == tokens.assistant


@pytest.mark.parametrize(
    "environment",
    [
        {"CLASSROOM_VIEWER_TOKEN": "short"},
        {"CLASSROOM_VIEWER_TOKEN": "has a space in it 0123"},
        {"CLASSROOM_VIEWER_TOKEN": "assistant-0123456789"} | ASSISTANT,
    ],
)
def test_unusable_tokens_are_refused_unseen(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        load_tokens(tmp_path, environment)
    assert "CLASSROOM_VIEWER_TOKEN" in str(caught.value)
    assert environment["CLASSROOM_VIEWER_TOKEN"] not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"assistant": "x"}', '{"assistant": "x", "viewer": "y"}']
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(SettingsError, match="Delete the file"):
        load_tokens(tmp_path, {})


def test_a_file_open_to_others_is_closed(tmp_path: Path) -> None:
    load_tokens(tmp_path, {})
    (tmp_path / FILE_NAME).chmod(0o644)
    load_tokens(tmp_path, {})
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to("/proc")
    with pytest.raises(CannotStore, match="Make room"):
        load_tokens(tmp_path / "folder", {})


def test_roles() -> None:
    tokens = Tokens("a" * 20, "p" * 20, "v" * 20)
    assert tokens.role("a" * 20) is Role.ASSISTANT
    assert tokens.role("p" * 20) is Role.PRESENTER
    assert tokens.role("v" * 20) is Role.VIEWER
    assert Role.VIEWER < Role.PRESENTER < Role.ASSISTANT
    assert [tokens.role(wrong) for wrong in ("", "a" * 19, "a" * 21, "课堂")] == [None] * 4
    assert "aaaa" not in repr(tokens)


def test_links_carry_the_token_in_the_fragment() -> None:
    tokens = Tokens("a" * 20, "p" * 20, "v" * 20)
    (link,) = links(HttpSettings(host="::1"), 80, tokens)
    assert link.console == f"http://[::1]:80/console#token={'a' * 20}"
    assert link.watch == f"http://[::1]:80/watch#token={'v' * 20}"
    assert link.present == f"http://[::1]:80/present#token={'p' * 20}"
    secure = links(HttpSettings(certificate="c.pem", key="k.pem"), 443, tokens)
    assert secure[0].watch.startswith("https://localhost:443/watch#")


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        # Behind a reverse proxy; with a certificate, which names the box; on one of several networks.
        (HttpSettings(host="127.0.0.1"), ["http://127.0.0.1:8080", "https://box.school.example"]),
        (
            HttpSettings(certificate="c.pem", key="k.pem"),
            ["https://localhost:8080", "https://box.school.example"],
        ),
        (HttpSettings(host="10.0.0.7"), ["https://box.school.example"]),
    ],
)
def test_links_for_others_have_the_name_that_others_know(http: HttpSettings, expected: list[str]) -> None:
    public = HttpSettings(**(http.model_dump() | {"public_url": "https://box.school.example/"}))
    assert [base for _, base in bases(public, 8080)] == expected
    assert bases(public, 8080)[-1][0] == "the network"
    assert watch_links(public, 8080, "t" * 20)[-1] == f"https://box.school.example/watch#token={'t' * 20}"


@pytest.mark.parametrize(
    "url",
    [
        "box.school.example",
        "ftp://box.school.example",
        "https://",
        "https://box.school.example/classroom",
        "https://box.school.example?",
        "https://box.school.example#x",
        "https://user@box.school.example",
        "https://box.school.example:port",
        "https://box.school.example:99999",
        "https://box school.example",
        "https://[::1",
    ],
)
def test_a_public_address_is_a_name_and_nothing_more(url: str) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(public_url=url)
