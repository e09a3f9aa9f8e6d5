"""Raw recordings over the API and in the console; the folders are made by the log that a studio has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from box_process import ASSISTANT, PRESENTER, VIEWER, Box
from desk_pages import browser, open_console, open_page, picture
from playwright.sync_api import expect

from appliance.client import BoxClient, Refused
from pipelines.media import Frame, Page, Scene
from pipelines.recording.raw.entries import Began
from pipelines.recording.raw.log import RawLog
from pipelines.recording.raw.notes import MatteNote, TickNote
from pipelines.recording.raw.reading import RawRecording

__all__ = ["browser", "open_page"]

RAW = "/api/v1/recordings/raw"
OLD, NEW = "20260301-081500-417034", "20260302-091500-000001"
SECONDS = 4


@pytest.fixture
def box(shared_box: Box) -> Box:
    return shared_box


@pytest.fixture
def client(box: Box) -> Iterator[BoxClient]:
    with BoxClient(box.base, ASSISTANT) as client:
        yield client


def log_of(box: Box, item_id: str) -> RawLog:
    """Being written: some frames of noise, one page, a picture each second."""
    began = Began(software="", provider="cpu", settings={}, scene=Scene())
    log = RawLog(box.state_dir / "recordings" / "raw" / item_id, 10**9, 0, 25.0, began)
    noise = np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)
    page = Page(noise, 1, 0)
    for n in range(SECONDS + 1):
        log.note(MatteNote(Frame(noise, n, n), False, False, None, (), None))
        log.note(TickNote(n * 10**9, None, page, 0, None, Scene(), None, "", "", False, noise))
    return log


@pytest.fixture
def recorded(box: Box) -> Iterator[Path]:
    log = log_of(box, OLD)
    log.close()
    folder = box.state_dir / "recordings" / "raw" / OLD
    yield folder
    box.request("DELETE", f"{RAW}/{OLD}")
    assert not folder.exists()


def test_none_at_first(client: BoxClient) -> None:
    told = client.recordings.raw()
    assert (told.items, told.used_bytes) == ([], 0)
    assert told.quota_bytes == 20_000_000_000


def test_listed_with_time_length_and_size_fetched_and_deleted(
    recorded: Path, client: BoxClient, tmp_path: Path
) -> None:
    (recorded.parent / "lost+found").mkdir(exist_ok=True)  # not ours: neither listed nor deleted
    told = client.recordings.raw()
    (item,) = told.items
    sizes = {
        path.relative_to(recorded): path.stat().st_size for path in recorded.rglob("*") if path.is_file()
    }
    assert (item.id, item.folder, item.is_open) == (OLD, str(recorded), False)
    assert item.started_s == 1772352900, "2026-03-01 08:15:00 UTC"
    assert item.duration_s == SECONDS
    assert item.size_bytes == told.used_bytes == sum(sizes.values())
    files = client.recordings.raw_files(OLD).files
    assert {Path(file.path): file.size_bytes for file in files} == sizes
    assert files[0].path == "events.jsonl" and files[-1].path.startswith("pages/")

    copy = tmp_path / "copy"
    client.recordings.fetch_raw(OLD, copy)
    assert {p.relative_to(copy): p.read_bytes() for p in copy.rglob("*") if p.is_file()} == {
        name: (recorded / name).read_bytes() for name in sizes
    }
    assert RawRecording(copy).began.provider == "cpu"

    client.recordings.remove_raw(OLD)
    assert client.recordings.raw().items == [] and not recorded.exists()
    assert (recorded.parent / "lost+found").exists()
    for act in (client.recordings.raw_files, client.recordings.remove_raw):
        with pytest.raises(Refused) as refused:
            act(OLD)
        assert refused.value.status == 404


def test_what_is_being_written_is_kept(box: Box, client: BoxClient) -> None:
    """The log's lock tells it, which ends with the process that holds it."""
    log = log_of(box, NEW)
    (item,) = client.recordings.raw().items
    assert item.is_open
    with pytest.raises(Refused, match="being written") as refused:
        client.recordings.remove_raw(NEW)
    assert refused.value.status == 409
    log.close()
    assert not client.recordings.raw_files(NEW).is_open
    client.recordings.remove_raw(NEW)
    assert client.recordings.raw().items == []


def test_one_whose_log_is_lost_is_still_listed_and_goes(recorded: Path, client: BoxClient, box: Box) -> None:
    (recorded / "events.jsonl").unlink()
    (item,) = client.recordings.raw().items
    assert (item.duration_s, item.is_open) == (None, False)


def test_ranges_and_who_may(recorded: Path, box: Box) -> None:
    place = f"{RAW}/{OLD}/files/frames-001.mkv"
    whole = (recorded / "frames-001.mkv").read_bytes()
    answer = box.get(place)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/matroska")
    assert answer.content == whole
    headers = {"Authorization": f"Bearer {ASSISTANT}", "Range": "bytes=100-199"}
    part = httpx.get(box.base + place, headers=headers)
    assert (part.status_code, part.content) == (206, whole[100:200])
    for path in (RAW, f"{RAW}/{OLD}", place):
        assert httpx.get(box.base + path).status_code == 401
        for token in (VIEWER, PRESENTER):
            assert box.request("GET", path, token).status_code == 403
    assert box.request("DELETE", f"{RAW}/{OLD}", VIEWER).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/{OLD}/files/frames-002.mkv", 404),
        (f"/{OLD}/files/{'0' * 64}.png", 404),
        (f"/{OLD}/files/..%2F..%2F..%2Ftokens.json", 404),
        (f"/{OLD}/files/tokens.json", 422),
        ("/20261301-081500-417034", 404),  # the thirteenth month
        ("/..%2F..%2F..%2Ftokens.json", 404),
        ("/20260301-081500", 422),
    ],
)
def test_nothing_else_of_the_disk(recorded: Path, box: Box, path: str, status: int) -> None:
    assert box.get(RAW + path).status_code == status


def test_a_link_is_no_recording(recorded: Path, client: BoxClient, tmp_path: Path) -> None:
    """Whatever it points to stays."""
    (recorded.parent / NEW).symlink_to(tmp_path)
    assert [item.id for item in client.recordings.raw().items] == [OLD]
    with pytest.raises(Refused):
        client.recordings.remove_raw(NEW)
    (recorded.parent / NEW).unlink()
    (recorded / "frames-002.mkv").symlink_to("/etc/passwd")
    assert "frames-002.mkv" not in [file.path for file in client.recordings.raw_files(OLD).files]


@pytest.mark.e2e
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_the_console_lists_and_deletes_them(
    recorded: Path, box: Box, open_page: Callable[..., object], locale: str
) -> None:
    page = open_console(open_page, box, locale)  # type: ignore[arg-type]
    expect(page.locator("#raws-box")).to_be_visible()
    expect(page.locator("#raws-count")).to_have_text("1 · 1 MB")
    page.locator("#raws-box summary").click()
    row = page.locator("#raws li")
    expect(row).to_contain_text(str(recorded))
    picture(page, f"raw-recordings-{locale}.png")
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button").click()
    expect(page.locator("#raws-box")).to_be_hidden()
    assert not recorded.exists()
