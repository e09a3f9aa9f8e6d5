"""Courseware over HTTP: uploads are streamed, prepared by the real program, shown, renamed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
from box_process import ASSISTANT, PRESENTER, VIEWER, Box, until
from PIL import Image

COURSEWARE = "/api/v1/courseware"
DEMO = Path(__file__).parents[2] / "pipelines" / "courseware" / "assets" / "demo.pdf"


def upload(box: Box, name: str, content: bytes, **headers: str) -> httpx.Response:
    return httpx.post(
        box.base + COURSEWARE,
        params={"name": name},
        content=content,
        headers={"Authorization": f"Bearer {ASSISTANT}"} | headers,
        timeout=20,
    )


def settled(box: Box, item_id: str, lang: str = "en") -> dict[str, object]:
    def is_settled() -> bool:
        return bool(box.get(f"{COURSEWARE}/{item_id}").json()["state"] != "preparing")

    until(is_settled, "prepared")
    item: dict[str, object] = box.get(f"{COURSEWARE}/{item_id}?lang={lang}").json()
    return item


def test_a_pdf_from_upload_to_the_lcd(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    answer = upload(box, "../分数.pdf", DEMO.read_bytes())
    assert answer.status_code == 201
    place = answer.headers["location"]
    item = settled(box, answer.json()["id"])
    assert (item["name"], item["state"], item["kind"], item["pages"]) == ("分数.pdf", "ready", "pdf", 8)
    until(lambda: box.get(place).json()["drawn"] == 8, "all thumbnails")
    thumbnail = box.get(f"{place}/pages/7/thumbnail")
    assert (thumbnail.headers["content-type"], thumbnail.content[8:12]) == ("image/webp", b"WEBP")
    assert box.get(f"{place}/pages/8/thumbnail").status_code == 404
    assert box.request("POST", f"{place}/open").status_code == 202
    until(lambda: str(box.status()["courseware"]) == "分数.pdf", "opened under its name")
    assert box.status()["open_id"] == item["id"]
    assert box.request("PATCH", place, json={"name": "Fractions"}).json()["name"] == "Fractions"
    assert [found["id"] for found in box.get(f"{COURSEWARE}?search=fract").json()["items"]] == [item["id"]]
    assert box.get(f"{COURSEWARE}?search=plants").json()["items"] == []
    assert box.request("DELETE", place).status_code == 204
    assert box.get(place).status_code == 404
    assert list((box.state_dir / "library").iterdir()) == []


def drawn(box: Box, name: str, index: int) -> httpx.Response:
    """A small picture of what lies on the box, once it is no longer being drawn."""
    place = f"{COURSEWARE}/available/{name}/pages/{index}/thumbnail"
    until(lambda: box.get(place).status_code != 503, "drawn")
    return box.get(place)


def test_what_lies_on_the_box_has_small_pictures_as_well(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    folder = box.state_dir / "courseware"
    (folder / "pictures").mkdir(parents=True)
    for number in (2, 10):
        Image.new("RGB", (64, 36), (200, number, 0)).save(folder / "pictures" / f"{number}.png")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "out.pdf").symlink_to(DEMO)
    assert {"demo", "pictures", "broken.pdf"} <= set(box.get(COURSEWARE).json()["available"])
    for name, last in (("demo", 7), ("pictures", 1), ("out.pdf", 7)):
        answer = drawn(box, name, last)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp"), name
        assert answer.content[8:12] == b"WEBP"
        assert drawn(box, name, last + 1).status_code == 404
    assert drawn(box, "broken.pdf", 0).status_code == 404
    assert drawn(box, "nobody", 0).status_code == 404
    assert {entry.name for entry in (folder / "pictures").iterdir()} == {"2.png", "10.png"}, "only looked at"
    (kept,) = {one.stat().st_mode & 0o777 for one in (box.state_dir / "thumbnails").iterdir()}
    assert kept == 0o700
    # Another file of the same name is not taken for the one before.
    (folder / "broken.pdf").write_bytes(DEMO.read_bytes())
    assert drawn(box, "broken.pdf", 0).status_code == 200


def test_what_cannot_be_shown_is_told_in_the_readers_language(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    answer = upload(box, "lesson.pdf", b"\x7fELF not a lesson")
    item_id = answer.json()["id"]
    item = settled(box, item_id)
    assert (item["state"], item["code"]) == ("refused", "unknown")
    assert "cannot be shown" in str(item["problem"])
    assert "无法识别" in str(settled(box, item_id, "zh")["problem"])
    assert box.request("POST", f"{COURSEWARE}/{item_id}/open").status_code == 409


def test_a_gigabyte_is_refused_while_it_arrives(start_box: Callable[..., Box]) -> None:
    box = start_box("--set", "library.max_file_mb=1")
    base = box.base
    sent = 0

    def gigabyte() -> object:
        nonlocal sent
        while sent < 10**9:
            yield bytes(65536)
            sent += 65536

    headers = {"Authorization": f"Bearer {ASSISTANT}", "Accept-Language": "zh-CN"}
    try:
        answer = httpx.post(base + COURSEWARE, params={"name": "x"}, content=gigabyte(), headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 413
        assert "1 MB" in answer.json()["detail"]
        assert "文件太大" in answer.json()["detail"]
    except httpx.WriteError:  # the box hung up before all was sent, and so it should
        assert sent > 0
    assert sent < 10**8
    assert upload(box, "x", bytes(2_000_000)).status_code == 413
    assert upload(box, "x", b"").status_code == 422
    assert list((box.state_dir / "library").iterdir()) == []


def test_who_may_do_what(start_box: Callable[..., Box]) -> None:
    box = start_box()
    for token in (VIEWER, PRESENTER):
        assert box.request("POST", f"{COURSEWARE}?name=x", token, content=b"x").status_code == 403
        assert box.request("GET", COURSEWARE, token).status_code == 403
    offer = {"content": b"no offer", "headers": {"Content-Type": "application/sdp"}}
    sdp = {"Content-Type": "application/sdp"}
    for token, status in ((VIEWER, {403}), (PRESENTER, {400, 503}), (ASSISTANT, {400, 503})):
        headers = sdp | {"Authorization": f"Bearer {token}"}
        answer = httpx.post(f"{box.base}/whip", content=offer["content"], headers=headers, timeout=20)  # type: ignore[arg-type]
        assert answer.status_code in status
    links = box.get("/api/v1/links").json()
    assert links["present"][0].endswith(f"/present#token={PRESENTER}")
    assert box.get("/api/v1/links/present/qr").text.startswith("<svg")
