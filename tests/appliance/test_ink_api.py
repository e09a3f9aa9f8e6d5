"""Ink and single pictures over HTTP, against the real daemon; the fake studio has the real annotator."""

from __future__ import annotations

import asyncio
import hashlib
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
from box_process import PRESENTER, VIEWER, Box, until

from appliance import ink_keeper as ink_keeper_module
from appliance.api.wire_ink import StrokeBody
from appliance.client import BoxClient
from appliance.desk import Desk
from appliance.desk import sketchbook as sketchbook_module
from appliance.desk.ink_store import InkStore
from appliance.desk.sketchbook import NoSuchStroke, Sketchbook, TooMuchInk
from appliance.ink_keeper import InkKeeper
from pipelines.capture.mounting import Upright
from pipelines.ink import SCREEN, Hand, PageKey, Stroke, Tool
from pipelines.orders import SetInk

INK = "/api/v1/ink"
BLUE = (0, 114, 178)
LINE = {"page": 0, "colour": "blue", "width": 0.05, "points": [[0.2, 0.8], [0.5, 0.8]]}


@pytest.fixture
def box(start_box: Callable[..., Box]) -> Box:
    box = start_box()
    box.until_live()
    return box


def picture_of(box: Box, path: str) -> np.ndarray:
    answer = box.get(path)
    assert answer.status_code == 200, answer.text
    picture: np.ndarray = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    return picture


def is_blue(box: Box, x: float, y: float) -> bool:
    shown = picture_of(box, f"{INK}/page.png")
    return bool((shown[int(y * shown.shape[0]), int(x * shown.shape[1])] == BLUE).all())


def is_dimmed(box: Box) -> bool:
    """Does a spotlight somewhere else leave the lower left corner dark?"""
    return bool(picture_of(box, f"{INK}/page.png")[-1, 0].max() < 30)


def ink_of(box: Box, page: int = 0) -> dict[str, Any]:
    ink: dict[str, Any] = box.get(f"{INK}?page={page}").json()
    return ink


def test_a_stroke_grows_is_undone_and_cleared(box: Box) -> None:
    made = box.request("POST", f"{INK}/strokes", json=LINE)
    assert made.status_code == 201
    until(lambda: is_blue(box, 0.3, 0.8), "the line")
    growth = {"page": 0, "points": [[0.8, 0.8]]}
    place = f"{INK}/strokes/{made.json()['stroke_id']}"
    assert box.request("PATCH", place, json=growth).status_code == 204
    until(lambda: is_blue(box, 0.7, 0.8), "the rest of the line")
    box.request("POST", f"{INK}/strokes", json=LINE | {"points": [[0.5, 0.3]]})
    assert box.request("PATCH", place, json=growth).status_code == 404, "only the last stroke grows"
    assert [len(stroke["points"]) for stroke in ink_of(box)["strokes"]] == [3, 1]
    assert box.request("DELETE", f"{INK}?page=0").status_code == 204
    until(lambda: not is_blue(box, 0.3, 0.8), "a clear page")
    assert box.request("POST", f"{INK}/undo?page=0").status_code == 204
    until(lambda: is_blue(box, 0.3, 0.8), "the clearing undone")
    for _ in range(2):
        box.request("POST", f"{INK}/undo?page=0")
    assert ink_of(box)["strokes"] == [] and not ink_of(box)["can_undo"]
    assert box.request("POST", f"{INK}/undo?page=0").status_code == 204, "nothing left to undo is no fault"


def test_ink_stays_on_its_page_and_outlives_the_studio(box: Box) -> None:
    box.request("POST", f"{INK}/strokes", json=LINE)
    until(lambda: is_blue(box, 0.3, 0.8), "the line")
    box.request("POST", "/api/v1/page", json={"step": 1})
    until(lambda: not is_blue(box, 0.3, 0.8), "another page has no ink")
    box.request("POST", "/api/v1/page", json={"step": -1})
    until(lambda: is_blue(box, 0.3, 0.8), "it is still on its own")
    os.kill(box.studio_pid, signal.SIGKILL)
    until(lambda: box.status()["restarts"] == 1, "a restart")
    box.until_live()
    until(lambda: is_blue(box, 0.3, 0.8), "a new studio draws it again")


def test_ink_outlives_the_box_and_not_its_courseware(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    drawing = cv2.imencode(".png", np.zeros((90, 160, 3), np.uint8))[1].tobytes()
    item = box.request("POST", "/api/v1/courseware?name=page.png", content=drawing).json()["id"]
    place = f"/api/v1/courseware/{item}"
    until(lambda: box.get(place).json()["state"] == "ready", "the drawing is ready")
    box.request("POST", f"{INK}/strokes", json=LINE)
    box.request("POST", f"{place}/open")
    until(lambda: box.status()["open_id"] == item, "another courseware")
    assert ink_of(box)["strokes"] == []
    box.request("POST", f"{INK}/strokes", json=LINE | {"colour": "black"})
    kept = box.state_dir / "ink"
    until(lambda: kept.is_dir() and len(list(kept.glob("*.json"))) == 2, "on the disk")
    box.close()  # killed

    box = start_box()
    box.until_live()
    until(lambda: is_blue(box, 0.3, 0.8), "the line of before")
    box.request("POST", f"{place}/open")
    until(lambda: box.status()["open_id"] == item, "the other courseware")
    assert [stroke["colour"] for stroke in ink_of(box)["strokes"]] == ["black"]
    box.request("PUT", "/api/v1/courseware", json={"name": "demo"})
    assert box.request("DELETE", place).status_code == 204
    until(lambda: len(list(kept.glob("*.json"))) == 1, "its ink has gone with it")


def test_a_presenter_draws_points_and_takes_back_their_own(box: Box) -> None:
    def as_presenter(method: str, path: str, **body: Any) -> httpx.Response:
        return box.request(method, f"{INK}{path}", PRESENTER, **body)

    box.request("POST", f"{INK}/strokes", json=LINE | {"colour": "black"})
    made = as_presenter("POST", "/strokes", json=LINE)
    assert (made.status_code, made.json()["by"]) == (201, "presenter")
    until(lambda: is_blue(box, 0.3, 0.8), "the presenter's line")
    # Both draw at once: each goes on with their own, and neither with the other's.
    other = box.request("POST", f"{INK}/strokes", json=LINE | {"points": [[0.5, 0.3]]}).json()["stroke_id"]
    mine = made.json()["stroke_id"]
    growth = {"page": 0, "points": [[0.8, 0.8]]}
    assert as_presenter("PATCH", f"/strokes/{mine}", json=growth).status_code == 204
    until(lambda: is_blue(box, 0.7, 0.8), "it goes on under a newer one")
    assert as_presenter("PATCH", f"/strokes/{other}", json=growth).status_code == 404
    assert box.request("PATCH", f"{INK}/strokes/{mine}", json=growth).status_code == 404

    assert as_presenter("POST", "/undo?page=0").status_code == 204
    assert [stroke["by"] for stroke in ink_of(box)["strokes"]] == ["assistant", "assistant"]
    assert as_presenter("POST", "/undo?page=0").status_code == 204
    assert as_presenter("DELETE", "?page=0").status_code == 204
    assert len(ink_of(box)["strokes"]) == 2, "the assistant's stay"
    until(lambda: not is_blue(box, 0.3, 0.8), "taken back")
    for kind in ("laser", "spotlight"):
        where = {"kind": kind, "x": 0.5, "y": 0.9}
        assert as_presenter("PUT", "/pointer", json=where).status_code == 204
    until(lambda: is_dimmed(box), "all but the spotlight's disc")
    box.request("PUT", f"{INK}/pointer", json=where)
    assert as_presenter("DELETE", "/pointer").status_code == 204
    assert as_presenter("GET", "/page.png").content.startswith(b"\x89PNG"), "the page that is drawn on"
    until_s = time.monotonic() + 0.5
    while time.monotonic() < until_s:
        assert is_dimmed(box), "the assistant points since"
    assert as_presenter("PUT", "/pointer", json=where).status_code == 204
    assert as_presenter("DELETE", "/pointer").status_code == 204
    until(lambda: not is_dimmed(box), "put away")


def test_a_presenter_may_do_no_more(box: Box) -> None:
    def status(method: str, path: str, token: str = PRESENTER, **body: Any) -> int:
        return box.request(method, path, token, **body).status_code

    strokes = f"{INK}/strokes"
    mine = box.request("POST", strokes, PRESENTER, json=LINE).json()["stroke_id"]
    assert status("POST", strokes, json=LINE | {"tool": "marker"}) == 403
    box.request("POST", "/api/v1/page", json={"step": 1})
    until(lambda: box.get("/api/v1/page").json()["index"] == 1, "another page")
    growth = {"page": 0, "points": [[0.9, 0.8]]}
    assert status("POST", strokes, json=LINE) == 409, "it is not shown any more"
    assert status("PATCH", f"{strokes}/{mine}", json=growth) == 409
    assert status("POST", f"{INK}/undo?page=0") == status("DELETE", f"{INK}?page=0") == 409
    assert status("POST", strokes, json=LINE | {"page": 1}) == 201
    for path in (f"{INK}?page=1", f"{INK}/page.svg", "/api/v1/pictures/inked", "/api/v1/pictures/page"):
        assert status("GET", path) == 403, path
    for method, path in (
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/page"),
        ("POST", "/api/v1/page"),
        ("PATCH", "/api/v1/scene"),
        ("PATCH", "/api/v1/courseware/film"),
        ("PUT", "/api/v1/panic"),
        ("GET", "/api/v1/links"),
    ):
        assert status(method, path) == 403, path
    pointer = {"kind": "laser", "x": 0.5, "y": 0.5}
    for method, path, body in (
        ("POST", strokes, LINE | {"page": 1}),
        ("PATCH", f"{strokes}/{mine}", growth),
        ("POST", f"{INK}/undo?page=1", None),
        ("DELETE", f"{INK}?page=1", None),
        ("PUT", f"{INK}/pointer", pointer),
        ("DELETE", f"{INK}/pointer", None),
        ("GET", f"{INK}/page.png", None),
        ("GET", f"{INK}/events", None),
    ):
        assert status(method, path, VIEWER, json=body) == 403, f"a viewer: {path}"
    assert len(ink_of(box, 1)["strokes"]) == 1


def test_a_presenter_is_told_of_the_page(box: Box) -> None:
    with BoxClient(box.base, PRESENTER) as presenter:
        shown = presenter.ink.shown()
        first = next(shown)
        assert (first.page, first.count, first.can_undo) == (0, 5, False)
        box.request("POST", f"{INK}/strokes", json=LINE)
        assert next(one for one in shown if one.ink_revision > first.ink_revision).can_undo is False
        presenter.ink.draw(StrokeBody(page=0, points=[(0.1, 0.1)]))
        assert next(one for one in shown if one.can_undo).page == 0
        box.request("POST", "/api/v1/page", json={"step": 1})
        assert next(one for one in shown if one.page == 1).revision > first.revision


def test_exports_hold_page_and_ink(box: Box) -> None:
    box.request("POST", f"{INK}/strokes", json=LINE)
    box.request("POST", f"{INK}/strokes", json=LINE | {"tool": "marker", "colour": "yellow"})
    svg = box.get(f"{INK}/page.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert 'stroke="#0072b2"' in svg.text and 'stroke-opacity="0.42"' in svg.text
    assert "M128.00 288.00L320.00 288.00" in svg.text, "0.2, 0.8 and 0.5, 0.8 of 640 x 360"
    assert "data:image/png;base64,iVBOR" in svg.text
    assert ink_of(box)["colours"]["vermillion"] == "#d55e00"


def test_laser_and_spotlight(shared_box: Box) -> None:
    box = shared_box
    before = picture_of(box, f"{INK}/page.png").astype(int).sum()
    for kind in ("spotlight", "laser"):
        where = {"kind": kind, "x": 0.5, "y": 0.9}
        assert box.request("PUT", f"{INK}/pointer", json=where).status_code == 204
    until(
        lambda: bool((picture_of(box, f"{INK}/page.png") == (213, 94, 0)).all(axis=2).any()),
        "the laser's dot",
    )
    assert box.request("DELETE", f"{INK}/pointer").status_code == 204
    until(lambda: picture_of(box, f"{INK}/page.png").astype(int).sum() == before, "put away")


@pytest.mark.parametrize(
    "body",
    [
        {},
        LINE | {"points": []},
        LINE | {"points": [[0.5]]},
        LINE | {"points": [[0.5, 9]]},
        LINE | {"colour": "#ff0000"},
        LINE | {"width": 1},
        LINE | {"page": -1},
        LINE | {"points": [[0.1, 0.1]] * 401},
    ],
)
def test_wrong_ink(shared_box: Box, body: dict[str, Any]) -> None:
    assert shared_box.request("POST", f"{INK}/strokes", json=body).status_code == 422


def test_single_pictures(box: Box) -> None:
    for kind in ("page", "inked", "programme", "camera", "matte"):
        assert picture_of(box, f"/api/v1/pictures/{kind}").shape == (360, 640, 3)
    nothing = box.get("/api/v1/pictures/plate")
    assert nothing.status_code == 404 and "calibrate" in nothing.json()["detail"]
    assert box.get("/api/v1/pictures/children").status_code == 422
    assert box.request("GET", "/api/v1/pictures/camera", VIEWER).status_code == 403
    box.request("PUT", "/api/v1/panic")
    assert box.get("/api/v1/pictures/camera").status_code == 409
    assert box.get("/api/v1/pictures/page").status_code == 200


def test_the_ink_of_many_pages_reaches_a_studio_that_starts(
    tmp_path: Path, start_box: Callable[..., Box]
) -> None:
    """More than the pipe takes before the studio reads, what is shown last of all."""
    store = InkStore(tmp_path / "state")
    scribble = tuple((0.001 * index, 0.1) for index in range(1000))
    pages = {index: (Stroke(f"s{index}", Tool.PEN, "sky", 0.01, scribble),) for index in range(180)}
    store.save("another lesson", pages)
    store.save("demo", {0: (Stroke("shown", Tool.PEN, "blue", 0.05, ((0.2, 0.8), (0.5, 0.8))),)})
    os.utime(max((tmp_path / "state" / "ink").iterdir(), key=lambda path: path.stat().st_size), (1, 1))
    box = start_box()
    box.until_live()
    until(lambda: is_blue(box, 0.35, 0.8), "the ink of before")


def test_a_sketchbook_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MAX_PAGES", 2), ("MAX_STROKES", 3), ("MAX_POINTS", 5)):
        monkeypatch.setattr(sketchbook_module, name, most)
    book, page, dot = Sketchbook(), PageKey("a", 0), ((0.5, 0.5),)
    for _ in range(3):
        stroke, _ = book.begin(page, Tool.PEN, "blue", 0.01, dot)
    with pytest.raises(TooMuchInk, match="strokes"):
        book.begin(page, Tool.PEN, "blue", 0.01, dot)
    book.extend(page, stroke.stroke_id, dot * 4)
    with pytest.raises(TooMuchInk, match="points"):
        book.extend(page, stroke.stroke_id, dot)
    book.begin(PageKey("a", 1), Tool.PEN, "blue", 0.01, dot)
    with pytest.raises(TooMuchInk, match="pages"):
        book.begin(PageKey("a", 2), Tool.PEN, "blue", 0.01, dot)
    with pytest.raises(NoSuchStroke):
        book.extend(PageKey("a", 2), stroke.stroke_id, dot)
    assert [len(order.strokes) for order in book.orders()] == [3, 1]
    # Another courseware's page makes room for what was drawn on longest ago.
    book.begin(PageKey("b", 0), Tool.PEN, "blue", 0.01, dot)
    assert book.made_room() == [SetInk(page, ())] and book.made_room() == []
    monkeypatch.setattr(sketchbook_module, "MAX_ALL_POINTS", 4)
    book.begin(PageKey("b", 0), Tool.PEN, "blue", 0.01, dot * 3)
    assert book.strokes(PageKey("a", 1)) == ()
    with pytest.raises(TooMuchInk, match="full of ink"):
        book.begin(PageKey("b", 0), Tool.PEN, "blue", 0.01, dot)


def test_each_hand_takes_back_its_own() -> None:
    book, page = Sketchbook(), PageKey("a", 0)

    def draw(x: float, by: Hand) -> None:
        book.begin(page, Tool.PEN, "blue", 0.01, ((x, 0.5),), by)

    def drawn() -> list[float]:
        return [stroke.points[0][0] for stroke in book.strokes(page)]

    for x in (0.1, 0.2, 0.3, 0.4):
        draw(x, "presenter" if x in (0.2, 0.4) else "assistant")
    book.clear(page, "presenter")
    assert drawn() == [0.1, 0.3]
    draw(0.5, "assistant")
    book.undo(page, "presenter")
    assert drawn() == [0.1, 0.2, 0.3, 0.4, 0.5], "the clearing is taken back, what was drawn since stays"
    book.undo(page, "presenter")
    assert drawn() == [0.1, 0.2, 0.3, 0.5]
    book.clear(page)
    assert drawn() == [] and book.undo(page, "presenter") is None, "it has been cleared already"
    assert not book.can_undo(page, "presenter") and book.clear(page, "presenter") is None
    book.undo(page)
    assert drawn() == [0.1, 0.2, 0.3, 0.5]
    book.undo(page)
    assert drawn() == [0.1, 0.2, 0.3], "the assistant takes back whatever came last"


def test_the_ink_of_before_is_read_and_what_is_damaged_put_aside(tmp_path: Path) -> None:
    store = InkStore(tmp_path)
    book = Sketchbook(store.load())
    for courseware in ("a", "b", SCREEN):
        points = ((0.123456, 0.5), (0.2, 0.6))
        book.begin(PageKey(courseware, 3), Tool.MARKER, "sky", 0.02, points, "presenter")
    for courseware, pages in book.unsaved().items():
        store.save(courseware, pages)
    assert book.unsaved() == {}
    again = Sketchbook(store.load())
    (kept,) = again.strokes(PageKey("b", 3))
    assert (kept.tool, kept.colour, kept.points[0]) == (Tool.MARKER, "sky", (0.1235, 0.5))
    assert kept.by == "presenter"
    assert again.strokes(PageKey(SCREEN, 3)) == (), "another screen is shared the next time"
    again.clear(PageKey("b", 3))
    for courseware, pages in again.unsaved().items():
        store.save(courseware, pages)
    (left,) = (tmp_path / "ink").iterdir()
    left.write_text(left.read_text().replace('"sky"', '"no such colour"'))
    assert Sketchbook(store.load()).strokes(PageKey("a", 3)) == ()
    assert [path.name for path in (tmp_path / "ink").iterdir()] == [f"{left.name}.damaged"]


async def test_ink_that_cannot_be_removed_is_told_and_the_keeper_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ink_keeper_module, "EVERY_S", 0.01)
    desk, told = Desk(tmp_path, Upright(), lambda: None), asyncio.Queue[str]()
    page = PageKey("a", 0)
    desk.sketchbook.begin(page, Tool.PEN, "blue", 0.01, ((0.5, 0.5),))
    keeping = asyncio.create_task(InkKeeper(desk, told.put_nowait).run())
    file = tmp_path / "ink" / f"{hashlib.sha256(b'a').hexdigest()[:24]}.json"
    await asyncio.to_thread(until, file.is_file, "kept")
    file.unlink()
    file.mkdir()  # stands for a disk that is read-only, for root as well
    desk.sketchbook.clear(page)
    assert file.name in await asyncio.wait_for(told.get(), 10)
    file.rmdir()
    desk.sketchbook.begin(page, Tool.PEN, "blue", 0.01, ((0.5, 0.5),))
    await asyncio.to_thread(until, file.is_file, "kept again")
    keeping.cancel()
    await asyncio.wait([keeping])
