"""What goes out: live packets, else the slate; pts never run backwards, no picture without its key."""

from __future__ import annotations

import time

import pytest

from appliance import on_air as on_air_module
from appliance.on_air import OnAir
from appliance.restarts import MOST, Restarts
from pipelines.media import VIDEO_LAYERS, Packet
from pipelines.timing import SessionClock

LINES = ("课堂即将开始", "The lesson is about to begin")


class Air:
    def __init__(self) -> None:
        self.clock = SessionClock(time.monotonic_ns() - 10**10)
        self.out: list[Packet] = []
        self.asked = 0
        self.layers: set[str] = set()
        self.on_air = OnAir((320, 180), self.clock, self.publish, self.ask)

    def publish(self, packet: Packet) -> None:
        """The slate goes to every layer: that of one is enough here."""
        self.layers.add(packet.layer)
        if packet.layer == "420":
            self.out.append(packet)

    def ask(self, layer: str) -> None:
        assert layer == "420"
        self.asked += 1

    def live(self, *, is_key: bool, kind: str = "video") -> Packet:
        time.sleep(0.001)  # two pictures never share a pts
        now_ns = time.monotonic_ns()
        packet = Packet(b"live", kind, self.clock.pts(now_ns), is_key, now_ns)  # type: ignore[arg-type]
        self.on_air.put(packet)
        return packet


async def test_the_slate_until_a_key_frame_comes() -> None:
    air = Air()
    await air.on_air.hold(LINES)
    assert air.out[-1].is_key
    assert air.layers == set(VIDEO_LAYERS)
    assert air.out[-1].data.startswith(b"\0\0\0\1")
    air.live(is_key=False)
    assert (len(air.out), air.asked) == (1, 1)
    key = air.live(is_key=True)
    following = air.live(is_key=False)
    assert air.out[1:] == [key, following]
    assert air.on_air.is_live
    await air.on_air.hold(LINES)
    assert len(air.out) == 3, "no slate over a live picture"
    assert [packet.pts for packet in air.out] == sorted({packet.pts for packet in air.out})


async def test_the_slate_when_the_studio_is_gone_or_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    air = Air()
    air.live(is_key=True)
    monkeypatch.setattr(on_air_module, "SLATE_LAG_S", 0.0)
    air.on_air.cut()
    await air.on_air.hold(LINES)
    assert air.out[-1].data != b"live"
    air.live(is_key=True)
    monkeypatch.setattr(on_air_module, "QUIET_S", 0.0)
    await air.on_air.hold(LINES)
    assert air.out[-1].data != b"live"
    assert not air.on_air.is_live
    assert [packet.pts for packet in air.out] == sorted({packet.pts for packet in air.out})


async def test_sound_passes_at_all_times() -> None:
    air = Air()
    air.live(is_key=True, kind="sound")
    assert len(air.out) == 1


def test_restarts_wait_longer_and_end() -> None:
    restarts = Restarts()
    pauses = [restarts.died(float(second)) for second in range(MOST + 1)]
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, None]
    assert Restarts().died(0.0) == 0.25
    calm = Restarts()
    assert [calm.died(100.0 * time) for time in range(20)] == [0.25] * 20


async def test_the_curtain_is_closed_at_once_and_lets_nothing_through() -> None:
    air = Air()
    await air.on_air.prepare(LINES)
    air.live(is_key=True)
    last = air.live(is_key=False)
    air.on_air.curtain(True)
    await air.on_air.hold(LINES)
    slate = air.out[-1]
    assert slate.is_key and slate.data != b"live"
    assert slate.pts == last.pts + 1, "it does not wait until the last picture is old"
    sent = len(air.out)
    air.live(is_key=True)
    air.live(is_key=False, kind="sound")
    assert len(air.out) == sent and not air.on_air.is_live
    await air.on_air.hold(LINES)
    assert len(air.out) == sent + 1, "who joins meanwhile sees the slate"
    air.on_air.curtain(False)
    air.live(is_key=False)
    assert len(air.out) == sent + 1, "a picture needs its key first"
    key = air.live(is_key=True)
    assert air.out[-1] is key and air.on_air.is_live
    assert [packet.pts for packet in air.out] == sorted({packet.pts for packet in air.out})
