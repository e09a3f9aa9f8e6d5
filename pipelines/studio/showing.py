"""What is shown when a source is missing: the lesson goes on with what is left, and says what is not."""

from __future__ import annotations

from dataclasses import replace

from pipelines.compositing.notice import with_notice
from pipelines.compositing.slate import camera_lost, courseware_lost, draw_slate
from pipelines.media import Layout, Matte, Page, Scene, SizeWh

WITH_TEACHER = (Layout.ALIGNED, Layout.CORNER, Layout.BESIDE, Layout.CAMERA)
ON_A_PAGE = (Layout.ALIGNED, Layout.CORNER, Layout.BESIDE)


class Showing:
    """Chooses page and scene for a picture, and remembers what it drew. For one thread."""

    def __init__(self, size_wh: SizeWh) -> None:
        self._size_wh = size_wh
        self._slate: tuple[str, Page] | None = None
        self._noticed: tuple[Page, str, Page] | None = None

    def choose(
        self, page: Page | None, matte: Matte | None, scene: Scene, page_reason: str, camera_reason: str
    ) -> tuple[Page, Scene]:
        """The page and the scene that are really shown.

        Reasons say why a source is missing, "" while it is not. Without courseware its slate stands in
        for the page, and the teacher before it. Without a camera the page stays and carries a notice;
        the camera layout, which has nothing else to show, becomes a slate.
        """
        if page is None:
            page = self._slate_page(page_reason)
        if not camera_reason or matte is not None:
            return page, scene
        if scene.layout == Layout.CAMERA:
            return page, replace(scene, layout=Layout.SLATE, slate_text="\n".join(camera_lost(camera_reason)))
        if scene.layout in ON_A_PAGE:
            page = self._with_notice(page, camera_reason)
        return page, scene

    def _slate_page(self, reason: str) -> Page:
        if self._slate is None or self._slate[0] != reason:
            slate = draw_slate(self._size_wh, *courseware_lost(reason))
            self._slate = (reason, Page(slate, revision=0, shown_ns=0))
        return self._slate[1]

    def _with_notice(self, page: Page, reason: str) -> Page:
        if self._noticed is None or self._noticed[0] is not page or self._noticed[1] != reason:
            self._noticed = (page, reason, with_notice(page, *camera_lost(reason)))
        return self._noticed[2]
