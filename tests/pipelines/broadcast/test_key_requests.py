from __future__ import annotations

import asyncio

from pipelines.broadcast.key_requests import Allowance, KeyRequests


async def test_many_wishes_make_two_requests() -> None:
    sent: list[int] = []
    requests = KeyRequests(lambda: sent.append(1), coalesce_s=0.05)
    for _ in range(50):
        requests.ask()
    assert len(sent) == 1  # the first at once
    await asyncio.sleep(0.12)
    assert len(sent) == 2  # the others together
    await asyncio.sleep(0.12)
    assert len(sent) == 2
    requests.ask()
    assert len(sent) == 3  # and after a while at once again


async def test_a_key_frame_serves_those_who_wait() -> None:
    sent: list[int] = []
    requests = KeyRequests(lambda: sent.append(1), coalesce_s=0.05)
    requests.ask()
    requests.ask()
    requests.served()
    await asyncio.sleep(0.12)
    assert len(sent) == 1


def test_one_viewer_may_not_ask_for_ever() -> None:
    allowance = Allowance(at_once=3, every_s=2.0)
    granted = sum(allowance.take(now_s=100 + i / 10) for i in range(100))  # ten seconds of asking
    assert 3 + 4 <= granted <= 3 + 5
    assert allowance.take(now_s=1000.0)
    assert sum(allowance.take(now_s=1000.0) for _ in range(10)) == 2
