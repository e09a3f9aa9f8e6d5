"""The four corners by hand: given in the console, refused where they are no screen's, kept over restarts."""

from __future__ import annotations

from collections.abc import Callable

from box_process import Box, until

CORNERS = "/api/v1/calibration/corners"
GOOD = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]


def state_of(box: Box) -> str:
    return str(box.get("/api/v1/calibration").json()["state"])


def test_corners_are_taken_kept_and_forgotten(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    kept = box.state_dir / "corners.json"
    upside_down = box.request("PUT", CORNERS, json={"corners": GOOD[::-1]})
    assert upside_down.status_code == 202
    until(lambda: state_of(box) == "refused", "refused")
    assert not kept.exists()
    assert box.request("PUT", CORNERS, json={"corners": GOOD}).json()["state"] == "running"
    until(lambda: state_of(box) == "accepted", "accepted")
    until(kept.exists, "kept")
    for wrong in (GOOD[:3], [[0.1, 7.0], *GOOD[1:]], [["a", 0], *GOOD[1:]], None):
        assert box.request("PUT", CORNERS, json={"corners": wrong}).status_code == 422
    assert box.request("DELETE", "/api/v1/calibration").status_code == 204
    until(lambda: state_of(box) == "none", "forgotten")
    assert not kept.exists()


def test_a_camera_is_turned_upright_and_stays_so(start_box: Callable[..., Box]) -> None:
    box = start_box(CLASSROOM_CAMERA_MIRRORED="true")
    box.until_live()
    assert hung(box) == {"turn_deg": 0, "mirrored": True}, "as the settings say"
    box.request("PUT", CORNERS, json={"corners": GOOD})
    until(lambda: state_of(box) == "accepted", "accepted")
    turned = {"turn_deg": 90, "mirrored": False}
    assert box.request("PUT", "/api/v1/camera", json=turned).json() == turned | {"found": None}
    until(lambda: shape_of(box) == (360, 640), "a picture that stands on end")
    until(lambda: state_of(box) == "none", "the calibration of the other picture is forgotten")
    assert not (box.state_dir / "corners.json").exists()
    for wrong in ({"turn_deg": 45}, {"turn_deg": 90, "mirrored": "maybe"}, {"tilt": 1}):
        assert box.request("PUT", "/api/v1/camera", json=wrong).status_code == 422
    box.process.terminate()
    box.wait()
    again = start_box()
    again.until_live()
    assert hung(again) == turned
    assert shape_of(again) == (360, 640), "the new studio knows it"


def test_what_the_box_sees_of_the_camera_is_a_suggestion(start_box: Callable[..., Box]) -> None:
    box = start_box()
    box.until_live()
    assert box.get("/api/v1/camera").json()["found"] is None
    assert box.request("POST", "/api/v1/camera/find").json()["found"]["state"] == "looking"
    found = {"state": "found", "turn_deg": 180, "mirrored": False, "witness": "people"}
    until(lambda: box.status()["upright"] == found, "found")
    assert hung(box) == {"turn_deg": 0, "mirrored": False}, "nothing is turned by itself"
    assert box.request("DELETE", "/api/v1/camera/found").status_code == 204
    assert box.get("/api/v1/camera").json()["found"] is None


def hung(box: Box) -> dict[str, object]:
    camera = box.get("/api/v1/camera").json()
    return {key: camera[key] for key in ("turn_deg", "mirrored")}


def shape_of(box: Box) -> tuple[int, int]:
    png = box.get("/api/v1/pictures/camera").content
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
