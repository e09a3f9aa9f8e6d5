"""A remote room speaks: Chromium's microphone, which beeps, is heard where it should be and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from box_process import VIEWER, Box, until
from browsers import AUTOPLAY, chromium
from desk_pages import LANGUAGES, OpenPage, open_console, open_page, picture
from playwright.sync_api import Browser, Page, expect
from test_rooms_api import make_room, token_of

pytestmark = pytest.mark.e2e
__all__ = ["open_page"]

MICROPHONE = ["--use-fake-device-for-media-stream", AUTOPLAY]
BEEP, SILENCE = 0.02, 0.002  # of full scale, peak: Chromium's microphone beeps twice a second
WORDS = {
    "en-GB": {
        "ask": "Ask to speak",
        "asks": "asks to speak",
        "denied": "allow the microphone",
        "log": "Let speak",
    },
    "zh-CN": {"ask": "请求发言", "asks": "请求发言", "denied": "允许麦克风", "log": "允许发言"},
}
# The peak of what an element plays, over some seconds.
PEAK = """async (id) => {
  const stream = document.getElementById(id).srcObject;
  if (!stream) return 0;
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 4096;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let peak = 0;
  for (let look = 0; look < 20; look++) {
    await new Promise((done) => setTimeout(done, 50));
    analyser.getFloatTimeDomainData(samples);
    peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), peak);
  }
  await context.close();
  return peak;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*MICROPHONE) as browser:
        yield browser


def peak(page: Page, element: str) -> float:
    return float(page.evaluate(PEAK, element))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_room_is_let_speak(start_box: Callable[..., Box], open_page: OpenPage, locale: str) -> None:
    said = WORDS[locale]
    box = start_box()
    box.until_live()
    room = make_room(box, "Room 5")
    console = open_console(open_page, box, locale)
    viewer = open_page(f"{box.base}/watch#token={token_of(room)}", locale)
    button = viewer.locator("#talk")
    expect(button).to_have_text(said["ask"], timeout=30_000)

    button.click()  # the browser does not give the microphone
    expect(viewer.locator("#talk-said")).to_contain_text(said["denied"])
    expect(button).to_have_attribute("data-state", "none")
    assert box.status()["viewers"][-1]["talk"] == "none"
    picture(viewer, f"viewer-talk-denied-{locale}.png")

    viewer.context.grant_permissions(["microphone"])
    button.click()
    expect(console.locator("#talk-asking")).to_contain_text(f"Room 5 {said['asks']}", timeout=5_000)
    expect(button).to_have_attribute("data-state", "asking")
    picture(console, f"console-talk-asking-{locale}.png", whole=False)
    (asking,) = [one for one in box.status()["viewers"] if one["talk"] == "asking"]
    refused = box.request("POST", f"/talk/{asking['viewer_id']}", token_of(room), content=b"v=0")
    assert refused.status_code in (409, 415), "asking is not being let in"

    console.locator("#talk-asking button.strong").click()
    expect(button).to_have_attribute("data-state", "speaking", timeout=20_000)
    until(lambda: (box.status()["talk"]["level_dbfs"] or -96) > -40, "a level in the status")
    until(lambda: peak(console, "voice") > BEEP, "the beep in the main room")
    picture(viewer, f"viewer-talk-{locale}.png")
    picture(console, f"console-talk-{locale}.png", whole=False)
    if locale == LANGUAGES[0]:  # once is enough: sound has no language
        hear_who_hears(box, console, viewer, open_page(f"{box.base}/watch#token={VIEWER}"))

    button.click()  # the room stops
    expect(console.locator("#talk-bar")).to_be_hidden()
    expect(button).to_have_attribute("data-state", "none")
    assert box.status()["talk"] is None
    expect(console.locator("#log")).to_contain_text(said["log"])
    kinds = [entry["kind"] for entry in box.get("/api/v1/lesson-log").json()["entries"]]
    assert [kind for kind in kinds if kind.startswith("talk")] == ["talk_asked", "talk_let_in", "talk_ended"]


def hear_who_hears(box: Box, console: Page, viewer: Page, other: Page) -> None:
    """The main room, all rooms, nobody; never the speaking room itself."""
    expect(other.locator("#talk")).to_be_visible(timeout=30_000)
    assert peak(other, "programme") < SILENCE, "the other rooms hear nothing of it"
    console.check("#talk-in-programme")
    until(lambda: peak(other, "programme") > BEEP, "the beep in the other room")
    assert peak(viewer, "programme") < SILENCE, "never their own voice"

    console.click("#talk-mute")
    until(lambda: bool(box.status()["talk"]["is_muted"]), "muted")
    until(lambda: max(peak(console, "voice"), peak(other, "programme")) < SILENCE, "silence everywhere")
    console.click("#talk-mute")
    until(lambda: peak(other, "programme") > BEEP, "the beep again")
    mute = console.locator("#viewers li", has_text="Remote classroom").locator("button.mute").first
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    expect(other.locator("#sound-muted")).to_be_visible()
    until(lambda: peak(other, "programme") < SILENCE, "no sound for that room")
    mute.click()
    expect(other.locator("#sound-muted")).to_be_hidden()
