"""What a browser makes of it: headless Chromium plays, and its picture is read back from a canvas."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from browsers import AUTOPLAY, async_chromium, needs_chromium
from playwright.async_api import Page

from pipelines.broadcast import hooks

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(
        not hooks._host_addresses(use_ipv4=True, use_ipv6=True),
        reason="needs a network interface besides loopback: Chromium makes no WebRTC connection without",
    ),
]

PAGE = """<!doctype html><meta charset="utf-8"><video id="v" autoplay playsinline></video><script>
window.play = async (profile) => {
  const pc = window.pc = new RTCPeerConnection();
  const video = pc.addTransceiver("video", {direction: "recvonly"});
  pc.addTransceiver("audio", {direction: "recvonly"});
  if (profile) {
    const all = RTCRtpReceiver.getCapabilities("video").codecs;
    video.setCodecPreferences(all.filter(c => c.mimeType === "video/rtx" ||
      (c.mimeType === "video/H264" && c.sdpFmtpLine.includes("packetization-mode=1")
       && c.sdpFmtpLine.includes(profile))));
  }
  const stream = new MediaStream();
  pc.ontrack = e => { stream.addTrack(e.track); document.getElementById("v").srcObject = stream; };
  await pc.setLocalDescription();
  const reply = await fetch("/whep", {method: "POST", body: pc.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": "Bearer secret"}});
  if (reply.status !== 201) throw new Error(reply.status + " " + await reply.text());
  window.session = reply.headers.get("Location");
  const answer = await reply.text();
  await pc.setRemoteDescription({type: "answer", sdp: answer});
  return answer;
};
window.stats = async () => {
  const found = {};
  for (const s of (await pc.getStats()).values()) if (s.type === "inbound-rtp") found[s.kind] = s;
  return found;
};
window.colours = (points) => {
  const v = document.getElementById("v"), c = document.createElement("canvas");
  c.width = v.videoWidth; c.height = v.videoHeight;
  const g = c.getContext("2d"); g.drawImage(v, 0, 0);
  return points.map(([x, y]) => Array.from(g.getImageData(x, y, 1, 1).data.slice(0, 3)));
};
</script>"""


@pytest.fixture
async def browser_page(studio, new_door) -> AsyncIterator[Page]:
    async with new_door(studio.broadcast, "secret", PAGE) as door, async_chromium(AUTOPLAY) as browser:
        page = await browser.new_page()
        await page.goto(door.origin)
        yield page


async def decoded(page: Page, count: int) -> None:
    """Waits until the browser has decoded so many pictures."""
    frames = 0
    for _ in range(300):
        frames = (await page.evaluate("stats()")).get("video", {}).get("framesDecoded", 0)
        if frames >= count:
            return
        await page.wait_for_timeout(50)
    pytest.fail(f"only {frames} of {count} pictures decoded")


async def block_left_px(page: Page, y: int) -> int:
    """Where the white block begins in the picture shown now."""
    row = await page.evaluate("y => colours([...Array(640).keys()].map(x => [x, y]))", y)
    return next(x for x, rgb in enumerate(row) if min(rgb) > 200)


async def test_plays_with_right_colours_movement_and_sound(studio, browser_page, patches, until) -> None:
    page = browser_page
    answer = await page.evaluate("play()")
    assert answer.count("m=video") == 1
    await decoded(page, 50)

    points = [[x, y] for x, y, _ in patches.values()]
    shown = await page.evaluate("p => colours(p)", points)
    for (x, y, colour), got in zip(patches.values(), shown, strict=True):
        assert max(abs(a - b) for a, b in zip(colour, got, strict=True)) <= 6, (x, y, colour, got)

    places = set()
    for _ in range(6):
        places.add(await block_left_px(page, 280))
        await page.wait_for_timeout(90)
    assert len(places) >= 3

    stats = await page.evaluate("stats()")
    assert stats["audio"]["packetsReceived"] > 50 and stats["audio"]["totalAudioEnergy"] > 0
    assert stats["video"]["packetsLost"] == 0
    # One for the join; a browser may ask once more while it starts. Not one for every repeated wish.
    assert 1 <= len(studio.key_wishes) <= 3
    (status,) = studio.broadcast.viewers()
    assert status.state == "connected"
    await page.evaluate("pc.close()")
    await until(lambda: not studio.broadcast.viewers(), "the browser's removal")


async def test_other_negotiated_profiles_decode_too(browser_page) -> None:
    for profile in ("42001f", "4d001f"):
        await browser_page.reload()
        answer = await browser_page.evaluate("p => play(p)", profile)
        assert f"profile-level-id={profile}" in answer and "42e01f" not in answer
        await decoded(browser_page, 25)
        await browser_page.evaluate("pc.close()")


async def test_a_browser_that_takes_it_gets_full_chroma(studio, browser_page) -> None:
    answer = await browser_page.evaluate("play()")
    assert "profile-level-id=f4001f" in answer
    await decoded(browser_page, 25)
    (status,) = studio.broadcast.viewers()
    assert (status.layer, status.layers) == ("444", ("444", "420", "low", "sound"))
    assert {p.layer for p in studio.published[-40:] if p.kind == "video"} == {"444"}


async def test_changing_layers_goes_on_without_a_gap(studio, browser_page, until) -> None:
    """Another payload type at a key frame, in one stream: nothing lost, nothing asked for, no new session."""
    page = browser_page
    await page.evaluate("play()")
    await decoded(page, 25)
    (viewer,) = studio.broadcast.viewers()
    for layer in ("420", "low", "444"):
        before = (await page.evaluate("stats()"))["video"]
        assert studio.broadcast.pin(viewer.viewer_id, layer)
        await until(lambda layer=layer: studio.broadcast.viewers()[0].layer == layer, f"layer {layer}")
        await decoded(page, before["framesDecoded"] + 15)
        after = (await page.evaluate("stats()"))["video"]
        assert after["ssrc"] == before["ssrc"] and after["packetsLost"] == 0
        assert after["pliCount"] == before["pliCount"], layer
    assert {p.layer for p in studio.published[-20:] if p.kind == "video"} == {"444"}


async def test_sound_alone_leaves_the_connection_standing(studio, browser_page, until) -> None:
    page = browser_page
    await page.evaluate("play()")
    await decoded(page, 10)
    (viewer,) = studio.broadcast.viewers()
    studio.broadcast.pin(viewer.viewer_id, "sound")
    sound = (await page.evaluate("stats()"))["audio"]["packetsReceived"]
    await page.wait_for_timeout(1500)
    stats = await page.evaluate("stats()")
    frames = stats["video"]["framesDecoded"]
    assert stats["audio"]["packetsReceived"] > sound + 20
    await page.wait_for_timeout(500)
    assert (await page.evaluate("stats()"))["video"]["framesDecoded"] == frames
    studio.broadcast.pin(viewer.viewer_id, None)
    studio.broadcast.pin(viewer.viewer_id, "420")
    await decoded(page, frames + 15)


async def test_a_late_browser_sees_a_picture_within_a_second(studio, browser_page, until) -> None:
    await until(lambda: len(studio.published) > 100, "a lesson under way")
    before = len(studio.published)
    await browser_page.evaluate(
        """async () => { await play(); const v = document.getElementById("v");
           await new Promise(done => v.requestVideoFrameCallback(done)); }"""
    )
    # Counted in pictures published meanwhile, not in seconds: a busy machine must not fail it.
    assert sum(packet.kind == "video" for packet in studio.published[before:]) < 25
