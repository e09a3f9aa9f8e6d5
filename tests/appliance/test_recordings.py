"""Recordings over the API, of the real daemon over the fake studio."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
from box_process import ASSISTANT, PRESENTER, VIEWER, Box, until

RECORDINGS = "/api/v1/recordings"


def recorded(box: Box, at_least_s: float = 2.5) -> None:
    """Waits until so much is being written."""

    def long_enough() -> bool:
        return any(path.stat().st_size > 0 and pictures_in(path) >= at_least_s * 10 for path in files(box))

    until(long_enough, "a recording")


def files(box: Box) -> list[Path]:
    return sorted((box.state_dir / "recordings").glob("*.mp4"))


def pictures_in(path: Path) -> int:
    try:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    except av.FFmpegError:  # its first fragment is not there yet
        return 0


def items(box: Box) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = box.get(RECORDINGS).json()["items"]
    return found


def test_a_lesson_is_recorded_downloaded_and_deleted(start_box: Callable[..., Box], tmp_path: Path) -> None:
    box = start_box()
    box.until_live()
    assert box.status()["recording"]["state"] == "off"  # type: ignore[index]
    assert not (box.state_dir / "recordings").exists(), "off by default"
    assert box.request("POST", f"{RECORDINGS}/start").status_code == 202
    until(lambda: bool(box.status()["recording"]["state"] == "recording"), "recording")  # type: ignore[index]
    box.request("POST", "/api/v1/page", json={"index": 3})
    recorded(box)
    (growing,) = items(box)
    assert growing["is_open"] and growing["sha256"] is None
    place = f"{RECORDINGS}/{growing['id']}"
    assert box.get(place).status_code == box.request("DELETE", place).status_code == 409
    stopped = box.request("POST", f"{RECORDINGS}/stop")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "off")
    (item,) = items(box)
    whole = box.get(place)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert hashlib.sha256(whole.content).hexdigest() == item["sha256"]
    digest = base64.b64encode(hashlib.sha256(whole.content).digest()).decode()
    assert whole.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert whole.headers["accept-ranges"] == "bytes" and ".mp4" in whole.headers["content-disposition"]
    (tmp_path / "lesson.mp4").write_bytes(whole.content)
    assert pictures_in(tmp_path / "lesson.mp4") >= 25
    chapters = box.get(f"{place}/chapters")
    assert chapters.text.startswith("WEBVTT") and "4 · demo" in chapters.text
    assert stat.S_IMODE((box.state_dir / "recordings").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(box)} == {0o600}
    assert box.request("DELETE", place).status_code == 204
    assert box.get(place).status_code == box.request("DELETE", place).status_code == 404
    assert items(box) == []


def test_ranges(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    box.request("POST", f"{RECORDINGS}/start")
    recorded(box)
    box.request("POST", f"{RECORDINGS}/stop")
    (item,) = items(box)
    place = f"{RECORDINGS}/{item['id']}"
    whole = box.get(place).content

    def part(asked: str, **headers: str) -> httpx.Response:
        return httpx.get(
            box.base + place, headers={"Authorization": f"Bearer {ASSISTANT}", "Range": asked} | headers
        )

    for asked, expected in (
        ("bytes=0-99", whole[:100]),
        ("bytes=100-", whole[100:]),
        ("bytes=-50", whole[-50:]),
    ):
        answer = part(asked)
        assert (answer.status_code, answer.content) == (206, expected), asked
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    assert part(f"bytes={len(whole)}-").status_code == 416
    etag = box.get(place).headers["etag"]
    assert part("bytes=0-9", **{"If-Range": etag}).status_code == 206
    assert part("bytes=0-9", **{"If-Range": '"another"'}).status_code == 200
    for token in (VIEWER, PRESENTER):
        assert box.request("GET", place, token).status_code == 403
        assert box.request("DELETE", place, token).status_code == 403
        assert box.request("POST", f"{RECORDINGS}/start", token).status_code == 403
    assert httpx.get(box.base + place).status_code == 401
    assert box.get(f"{RECORDINGS}/..%2Ftokens.json").status_code in (404, 422)


def test_a_killed_box_goes_on_recording_in_another_file(
    start_box: Callable[..., Box], tmp_path: Path
) -> None:
    box = start_box()
    box.until_live()
    box.request("POST", f"{RECORDINGS}/start")
    recorded(box)
    box.process.send_signal(signal.SIGKILL)
    box.wait()
    left = pictures_in(files(box)[0])
    assert left >= 25
    again = start_box()
    again.until_live()
    until(lambda: bool(again.status()["recording"]["state"] == "recording"), "it goes on")  # type: ignore[index]
    until(lambda: len(files(again)) == 2, "another file")
    again.request("POST", f"{RECORDINGS}/stop")
    found = items(again)
    assert len({item["id"][:15] for item in found}) == 1 and all(item["sha256"] for item in found)
    assert pictures_in(files(again)[0]) >= left


def test_a_studio_that_dies_does_not_end_the_recording(start_box: Callable[..., Box]) -> None:
    """Into the same file if another studio is there within two seconds, otherwise into a new one."""
    box = start_box()
    box.until_live()
    box.request("POST", f"{RECORDINGS}/start")
    recorded(box)
    os.kill(box.studio_pid, signal.SIGKILL)
    time.sleep(1.2)  # what was coded before is on the disk
    before = sum(map(pictures_in, files(box)))
    until(lambda: sum(map(pictures_in, files(box))) >= before + 50, "the next studio's pictures")
    box.request("POST", f"{RECORDINGS}/stop")
    assert all(item["sha256"] and item["duration_s"] > 0 for item in items(box))


def test_the_light_shines_for_who_watches_where_it_is_set(start_box: Callable[..., Box]) -> None:
    box = start_box("--set", "recording.light_in_programme=true")
    box.until_live()
    box.request("POST", f"{RECORDINGS}/start")
    recorded(box)
    box.request("POST", f"{RECORDINGS}/stop")
    with av.open(str(files(box)[0])) as container:
        *_, last = container.decode(video=0)
    red, green, _ = last.to_ndarray(format="rgb24")[4, -4]
    assert red > 200 and green < 60


def test_nothing_is_recorded_behind_the_panic_slate(start_box: Callable[..., Box]) -> None:
    """Neither picture nor voice reaches the file while the assistant has taken the room off the air."""
    box = start_box()
    box.until_live()
    box.request("POST", f"{RECORDINGS}/start")
    recorded(box, 1.0)
    assert box.request("PUT", "/api/v1/panic").status_code == 204
    until(lambda: box.status()["is_panic"] is True, "panic")
    time.sleep(1.2)  # what was coded before is on the disk
    before = pictures_in(files(box)[-1])
    time.sleep(2.0)
    assert pictures_in(files(box)[-1]) == before
    box.request("DELETE", "/api/v1/panic")
    until(lambda: pictures_in(files(box)[-1]) > before + 10, "the recording goes on")


def test_panic_ends_the_raw_recording_until_the_next_start(start_box: Callable[..., Box]) -> None:
    """The camera's frames must not be written down while the assistant has taken the room off the air."""
    box = start_box("--set", "recording.raw=true")
    box.until_live()
    until(lambda: raw_of(box) is not None and raw_of(box)["is_on"], "the raw recording")
    assert box.request("PUT", "/api/v1/panic").status_code == 204
    until(lambda: not raw_of(box)["is_on"], "its end")
    before = box.studio_pid
    os.kill(before, signal.SIGKILL)
    until(
        lambda: box.studio_pid != before and raw_of(box) is None,
        "a studio that records nothing",
    )


def raw_of(box: Box) -> Any:
    return box.status()["raw_recording"]
