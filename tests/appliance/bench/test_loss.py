from __future__ import annotations

import asyncio
import json
import os
import socket
from multiprocessing import Pipe

import pytest
from browsers import needs_chromium

from appliance.__main__ import main
from appliance.bench.bad_line import Line, Weather, _relay, box_address, led_over
from appliance.bench.calls import Caller
from appliance.bench.loss import table
from appliance.bench.weather import _figures, _played
from pipelines.broadcast import hooks


def passed(weather: Weather, count: int = 2000, size: int = 1000) -> list[float | None]:
    """When each of `count` datagrams, 10 ms apart, comes out."""
    line = Line(seed=1)
    line.set(weather)
    return [line.passes_at(size, i / 100) for i in range(count)]


def test_peace_delays_and_loses_nothing() -> None:
    assert all(at == pytest.approx(i / 100, abs=1e-3) for i, at in enumerate(passed(Weather())))


def test_what_is_lost_is_about_the_share_and_the_same_every_time() -> None:
    lost = [at is None for at in passed(Weather(loss=0.05))]
    assert 60 <= sum(lost) <= 140
    assert lost == [at is None for at in passed(Weather(loss=0.05))]


def test_jitter_is_late_but_in_order() -> None:
    out = passed(Weather(jitter_ms=100))
    late = [at - i / 100 for i, at in enumerate(out)]
    assert out == sorted(out) and len(set(out)) == len(out)
    assert sum(late) / len(late) > 0.02 and max(late) < 0.11


def test_a_cut_lets_nothing_through_and_a_slow_line_what_fits() -> None:
    assert set(passed(Weather(is_cut=True))) == {None}
    through = [at for at in passed(Weather(bps=300_000)) if at is not None]
    assert sum(1028 * 8 for _ in through) / 20 == pytest.approx(300_000, rel=0.05)


def test_the_answer_is_led_over_the_relay() -> None:
    answer = (
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 2130706431 192.0.2.7 4000 typ host\r\n"
        "a=candidate:2 1 udp 1 2001:db8::7 4001 typ host\r\na=end-of-candidates\r\na=ice-ufrag:abcd\r\n"
    )
    assert box_address(answer) == ("192.0.2.7", 4000)
    led = led_over(answer, "192.0.2.7", 5555)
    assert [line for line in led.split("\r\n") if line.startswith("a=candidate")] == [
        "a=candidate:1 1 udp 2130706431 192.0.2.7 5555 typ host"
    ]
    assert "a=ice-ufrag:abcd" in led and box_address("v=0\r\n") is None


async def test_datagrams_go_both_ways_until_the_line_is_cut() -> None:
    ours, theirs = Pipe()
    relaying = asyncio.create_task(_relay(theirs))
    caller, loop = Caller(ours), asyncio.get_running_loop()
    box, viewer = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for end in (box, viewer):
        end.bind(("127.0.0.1", 0))
        end.setblocking(False)
    port = await caller.call("open", box.getsockname())
    await loop.sock_sendto(viewer, b"check", ("127.0.0.1", port))
    data, inside = await asyncio.wait_for(loop.sock_recvfrom(box, 100), 5)
    assert data == b"check"
    await loop.sock_sendto(box, b"picture", inside)
    assert await asyncio.wait_for(loop.sock_recv(viewer, 100), 5) == b"picture"
    await caller.call("weather", Weather(is_cut=True))
    await loop.sock_sendto(box, b"lost", inside)
    await asyncio.sleep(0.1)
    assert (await caller.call("weather", Weather()))["lost"] == 1
    await loop.sock_sendto(box, b"back", inside)
    assert await asyncio.wait_for(loop.sock_recv(viewer, 100), 5) == b"back"
    await caller.close()
    await asyncio.wait_for(relaying, 5)
    box.close()
    viewer.close()


def test_a_freeze_counts_from_the_last_picture_to_the_next_also_at_the_ends() -> None:
    shown = [9.0, 10.1, 10.2, 11.4, 11.5, 30.0]
    figures = _figures(shown, 10.0, 12.5)
    assert figures["longest_freeze_ms"] == pytest.approx(1200)
    assert figures["freezes"] == 2 and figures["fps"] == pytest.approx(4 / 2.5)
    assert _figures([], 10.0, 12.5)["longest_freeze_ms"] == pytest.approx(2500)


def test_sound_made_up_by_the_browser_was_not_played() -> None:
    assert _played([1000, 100], [2000, 350]) == pytest.approx(0.75)
    assert _played([1000, 0], [1000, 0]) == 0.0


def test_the_table_has_a_row_for_each_weather() -> None:
    one = {"longest_freeze_ms": 120.0, "recovery_ms": None, "fps": 25.0, "sound_share": 0.99}
    one |= {"nacks": 3, "key_requests": 1, "layers": ["444", "420"]}
    rows = table({"loss_1": one, "cut": one | {"recovery_ms": 321.0}}).splitlines()
    assert len(rows) == 3 and "444 420" in rows[1] and "321" in rows[2] and "99.0%" in rows[1]


@needs_chromium
@pytest.mark.skipif(
    not hooks._host_addresses(use_ipv4=True, use_ipv6=False),
    reason="needs a network interface besides loopback",
)
@pytest.mark.skipif(
    not os.environ.get("CLASSROOM_BENCHES"), reason="wants a quiet machine: CLASSROOM_BENCHES=1"
)
def test_chromium_watches_through_loss_and_a_cut(tmp_path) -> None:
    file = tmp_path / "loss.json"
    assert main(["bench", "loss", "--only", "loss_3", "cut", "--seconds", "4", "--json", str(file)]) == 0
    report = json.loads(file.read_text())
    assert report["loss_3"]["nacks"] > 0 and report["loss_3"]["recovery_ms"] is None
    assert report["cut"]["longest_freeze_ms"] > 1500  # of two seconds without a line
    assert report["cut"]["recovery_ms"] is not None and report["cut"]["fps"] > 0
    assert set(report["cut"]["layers"]) <= {"444", "420", "low", "sound"} and report["cut"]["layers"]
