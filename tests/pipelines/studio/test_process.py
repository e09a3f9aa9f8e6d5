"""The studio as the daemon starts it: a process of its own, packets out, orders in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from running_studio import SIZE_WH, RunningStudio, settings

from models.catalog import default_models_dir, locate
from models.errors import ModelError
from pipelines.media import U8, Layout, Packet, Scene
from pipelines.orders import OpenCourseware, RequestKey, SetScene, TurnPage
from pipelines.reports import Fatal, Rejected, Report, Started, StudioStatus


@pytest.fixture(scope="module")
def studio() -> Iterator[RunningStudio]:
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"the matting network is not installed: {error}")
    running = RunningStudio(settings(default_models_dir()))
    yield running
    assert running.end() == 0


def is_video(report: Report) -> bool:
    return isinstance(report, Packet) and report.kind == "video"


def is_key(report: Report) -> bool:
    return isinstance(report, Packet) and report.kind == "video" and report.is_key


def picture(packet: Report) -> U8:
    assert isinstance(packet, Packet)
    decoder = av.CodecContext.create("h264", "r")
    frames = [*decoder.decode(av.Packet(packet.data)), *decoder.decode(None)]
    return np.asarray(frames[0].to_ndarray(format="rgb24"), np.uint8)


def test_the_first_packet_is_a_key_frame_and_started_follows(studio: RunningStudio) -> None:
    assert is_key(studio.until(is_video))
    studio.until(lambda report: isinstance(report, Started))


def test_a_key_frame_comes_when_it_is_asked_for(studio: RunningStudio) -> None:
    studio.until(lambda report: is_video(report) and not is_key(report))
    studio.pipe.send(RequestKey())
    key = studio.until(is_key)
    assert picture(key).shape == (SIZE_WH[1], SIZE_WH[0], 3)


def test_the_teacher_comes_into_the_picture_and_the_status_tells(studio: RunningStudio) -> None:
    status = studio.until(lambda report: isinstance(report, StudioStatus) and report.counts["matting"] > 3)
    assert isinstance(status, StudioStatus)
    assert status.counts["network"] > 0 and status.net_hz >= 0 and status.matte_hz > 0
    assert {"p50", "p95"} <= status.alpha_age_ms.keys()
    assert status.calibration == "simulated" and status.page_count > 1
    assert status.stale_mattes == 0
    assert {"network", "matting", "compositing", "encoding"} <= status.stages_ms.keys()


def test_a_page_turn_is_a_key_frame(studio: RunningStudio) -> None:
    studio.pipe.send(SetScene(Scene(number=1, layout=Layout.COURSEWARE)))
    before = picture(studio.until(is_key))
    studio.pipe.send(TurnPage(step=1))
    after = picture(studio.until(is_key))
    assert np.abs(before.astype(np.int16) - after).mean() > 10


def test_a_slate_is_on_air_at_once(studio: RunningStudio) -> None:
    scene = Scene(number=2, layout=Layout.SLATE, slate_text="课间休息")
    studio.pipe.send(SetScene(scene))
    first = picture(studio.until(is_key))
    assert first.mean() < 80
    studio.pipe.send(SetScene(replace(scene, number=3, layout=Layout.COURSEWARE)))
    assert np.abs(picture(studio.until(is_key)).astype(np.int16) - first).mean() > 10


def test_courseware_that_cannot_be_opened_changes_nothing(studio: RunningStudio) -> None:
    studio.pipe.send(OpenCourseware("/nowhere/lesson.pdf"))
    rejected = studio.until(lambda report: isinstance(report, Rejected))
    assert isinstance(rejected, Rejected) and "lesson.pdf" in rejected.reason
    status = studio.until(lambda report: isinstance(report, StudioStatus))
    assert isinstance(status, StudioStatus) and status.page_count > 1


def test_pictures_and_sound_share_the_sessions_clock(studio: RunningStudio) -> None:
    video = studio.until(is_video)
    sound = studio.until(lambda report: isinstance(report, Packet) and report.kind == "sound")
    assert isinstance(video, Packet) and isinstance(sound, Packet)
    assert abs(video.pts / 90_000 - sound.pts / 48_000) < 3


def test_missing_weights_are_fatal_and_said(tmp_path: Path) -> None:
    running = RunningStudio(settings(tmp_path))
    fatal = running.until(lambda report: isinstance(report, Fatal))
    assert isinstance(fatal, Fatal) and fatal.kind == "model"
    assert "classroom models install rvm-mobilenetv3" in fatal.reason
    running.process.join(10)
    assert running.process.exitcode == 1


def test_a_gone_gateway_ends_the_studio(studio: RunningStudio) -> None:
    running = RunningStudio(settings(default_models_dir()))
    running.until(lambda report: isinstance(report, Started))
    running.pipe.close()
    running.process.join(20)
    assert running.process.exitcode == 0
