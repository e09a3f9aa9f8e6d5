"""A real Chromium shares a screen with the real box, by TURN alone: it becomes the courseware a while."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsers import chromium
from playwright.sync_api import expect
from turn_server import LOOPBACK, SECRET, needs_coturn, turn_server

from appliance.bench.ours import running_box
from appliance.links import network_address

pytestmark = pytest.mark.e2e

# A headless browser has no screen: a canvas stands in for it, and all after it is real.
A_SCREEN = """
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const draw = canvas.getContext("2d");
  let number = 0;
  setInterval(() => { draw.fillStyle = "#f4f1e8"; draw.fillRect(0, 0, 1280, 720);
    draw.fillStyle = "#222"; draw.font = "24px sans-serif";
    for (let y = 60; y < 700; y += 40) draw.fillText("Sharp text of a laptop 0123456789 " + number, 60, y);
    number += 1; }, 200);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(15);
"""
# A firewall between the laptop and the box: nothing but TURN is left.
BEHIND_TURN = """
  const Connection = RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(given) { super({ ...given, iceTransportPolicy: "relay" }); }
  };
"""


@needs_coturn
def test_a_laptops_screen_comes_and_goes(
    network: None, api: Callable[..., tuple[int, Any]], eventually: Callable[..., Any], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    address = network_address() or LOOPBACK
    with (
        turn_server(tmp_path, address) as port,
        chromium() as browser,
        running_box(
            (640, 360),
            f'broadcast.ice_urls=["turn:{address}:{port}"]',
            f"broadcast.turn_secret_file={secret}",
            "broadcast.relay=both",
        ) as box,
    ):
        link = api(box, "GET", "/api/v1/links")[1]["present"][0]
        page = browser.new_page(locale="en-GB")
        page.add_init_script(A_SCREEN + BEHIND_TURN)
        page.goto(link)
        page.click("#share")
        expect(page.locator("#state")).to_have_text("Your screen is shown in the lesson", timeout=30_000)

        def status() -> Any:
            return api(box, "GET", "/api/v1/status")[1]

        eventually("the screen is the courseware", lambda: status()["is_screen"], 40)
        shown = status()
        assert shown["sources"]["courseware"]["detail"]["kind"] == "screen"
        eventually("its pages change", lambda: status()["page"]["revision"] > shown["page"]["revision"], 20)
        page.click("#stop")
        eventually("the courseware is back", lambda: not status()["is_screen"], 30)
        assert status()["sources"]["courseware"]["detail"]["kind"] == "pdf"
        assert status()["is_live"], "never a slate in between"
