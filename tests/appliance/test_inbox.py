"""Reports of a studio whose gateway stalls: what is told all the time crowds nothing out."""

from __future__ import annotations

from appliance.studio_child import _Inbox
from pipelines.reports import Rejected, SoundLevel, SoundLevels


def test_levels_do_not_crowd_out_what_is_told_once() -> None:
    inbox = _Inbox()
    refusal = Rejected("OpenCourseware", "it is damaged")
    assert inbox.put(refusal), "the loop is told"
    for number in range(500):
        assert not inbox.put(SoundLevels(SoundLevel(-20.0, -30.0 - number / 100, False, False), None)), "once"
    reports, wants_key = inbox.take()
    assert reports[0] is refusal and len(reports) == 2 and not wants_key
    assert isinstance(reports[1], SoundLevels) and reports[1].teacher.rms_dbfs < -34.9, "the newest"
    assert inbox.take() == ([], False)
