"""What keeps text from being sharp on narrow lines? Figures for docs/benchmarks.md.

pytest -s tests/pipelines/encoding/measure_narrow.py: a page turn behind the simulated teacher, 1920x1080, 25
pictures a second, true alpha; of the camera's noise what the box leaves of it, and none. RGB PSNR of the text
beside the teacher. Bytes and decibels, no times: it may run on a busy machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from appliance.bench.whereabouts import demo_pages, text_of
from pipelines.compositing.compositor import Compositor
from pipelines.encoding.settings import EncodingSettings
from pipelines.encoding.video import VideoEncoder
from pipelines.matting.denoising import Denoiser
from pipelines.media import U8, Box, Frame, Layout, Matte, Page, Scene
from pipelines.simulated.classroom import SimulatedClassroom
from pipelines.timing import SessionClock

SIZE_WH, CAMERA_WH = (1920, 1080), (1280, 720)
TICKS, HZ = 3600, 25
BEFORE, AFTER = 15, 3 * HZ + 1
INSTANTS = {"flip": 0, "+2": 2, "0.3 s": 7, "1 s": HZ, "3 s": 3 * HZ}
CEILINGS = (("444", 8.0), ("444", 5.0), ("444", 4.0), ("444", 1.5), ("420", 50.0), ("420", 4.0), ("420", 1.5))


def taught(first: U8, second: U8, *, noise: bool) -> Iterator[tuple[U8, U8]]:
    """Programme pictures and the page in each; the page turns after BEFORE of them."""
    pages = [Page(first, 1, 0), Page(second, 2, 0)]
    room = SimulatedClassroom("simulated:", CAMERA_WH, HZ, SessionClock(0), lambda: pages[0])
    compositor, denoise = Compositor(SIZE_WH), Denoiser()
    for index in range(BEFORE + AFTER):
        page = pages[index >= BEFORE]
        rgb = room.renderer.render(index, page, noise=noise)
        alpha = np.ascontiguousarray(room.renderer.truth(index, page).pha)
        matte = denoise(Matte(Frame(rgb, index * TICKS, 0), Box(0, 0, *CAMERA_WH), alpha, rgb))
        shown = compositor.compose(page, matte, Scene(layout=Layout.ALIGNED), room.calibration)
        yield shown.copy(), page.rgb
    room.close()


def beside(pictures: list[tuple[U8, U8]]) -> npt.NDArray[np.bool_]:
    """Where the teacher is in no picture after the turn, with a margin."""
    there = np.zeros(SIZE_WH[::-1], np.uint8)
    for shown, page in pictures[BEFORE:]:
        there |= (cv2.absdiff(shown, page).max(axis=2) > 4).astype(np.uint8)
    return np.asarray(cv2.dilate(there, np.ones((31, 31), np.uint8)) == 0)


@pytest.mark.timeout(1200)
def test_measure(decoder, psnr) -> None:
    first, second = demo_pages((1, 3), SIZE_WH).values()
    settled = {}
    print(f"\n{'':22}{'key kB':>8}" + "".join(f"{name:>8}" for name in INSTANTS) + f"{'Mbit/s':>8}")
    for noise in (True, False):
        pictures = list(taught(first, second, noise=noise))
        where = text_of(second) & beside(pictures)
        for layer, mbit_s in CEILINGS:
            bps = round(mbit_s * 1e6)
            chosen = EncodingSettings(encoder="x264", sharp_bps=bps, video_bps=bps)
            encoder, viewer = VideoEncoder(SIZE_WH, HZ, chosen, layer), type(decoder)()
            sizes, text_db = [], []
            for index, (shown, page) in enumerate(pictures):
                (packet,) = encoder.encode(shown, index * TICKS, 0, index in (0, BEFORE))
                rgb = viewer.rgb(packet)
                if index >= BEFORE:
                    sizes.append(len(packet.data))
                    text_db.append(psnr(rgb[where], page[where]))
            name = f"{layer} at {mbit_s:g}" + ("" if noise else ", no noise")
            cells = "".join(f"{text_db[at]:>8.1f}" for at in INSTANTS.values())
            print(f"{name:22}{sizes[0] / 1e3:>8.0f}{cells}{sum(sizes[1:]) * 8 / 3e6:>8.2f}", flush=True)
            settled[layer, mbit_s, noise] = text_db[-1]
    # What the documentation says of it.
    assert settled["444", 4.0, True] - settled["420", 4.0, True] > 5
    assert settled["444", 4.0, False] - settled["444", 4.0, True] < 3, "it is not the noise"
