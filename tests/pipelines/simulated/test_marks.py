from __future__ import annotations

import numpy as np
import pytest

from pipelines.media import SourceLost
from pipelines.simulated import clip
from pipelines.simulated.clip import CLIP_FRAMES, clip_pictures
from pipelines.simulated.marks import measure_marks, read_marks


def test_the_marks_on_disk_are_those_measured_from_the_clip() -> None:
    for stored, measured in zip(read_marks(), measure_marks(), strict=True):
        assert stored.body_x == pytest.approx(measured.body_x, abs=0.5)
        assert (stored.tip_xy is None) == (measured.tip_xy is None)
        if stored.tip_xy and measured.tip_xy:
            assert stored.tip_xy == pytest.approx(measured.tip_xy, abs=1.5)


def test_the_tip_moves_without_jumps() -> None:
    tips = np.array([m.tip_xy for m in read_marks()[40:]])
    assert len(tips) == CLIP_FRAMES - 40
    assert np.abs(np.diff(tips, axis=0)).max() < 50


def test_a_missing_clip_is_a_lost_source_that_names_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(clip, "ASSETS", tmp_path)
    with pytest.raises(SourceLost, match="cannot be read") as caught:
        next(clip_pictures())
    assert not caught.value.retry
