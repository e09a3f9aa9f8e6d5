"""A lesson of the simulated classroom, recorded raw by the real studio; two modules play it again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from running_studio import RunningStudio, settings

from models.catalog import default_models_dir, locate
from models.errors import ModelError
from pipelines.ink import PageKey, Stroke, Tool
from pipelines.media import Layout, Scene
from pipelines.orders import DrawStroke, SetScene, TurnPage
from pipelines.recording.settings import RecordingSettings
from pipelines.reports import Started, StudioStatus

LINE = Stroke("a", Tool.PEN, "vermillion", 0.01, ((0.2, 0.2), (0.6, 0.5)))


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds, raw: teacher, page turn, ink, another layout. Not to be changed."""
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"the matting network is not installed: {error}")
    parent = tmp_path_factory.mktemp("state") / "raw"
    chosen = settings(default_models_dir()).model_copy(
        update={"recording": RecordingSettings(raw=True, keep_free_mb=0), "raw_path": parent}
    )
    running = RunningStudio(chosen)
    running.until(lambda report: isinstance(report, Started))
    for order in (
        TurnPage(step=1),
        DrawStroke(PageKey("demo", 1), LINE),
        SetScene(Scene(1, Layout.CORNER)),
        SetScene(Scene(2, Layout.ALIGNED, opacity=0.7)),
    ):
        _some_pictures_later(running)
        running.pipe.send(order)
    _some_pictures_later(running)
    assert running.end() == 0
    (folder,) = parent.iterdir()
    return folder


def _some_pictures_later(running: RunningStudio) -> None:
    seen: list[int] = []

    def is_later(report: object) -> bool:
        if isinstance(report, StudioStatus):
            assert report.raw is not None
            assert (report.raw.is_on, report.raw.dropped) == (True, 0)
            seen.append(report.counts["matting"])
        return len(seen) > 1 and seen[-1] - seen[0] >= 10

    running.until(is_later)


def changed(folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    return copy


def shortened(folder: Path, tmp_path: Path, pictures: int = 25) -> Path:
    """A copy that ends, in good order, with so many pictures."""
    copy = changed(folder, tmp_path)
    events = lines(copy)
    last = [n for n, event in enumerate(events) if event["kind"] == "picture"][pictures - 1]
    store(copy, [*events[: last + 1], events[-1]])
    return copy


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def store(folder: Path, events: list[dict[str, object]]) -> None:
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
