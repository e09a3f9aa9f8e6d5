"""The assistant's layouts with the real studio: what viewers put together is what the box composes."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browsers import AUTOPLAY, chromium, needs_chromium
from pictures import picture

from appliance.bench.ours import Box, running_box
from appliance.bench.pixel_exact import DRAWN, SNAPSHOT
from models.catalog import default_models_dir, locate
from models.matting_net import MattingNet
from models.settings import NetworkSettings
from pipelines.compositing.beside import draw_beside, sides_of
from pipelines.matting.uprighting import upright_by_people
from pipelines.media import U8, Layout, Page, Scene
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.timing import SessionClock

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
]
SIZE = (1280, 720)
BESIDE = Scene(layout=Layout.BESIDE)


def seen_by(tab: Any) -> U8 | None:
    """What the viewer's canvas shows, u8 (H, W, 3); None while it shows the composed video."""
    shown = tab.evaluate(SNAPSHOT)
    if shown is None or shown["shown"] != "parts":
        return None
    pixels = np.frombuffer(base64.b64decode(shown["rgba"]), np.uint8)
    return pixels.reshape(shown["height"], shown["width"], 4)[..., :3]


@needs_chromium
def test_side_by_side_is_the_same_for_both_kinds_of_viewers(
    box: Box, api: Callable[..., tuple[int, Any]], eventually: Callable[..., Any]
) -> None:
    sides = sides_of(BESIDE, SIZE)
    with chromium(AUTOPLAY) as browser:
        tab = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        try:
            tab.goto(f"{box.url}/watch#token={box.token}")
            eventually("parts", lambda: (tab.evaluate(DRAWN) or {}).get("shown") == "parts", 60)
            for viewer in box.status()["viewers"]:
                api(box, "PUT", f"/api/v1/viewers/{viewer['viewer_id']}/layer", {"layer": "teacher"})
            assert api(box, "PATCH", "/api/v1/scene", {"layout": "beside"})[0] == 200
            sheet = draw_beside(picture(box, "/pictures/page"), sides)

            def is_exact() -> bool:
                canvas = seen_by(tab)
                return canvas is not None and bool(
                    np.array_equal(canvas[sides.page.slices], sheet[sides.page.slices])
                )

            eventually("the page, smaller and pixel for pixel", is_exact, 60)
            pane = sides.pane.slices

            def differs(seen: U8) -> float:
                return float(
                    np.abs(seen[pane].astype(int) - picture(box, "/pictures/programme")[pane]).mean()
                )

            eventually("the camera's picture beside the page", lambda: differs(sheet) > 12, 60)

            # Both show it, give or take a moment: the viewer's picture is one of the composed ones of late.
            late: deque[Any] = deque(maxlen=40)

            def agree() -> bool:
                late.append(picture(box, "/pictures/programme")[pane].astype(int))
                seen = seen_by(tab)
                if seen is None or not np.array_equal(seen[sides.page.slices], sheet[sides.page.slices]):
                    return False
                return any(np.abs(seen[pane] - composed).mean() < 12 for composed in late)

            eventually("the same beside it", agree, 60)
        except Exception:
            print(json.dumps(tab.evaluate(DRAWN)))
            raise


def found_in(box: Box, api: Callable[..., tuple[int, Any]]) -> dict[str, Any]:
    """How the box sees the camera hang; nothing before it has looked."""
    return dict(api(box, "GET", "/api/v1/camera")[1]["found"] or {})


def test_a_camera_set_upside_down_is_found_and_turned_on_a_word(
    network: None, api: Callable[..., tuple[int, Any]], eventually: Callable[..., Any]
) -> None:
    """The simulated room, turned by a wrong setting: the page tells; set right, the room is known again."""
    with running_box((640, 360), "camera.turn_deg=180", "camera.mirrored=true") as turned:
        eventually(
            "the box looks by itself while it is not calibrated",
            lambda: found_in(turned, api).get("state") == "found",
            90,
        )
        upright = {"turn_deg": 0, "mirrored": False}
        assert found_in(turned, api) == {"state": "found", "witness": "page"} | upright

        def calibration() -> str:
            return str(api(turned, "GET", "/api/v1/status")[1]["programme"]["calibration"])

        assert calibration() == "none", "nothing is turned by itself"
        assert api(turned, "PUT", "/api/v1/camera", upright)[0] == 200
        eventually("the room is known again", lambda: calibration() == "simulated", 60)
        assert api(turned, "POST", "/api/v1/camera/find")[0] == 202
        eventually("all is well", lambda: found_in(turned, api).get("state") == "fits", 60)


def test_people_tell_which_way_up_they_are(network: None) -> None:
    """The real network, and the simulated teacher before a page that it is not told of."""
    rgb = np.full((720, 1280, 3), 235, np.uint8)
    page = Page(rgb, 1, 0)
    room = SimulatedClassroom("simulated:", SIZE, 25.0, SessionClock(0), lambda: page)
    net = MattingNet.open(locate("rvm-mobilenetv3", default_models_dir()), NetworkSettings())
    try:
        seen = [room.renderer.render(index, page) for index in (10, 50, 90)]
    finally:
        room.close()
    for quarters in (0, 2):
        hung = [np.ascontiguousarray(np.rot90(rgb, k=quarters)) for rgb in seen]
        assert upright_by_people(net.look, hung) == quarters
