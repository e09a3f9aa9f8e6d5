"""Saved scenes and the panic slate over HTTP, against the real daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from box_process import VIEWER, Box, until

from appliance.desk import NoSuchScene, SavedScenes, TooManyScenes
from appliance.desk import scenes as scenes_module
from pipelines.broadcast.viewer import WhepViewer
from pipelines.media import Corner, Layout, Scene

SCENES = "/api/v1/scenes"


def nothing() -> None:
    """Nobody listens."""


def test_saved_scenes_outlive_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = SavedScenes(tmp_path, nothing)
    placed = Scene(7, Layout.CORNER, Corner.TOP_LEFT, 0.4, 0.9, True, "text", (0.25, 1.0))
    saved = scenes.add("Left", placed)
    again = SavedScenes(tmp_path, nothing)
    assert again.get(saved.scene_id).scene == Scene(
        0, *[getattr(placed, name) for name in placed.__slots__[1:]]
    )
    again.change(saved.scene_id, None, Scene(layout=Layout.SLATE))
    assert SavedScenes(tmp_path, nothing).all()[0].name == "Left"
    monkeypatch.setattr(scenes_module, "MAX_SCENES", 1)
    with pytest.raises(TooManyScenes):
        again.add("Right", placed)
    again.remove(saved.scene_id)
    with pytest.raises(NoSuchScene):
        again.get(saved.scene_id)


@pytest.mark.parametrize("text", ["[", '[{"scene_id": "a", "name": "b", "scene": {"layout": "moon"}}]', "3"])
def test_damaged_scenes_are_put_aside(tmp_path: Path, text: str) -> None:
    (tmp_path / "scenes.json").write_text(text)
    assert SavedScenes(tmp_path, nothing).all() == []
    assert (tmp_path / "scenes.json.damaged").exists()


def test_a_scene_is_saved_shown_and_forgotten(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    small = {"layout": "corner", "place_xy": [0.2, 1.0], "scale": 0.35}
    assert box.request("PATCH", "/api/v1/scene", json=small).json()["place_xy"] == [0.2, 1.0]
    saved = box.request("POST", SCENES, json={"name": " Small "})
    assert saved.status_code == 201 and saved.json()["name"] == "Small"
    assert box.request("PATCH", "/api/v1/scene", json={"corner": "top_left"}).json()["place_xy"] == [0.2, 1.0]
    assert box.request("PATCH", "/api/v1/scene", json={"place_xy": None}).json()["place_xy"] is None
    for wrong in ([2, 1], [0.5], [0.5, 3], "middle"):
        assert box.request("PATCH", "/api/v1/scene", json={"place_xy": wrong}).status_code == 422
    place = f"{SCENES}/{saved.json()['id']}"
    shown = box.request("POST", f"{place}/show").json()
    assert (shown["place_xy"], shown["scale"], shown["layout"]) == ([0.2, 1.0], 0.35, "corner")
    until(lambda: box.status()["scene"]["number"] == shown["number"], "the scene in the status")  # type: ignore[index]
    slate = {"name": "Break", "scene": {"layout": "slate", "slate_text": "Break"}}
    assert box.request("POST", SCENES, json=slate).json()["scene"]["slate_text"] == "Break"
    assert box.request("PATCH", place, json={"name": "Tiny"}).json()["name"] == "Tiny"
    assert [one["name"] for one in box.get(SCENES).json()] == ["Tiny", "Break"]
    assert box.request("DELETE", place).status_code == 204
    for method, path in (("DELETE", place), ("PATCH", place), ("POST", f"{place}/show")):
        assert box.request(method, path, json={}).status_code == 404
    for bad in ({"name": ""}, {"name": "  "}, {}, {"name": "a", "scene": {"layout": "moon"}}):
        assert box.request("POST", SCENES, json=bad).status_code == 422


def test_a_transition_is_of_one_change_and_of_no_saved_scene(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    at_once = {"layout": "corner", "transition_ms": 0}
    assert box.request("PATCH", "/api/v1/scene", json=at_once).json()["transition_ms"] == 0
    saved = box.request("POST", SCENES, json={"name": "Corner"}).json()
    assert saved["scene"]["transition_ms"] is None
    assert box.request("PATCH", "/api/v1/scene", json={"scale": 0.4}).json()["transition_ms"] is None
    slow = {"name": "Slow", "scene": {"layout": "beside", "transition_ms": 900}}
    made = box.request("POST", SCENES, json=slow).json()
    assert box.request("POST", f"{SCENES}/{made['id']}/show").json()["transition_ms"] == 900
    for wrong in (-1, 2001, "slow", 0.5):
        assert box.request("PATCH", "/api/v1/scene", json={"transition_ms": wrong}).status_code == 422


async def test_panic_hides_everything_until_it_is_called_off(start_box: Callable[..., Box]) -> None:
    """The fake studio's pictures are dark with a yellow square: the slate has none."""
    box = start_box()
    await asyncio.to_thread(box.until_live)

    async with WhepViewer(f"{box.base}/whep", VIEWER) as viewer:

        async def sees_yellow() -> bool:
            rgb = (await viewer.next_frame(20)).rgb
            return bool(((rgb[..., 0] > 180) & (rgb[..., 2] < 110)).sum() > 1000)

        assert await sees_yellow()
        assert (await asyncio.to_thread(box.request, "PUT", "/api/v1/panic")).status_code == 204
        while await sees_yellow():  # what was on its way
            pass
        assert not [await sees_yellow() for _ in range(3)].count(True)
        status = await asyncio.to_thread(box.status)
        assert status["is_panic"] and not status["is_live"]
        health = await asyncio.to_thread(httpx.get, box.base + "/health")
        assert health.status_code == 200, "a slate that is wanted is no fault"
        assert (await asyncio.to_thread(box.request, "DELETE", "/api/v1/panic")).status_code == 204
        while not await sees_yellow():
            pass
    entries = (await asyncio.to_thread(box.get, "/api/v1/lesson-log")).json()["entries"]
    assert [entry["kind"] for entry in entries if "panic" in entry["kind"]] == ["panic", "panic_over"]


def test_panic_outlives_a_restart(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    box.request("PUT", "/api/v1/panic")
    box.process.terminate()
    assert box.wait() == 0
    again = start_box()
    until(lambda: again.status()["state"] == "live", "the studio")
    assert again.status()["is_panic"] and not again.status()["is_live"]
