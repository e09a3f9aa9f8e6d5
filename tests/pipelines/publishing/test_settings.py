"""What a destination may be, and that its secrets stay in their files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.publishing import DestinationSettings, PublishError, PublishingSettings
from pipelines.publishing.backoff import LONGEST_S, Backoff


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a b", "url": "https://h/"},
        {"name": "", "url": "https://h/"},
        {"name": "a", "url": "srt://h/"},
        {"name": "a", "url": "https:///x"},
        {"name": "a", "url": "https://user:password@h/"},
        {"name": "a", "url": "https://h:70000/"},
        {"name": "a", "url": "https://h/{token}"},
        {"name": "a", "url": "https://h/", "token_file": "x", "token_env": "Y"},
        {"name": "a", "url": "https://h/", "token": "in the open"},
        {"name": "a", "url": "rtmps://h/live", "token_file": "x"},
        {"name": "a", "url": "https://h/", "layer": "sound"},
    ],
)
def test_what_is_no_destination(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        DestinationSettings.model_validate(fields)


def test_names_must_differ() -> None:
    one = DestinationSettings(name="a", url="https://h/")
    with pytest.raises(ValidationError, match="differ"):
        PublishingSettings(destinations=(one, one))


def test_what_is_shown_of_an_address() -> None:
    destination = DestinationSettings(name="a", url="https://h.example:8443/secret/path?key=secret")
    assert destination.server == "https://h.example:8443"


def test_tokens_are_read_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    destination = DestinationSettings(name="a", url="https://h/", token_file=str(path))
    for token in ("first", "second"):
        path.write_text(f"  {token}\n")
        assert destination.token() == token
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PublishError):
        destination.token()
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "third")
    assert DestinationSettings(name="a", url="https://h/", token_env="TOKEN_OF_THE_TESTS").token() == "third"
    assert DestinationSettings(name="a", url="https://h/").token() == ""


def test_pauses_grow_to_a_minute_and_differ_from_box_to_box() -> None:
    backoff = Backoff(random.Random(1))
    pauses = [backoff.failed(None) for _ in range(12)]
    assert 0.5 <= pauses[0] <= 1.0 and all(pause <= LONGEST_S for pause in pauses)
    assert max(pauses[7:]) > LONGEST_S / 2
    others = {round(Backoff(random.Random(seed)).failed(None), 3) for seed in range(20)}
    assert len(others) > 15
    assert backoff.failed(30.0) >= 30.0
    backoff.succeeded()
    assert backoff.failed(None) <= 1.0
