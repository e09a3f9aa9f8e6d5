import numpy as np

from pipelines.media import U8, Frame, Layout, Matte, Page, Scene, freeze
from pipelines.studio.showing import Showing

SIZE_WH = (320, 180)
REASON = "Camera /dev/video7 is not there: plug it in."


def a_page(code: int = 200) -> Page:
    rgb: U8 = np.full((SIZE_WH[1], SIZE_WH[0], 3), code, np.uint8)
    freeze(rgb)
    return Page(rgb, revision=3, shown_ns=0)


def a_matte() -> Matte:
    return Matte.empty(Frame(np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8), 0, 0))


def test_all_is_well_and_nothing_is_touched() -> None:
    page, scene = a_page(), Scene()
    assert Showing(SIZE_WH).choose(page, a_matte(), scene, "", "") == (page, scene)


def test_without_a_camera_the_page_stays_and_says_so_at_its_foot() -> None:
    page = a_page()
    shown, scene = Showing(SIZE_WH).choose(page, None, Scene(), "", REASON)
    assert scene.layout == Layout.ALIGNED
    assert np.array_equal(shown.rgb[:130], page.rgb[:130])
    assert shown.rgb[-4:].mean() < 100
    assert not shown.rgb.flags.writeable


def test_the_notice_is_drawn_once_for_a_page() -> None:
    showing, page = Showing(SIZE_WH), a_page()
    first, _ = showing.choose(page, None, Scene(), "", REASON)
    again, _ = showing.choose(page, None, Scene(), "", REASON)
    other, _ = showing.choose(a_page(), None, Scene(), "", REASON)
    assert again is first and other is not first


def test_the_camera_layout_has_nothing_else_to_show() -> None:
    _, scene = Showing(SIZE_WH).choose(a_page(), None, Scene(layout=Layout.CAMERA), "", REASON)
    assert scene.layout == Layout.SLATE
    assert REASON in scene.slate_text


def test_the_courseware_layout_does_not_need_the_camera() -> None:
    page, scene = a_page(), Scene(layout=Layout.COURSEWARE)
    assert Showing(SIZE_WH).choose(page, None, scene, "", REASON) == (page, scene)


def test_without_courseware_its_slate_stands_in_for_the_page() -> None:
    showing = Showing(SIZE_WH)
    slate, scene = showing.choose(None, a_matte(), Scene(), "lesson.pdf is empty", "")
    assert slate.size_wh == SIZE_WH and scene.layout == Layout.ALIGNED
    assert slate.rgb.std() > 5  # there is text on it
    assert showing.choose(None, a_matte(), Scene(), "lesson.pdf is empty", "")[0] is slate
