"""One small classroom for all tests of this folder: building it takes a second."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.media import U8, Page, freeze
from pipelines.simulated.optics import Optics
from pipelines.simulated.rendering import Renderer
from pipelines.simulated.room import Room

SIZE_WH = (640, 360)
MakePage = Callable[..., Page]


@pytest.fixture(scope="session")
def optics() -> Optics:
    return Optics(Room(absent_s=(100, 100.2)), SIZE_WH)


@pytest.fixture(scope="session")
def renderer(optics: Optics) -> Renderer:
    return Renderer(optics, 25.0)


@pytest.fixture(scope="session")
def page_of() -> MakePage:
    """Makes a page of one grey, or around a picture."""

    def make(content: int | U8, revision: int = 1, shown_ns: int = 0) -> Page:
        rgb = np.full((360, 640, 3), content, np.uint8) if isinstance(content, int) else content
        freeze(rgb)
        return Page(rgb, revision, shown_ns)

    return make
