"""Which of a camera's modes is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.capture.v4l2_modes import FORMATS, Mode, Wanted, choose_mode

# What a common USB 2 camera lists: raw is slow from 720p up.
USB2 = [
    *(
        Mode("YUYV", w, h, hz)
        for w, h, hz in [(640, 480, 30), (640, 480, 15), (1280, 720, 10), (1920, 1080, 5)]
    ),
    *(
        Mode("MJPG", w, h, hz)
        for w, h in [(640, 480), (1280, 720), (1920, 1080)]
        for hz in (30.0, 25.0, 15.0)
    ),
    *(Mode("H264", w, h, 30) for w, h in [(1280, 720), (1920, 1080)]),
]
GRABBER = [Mode(f, w, h, hz) for f in ("NV12", "YUYV") for w, h in [(1280, 720), (1920, 1080), (3840, 2160)]
           for hz in ([60.0, 30.0] if w < 3840 else [30.0])]  # fmt: skip
UHD = [
    Mode("MJPG", 3840, 2160, 30),
    Mode("H264", 3840, 2160, 30),
    Mode("NV12", 3840, 2160, 8),
    Mode("NV12", 1920, 1080, 30),
]

NTSC = [Mode("YUYV", 640, 480, 29.97), Mode("MJPG", 640, 480, 30)]


@pytest.mark.parametrize(
    ("modes", "wanted", "chosen"),
    [
        (USB2, Wanted((640, 480), 25), Mode("YUYV", 640, 480, 30)),
        (USB2, Wanted((1280, 720), 25), Mode("MJPG", 1280, 720, 25)),
        (USB2, Wanted((1920, 1080), 30), Mode("MJPG", 1920, 1080, 30)),
        (USB2, Wanted((3840, 2160), 25), Mode("MJPG", 1920, 1080, 25)),
        (USB2, Wanted((1280, 720), 5), Mode("YUYV", 1280, 720, 10)),
        (USB2, Wanted((800, 450), 25), Mode("MJPG", 1280, 720, 25)),
        (GRABBER, Wanted((1920, 1080), 25), Mode("YUYV", 1920, 1080, 30)),
        (GRABBER, Wanted((1920, 1080), 60), Mode("YUYV", 1920, 1080, 60)),
        (UHD, Wanted((3840, 2160), 25), Mode("MJPG", 3840, 2160, 30)),
        (UHD, Wanted((1920, 1080), 25), Mode("NV12", 1920, 1080, 30)),
        ([Mode("H264", 1920, 1080, 30)], Wanted((1280, 720), 25), Mode("H264", 1920, 1080, 30)),
        (NTSC, Wanted((640, 480), 30), NTSC[0]),
    ],
)  # fmt: skip
def test_choice(modes: list[Mode], wanted: Wanted, chosen: Mode) -> None:
    assert choose_mode(modes, wanted) == chosen
    assert choose_mode(reversed(modes), wanted) == chosen, "the driver's order must not matter"


def test_nothing_that_can_be_decoded() -> None:
    assert choose_mode([Mode("GREY", 640, 480, 30)], Wanted((640, 480), 30)) is None
    assert choose_mode([], Wanted((640, 480), 30)) is None


any_mode = st.builds(
    Mode,
    st.sampled_from([*FORMATS, "GREY"]),
    st.integers(16, 7680),
    st.integers(16, 4320),
    st.floats(0, 240, allow_nan=False),
)


@given(
    st.lists(any_mode, max_size=20),
    st.builds(Wanted, st.tuples(st.integers(320, 3840), st.integers(180, 2160)), st.floats(1, 60)),
)
def test_any_list_gives_one_of_its_decodable_modes(modes: list[Mode], wanted: Wanted) -> None:
    chosen = choose_mode(modes, wanted)
    usable = [mode for mode in modes if mode.fourcc in FORMATS]
    assert chosen in usable if usable else chosen is None
