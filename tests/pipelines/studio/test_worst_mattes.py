"""The real studio keeps the worst mattes of the simulated classroom, while it is told to."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import pytest
from running_studio import SIZE_WH, RunningStudio, settings

from models.catalog import default_models_dir, locate
from models.errors import ModelError
from pipelines.orders import KeepWorst, TurnPage
from pipelines.recording.settings import RecordingSettings
from pipelines.recording.worst_files import SPACING_S, WorstFolder
from pipelines.reports import StudioStatus

ITEM = "20260302-081500-001"


def test_camera_and_matte_of_a_bad_moment(tmp_path: Path) -> None:
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"the matting network is not installed: {error}")
    update = {
        "recording": RecordingSettings(worst_mattes=5, keep_free_mb=0),
        "recordings_path": tmp_path,
    }
    running = RunningStudio(settings(default_models_dir()).model_copy(update=update))
    folder = WorstFolder(tmp_path, ITEM)

    def is_scored(report: object) -> bool:
        return (
            isinstance(report, StudioStatus) and report.page_index == 2 and report.matte_quality is not None
        )

    running.pipe.send(TurnPage(index=2))
    status = running.until(is_scored)
    assert isinstance(status, StudioStatus)
    assert list(tmp_path.iterdir()) == [], "nothing is recorded yet"
    (tmp_path / f"{ITEM}.mp4").write_bytes(b"film")
    running.pipe.send(KeepWorst(ITEM))
    running.until(lambda _: bool(folder.moments()))
    running.pipe.send(KeepWorst(""))
    (moment,) = folder.moments()
    assert moment.page == 2 and 0.0 <= moment.score <= 1.0 and 0.0 < moment.trust <= 1.0
    assert abs(moment.taken_s - time.time()) < 6 * SPACING_S, "since 1970"
    rgb = cv2.imread(str(folder.path / moment.camera_name))
    alpha = cv2.imread(str(folder.path / moment.alpha_name), cv2.IMREAD_UNCHANGED)
    assert rgb.shape == (SIZE_WH[1], SIZE_WH[0], 3) and alpha.shape == rgb.shape[:2]
    assert 0.01 < (alpha > 200).mean() < 0.6, "the teacher, and no more"
    assert running.end() == 0
