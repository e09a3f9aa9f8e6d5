"""Since when a slate stands before the lesson."""

from __future__ import annotations

from pathlib import Path

from appliance.desk.panic import Panic
from appliance.holding import Holding


def test_a_slate_keeps_its_time_until_another_reason_comes() -> None:
    holding = Holding()
    assert holding.see(None) is None
    began = holding.see("slate", "Break")
    again = holding.see("slate", "Break until ten")
    assert began is not None and again is not None
    assert (again.since_s, again.text) == (began.since_s, "Break until ten")
    paused = holding.see("paused", since_s=5.0)
    assert paused is not None and (paused.kind, paused.since_s, paused.text) == ("paused", 5.0, "")
    assert holding.see(None) is None
    anew = holding.see("slate")
    assert anew is not None and anew.since_s >= began.since_s and anew.text == ""


def test_panic_knows_its_time_after_a_restart(tmp_path: Path) -> None:
    panic = Panic(tmp_path)
    panic.set(True)
    after = Panic(tmp_path)
    assert after.is_on and abs(after.since_s - panic.since_s) < 5
