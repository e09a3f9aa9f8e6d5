"""The worst mattes of a recording over the API, of the real daemon over a studio with made-up scores."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from box_process import ASSISTANT, PRESENTER, VIEWER, Box, until

from appliance.client import BoxClient, Refused

RECORDINGS = "/api/v1/recordings"
THREE = ("--set", "recording.worst_mattes=3", "--set", "recording.keep_free_mb=0")


def folders(box: Box) -> list[Path]:
    return sorted((box.state_dir / "recordings").glob("*.worst"))


def lines(box: Box) -> int:
    """Moments kept so far, those displaced since included."""
    found = [folder / "worst.jsonl" for folder in folders(box)]
    return sum(len(path.read_text().splitlines()) for path in found if path.exists())


def recording(box: Box) -> dict[str, Any]:
    state: Any = box.status()["recording"]
    return dict(state)


def started(box: Box) -> str:
    """Id of the file being written."""
    box.until_live()
    assert box.request("POST", f"{RECORDINGS}/start").status_code == 202
    until(lambda: recording(box)["state"] == "recording", "a recording")
    return str(recording(box)["item_id"])


def is_at_rest(box: Box, for_s: float = 2.0) -> bool:
    before = lines(box)
    time.sleep(for_s)
    return lines(box) == before


def test_kept_while_recording_listed_fetched_and_deleted(start_box: Callable[..., Box]) -> None:
    box = start_box(*THREE)
    box.until_live()
    time.sleep(1.5)
    assert not (box.state_dir / "recordings").exists(), "nothing before the recording"
    item_id = started(box)
    with BoxClient(box.base, ASSISTANT) as client:
        until(lambda: len(client.recordings.worst(item_id).items) == 3, "three moments")
        client.recordings.stop()
        assert is_at_rest(box), "nothing after the recording"
        told = client.recordings.worst(item_id).items
        assert [one.score for one in told] == sorted(one.score for one in told)
        worst = told[0]
        assert (worst.page, worst.trust, worst.alpha_age_ms) == (0, 0.9, 0.0)
        for name, shape in ((worst.camera, (360, 640, 3)), (worst.alpha, (360, 640))):
            coded = np.frombuffer(client.recordings.worst_file(item_id, name), np.uint8)
            assert cv2.imdecode(coded, cv2.IMREAD_UNCHANGED).shape == shape
        kept = [
            json.loads(line) for line in client.recordings.worst_file(item_id, "worst.jsonl").splitlines()
        ]
        assert worst.pts in [line["pts"] for line in kept]
        (folder,) = folders(box)
        size = sum(path.stat().st_size for path in folder.iterdir())
        listing = client.recordings.all()
        (item,) = listing.items
        film = box.state_dir / "recordings" / f"{item_id}.mp4"
        assert (item.worst_bytes, item.size_bytes) == (size, size + film.stat().st_size)
        assert listing.used_bytes == item.size_bytes
        _only_for_the_assistant(box, item_id, worst.alpha)
        client.recordings.remove(item_id)
        assert folders(box) == []
        with pytest.raises(Refused) as refused:
            client.recordings.worst(item_id)
        assert refused.value.status == 404


def _only_for_the_assistant(box: Box, item_id: str, name: str) -> None:
    places = [f"{RECORDINGS}/{item_id}/worst", f"{RECORDINGS}/{item_id}/worst/{name}"]
    for place in places:
        assert httpx.get(box.base + place).status_code == 401
        assert {box.request("GET", place, token).status_code for token in (VIEWER, PRESENTER)} == {403}
    content = {box.get(place).headers["content-type"] for place in places}
    assert content == {"application/json", "image/png"}
    for wrong, status in (
        ("0.000-0000000000.alpha.png", 404),
        ("..%2F..%2Ftokens.json", 404),
        ("tokens.json", 422),
        ("0.000-0000000000.alpha.png.half", 422),
    ):
        assert box.get(f"{places[0]}/{wrong}").status_code == status, wrong


def test_none_unless_they_are_wanted(start_box: Callable[..., Box]) -> None:
    box = start_box()
    item_id = started(box)
    time.sleep(1.5)
    assert box.get(f"{RECORDINGS}/{item_id}/worst").json() == {"items": []}
    assert folders(box) == []


def test_panic_ends_them_at_once_and_only_while_it_lasts(start_box: Callable[..., Box]) -> None:
    """A studio that begins behind the slate keeps none either, though the recording is not stopped."""
    box = start_box("--set", "recording.worst_mattes=200", "--set", "recording.keep_free_mb=0")
    started(box)
    until(lambda: lines(box) >= 2, "some moments")
    assert box.request("PUT", "/api/v1/panic").status_code == 204
    time.sleep(0.3)  # the order is on its way
    assert is_at_rest(box)
    before = box.studio_pid
    os.kill(before, signal.SIGKILL)
    until(lambda: box.studio_pid != before and box.status()["state"] == "live", "another studio")
    assert is_at_rest(box, 3.0) and recording(box)["state"] != "off"
    kept = lines(box)
    box.request("DELETE", "/api/v1/panic")
    until(lambda: lines(box) > kept, "more of them")


def test_a_killed_box_goes_on_with_the_same_number(start_box: Callable[..., Box]) -> None:
    box = start_box(*THREE)
    first = started(box)
    until(lambda: lines(box) >= 3, "three moments")
    box.process.send_signal(signal.SIGKILL)
    box.wait()
    again = start_box(*THREE)
    again.until_live()
    until(lambda: recording(again)["item_id"] not in ("", first), "the next file")
    second = str(recording(again)["item_id"])

    def scores() -> list[float]:
        told = [again.get(f"{RECORDINGS}/{one}/worst").json()["items"] for one in (first, second)]
        return [one["score"] for items in told for one in items]

    # Between a new one and the end of the one it displaces there are four for an instant.
    until(lambda: scores() == [0.0] * 3, "the three worst of both")
    time.sleep(2.0)
    assert scores() == [0.0] * 3
