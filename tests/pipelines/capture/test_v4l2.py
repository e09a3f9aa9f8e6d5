"""V4L2 cameras: opened, locked, read and lost, on a fake driver with the interface of the kernel's."""

from __future__ import annotations

import errno
import os
import threading
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from pipelines.capture import v4l2_controls as controls
from pipelines.capture.address import parse_address
from pipelines.capture.camera import RetryingCamera
from pipelines.capture.picture import RgbConverter
from pipelines.capture.settings import CameraSettings
from pipelines.capture.v4l2 import V4l2Stream
from pipelines.capture.v4l2_driver import Capability, Control, Layout, Shot
from pipelines.capture.v4l2_modes import Mode
from pipelines.media import SourceLost
from pipelines.timing import NS_PER_S, SessionClock

YUYV = Mode("YUYV", 320, 240, 25.0)
PIXEL_FORMATS = {"YUYV": "yuyv422", "UYVY": "uyvy422", "NV12": "nv12", "YU12": "yuv420p", "RGB3": "rgb24"}


class FakeV4l2Driver:
    """A V4L2Driver in memory: controls that misbehave on order, and pictures put in by the test."""

    def __init__(self, mode: Mode = YUYV) -> None:
        self.name = Capability("Fake Cam", "fake", can_capture=True, is_multiplanar=False)
        self.offered = [mode]
        self.line_bytes = 0
        self.colour = (8, 0, 0)  # V4L2_COLORSPACE_SRGB, both others by default
        self.values: dict[int, int] = {}
        self.ranges: dict[int, Control] = {}
        self.refuses: set[int] = set()
        self.forgets: set[int] = set()
        self.ready: list[Shot | OSError] = []
        self.is_streaming = self.is_closed = False

    def add(self, cid: int, value: int, low: int, high: int, step: int = 1) -> None:
        self.values[cid], self.ranges[cid] = value, Control(low, high, step, is_writable=True)

    def capability(self) -> Capability:
        return self.name

    def modes(self) -> list[Mode]:
        return self.offered

    def set_mode(self, mode: Mode) -> Layout:
        return Layout(mode, self.line_bytes, *self.colour)

    def control(self, cid: int) -> Control | None:
        return self.ranges.get(cid)

    def get(self, cid: int) -> int:
        return self.values[cid]

    def set(self, cid: int, value: int) -> None:
        if cid in self.refuses:
            raise OSError(errno.EIO if cid in self.forgets else errno.EINVAL, "refused")
        if cid not in self.forgets:
            self.values[cid] = value

    def start(self) -> None:
        self.is_streaming = True

    def wait(self, timeout_s: float) -> bool:
        if not self.ready:
            time.sleep(min(timeout_s, 0.01))
        return bool(self.ready)

    def take(self) -> Shot | None:
        if not self.ready:
            return None
        shot = self.ready.pop(0)
        if isinstance(shot, OSError):
            raise shot
        return shot

    def close(self) -> None:
        self.is_closed = True


def usb_camera() -> FakeV4l2Driver:
    """The controls of a common USB camera."""
    driver = FakeV4l2Driver()
    driver.add(controls.EXPOSURE_AUTO, 1, 0, 3)
    driver.add(controls.EXPOSURE_ABSOLUTE, 156, 3, 2047)
    driver.add(controls.EXPOSURE_AUTO_PRIORITY, 1, 0, 1)
    driver.add(controls.AUTO_WHITE_BALANCE, 0, 0, 1)
    driver.add(controls.WHITE_BALANCE_TEMPERATURE, 4000, 2800, 6500, 10)
    driver.add(controls.FOCUS_AUTO, 0, 0, 1)
    driver.add(controls.FOCUS_ABSOLUTE, 30, 0, 250, 5)
    return driver


GREY = np.full((240, 320, 3), 100, np.uint8)


def settle(driver: FakeV4l2Driver) -> dict[str, str]:
    """The outcome of a lock whose picture stands still."""
    lock = controls.ControlLock(driver, 0)
    for tick in range(60):
        lock.step(tick * NS_PER_S // 10, GREY)
    return lock.outcome


def test_automatics_run_first_and_are_then_locked_where_they_settled() -> None:
    driver = usb_camera()
    lock = controls.ControlLock(driver, 0)
    assert driver.values[controls.EXPOSURE_AUTO] == 3, "aperture priority: automatic, on a USB camera"
    assert driver.values[controls.AUTO_WHITE_BALANCE] == driver.values[controls.FOCUS_AUTO] == 1
    assert driver.values[controls.EXPOSURE_AUTO_PRIORITY] == 0, "a dark room must not slow the camera"
    tick = 0
    while not lock.outcome and tick < 100:
        assert driver.values[controls.EXPOSURE_AUTO] == 3, "locked before it settled"
        if tick <= 20:  # the automatics work for two seconds
            driver.values[controls.EXPOSURE_ABSOLUTE] = 156 + 4 * tick
            driver.values[controls.WHITE_BALANCE_TEMPERATURE] = 4000 + 10 * tick
        lock.step(tick * NS_PER_S // 10, GREY)
        tick += 1
    assert 20 < tick < 60
    assert lock.outcome == {
        "exposure": "locked",
        "gain": "unsupported",
        "white_balance": "locked",
        "focus": "locked",
    }
    assert driver.values[controls.EXPOSURE_AUTO] == 1 and driver.values[controls.EXPOSURE_ABSOLUTE] == 236
    assert driver.values[controls.AUTO_WHITE_BALANCE] == driver.values[controls.FOCUS_AUTO] == 0
    assert driver.values[controls.WHITE_BALANCE_TEMPERATURE] == 4200


def test_a_picture_still_growing_brighter_is_waited_for_though_the_controls_say_nothing() -> None:
    lock = controls.ControlLock(usb_camera(), 0)
    tick = 0
    while not lock.outcome and tick < 100:
        lock.step(tick * NS_PER_S // 10, np.full((32, 32, 3), min(60 + 3 * tick, 150), np.uint8))
        tick += 1
    assert 30 < tick <= 51


@pytest.mark.parametrize(("light_after", "change_pct"), [(100, 0), (60, -40), (130, 30)])
def test_a_lock_at_an_old_exposure_shows_in_the_picture(light_after: int, change_pct: int) -> None:
    lock = controls.ControlLock(usb_camera(), 0)
    for tick in range(80):
        light = light_after if lock.outcome else 100
        lock.step(tick * NS_PER_S // 10, np.full((32, 32, 3), light, np.uint8))
    assert lock.light_change_pct == change_pct


def test_automatics_that_never_rest_are_locked_all_the_same() -> None:
    driver = usb_camera()
    lock = controls.ControlLock(driver, 0)
    for tick in range(80):
        if driver.values[controls.EXPOSURE_AUTO] == 3:
            driver.values[controls.EXPOSURE_ABSOLUTE] = 100 + tick
        lock.step(tick * NS_PER_S // 10, GREY)
    assert lock.outcome["exposure"] == "locked"


def test_a_camera_without_controls() -> None:
    assert set(settle(FakeV4l2Driver()).values()) == {"unsupported"}


def test_a_refused_switch_and_a_forgotten_value_are_failures() -> None:
    driver = usb_camera()
    driver.refuses.add(controls.EXPOSURE_AUTO)
    driver.values[controls.EXPOSURE_AUTO] = 3
    driver.forgets.add(controls.FOCUS_AUTO)  # says yes and does nothing
    driver.values[controls.FOCUS_AUTO] = 1
    outcome = settle(driver)
    assert (outcome["exposure"], outcome["focus"], outcome["white_balance"]) == ("failed", "failed", "locked")


def test_a_switch_without_a_value_and_a_value_without_a_switch() -> None:
    driver = FakeV4l2Driver()
    driver.add(controls.AUTO_WHITE_BALANCE, 1, 0, 1)
    driver.add(controls.FOCUS_ABSOLUTE, 40, 0, 250)
    outcome = settle(driver)
    assert (outcome["white_balance"], outcome["focus"]) == ("locked", "locked")
    assert driver.values[controls.AUTO_WHITE_BALANCE] == 0 and driver.values[controls.FOCUS_ABSOLUTE] == 40


def test_unplugged_while_locking() -> None:
    class Unplugged(FakeV4l2Driver):
        def get(self, cid: int) -> int:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    driver = Unplugged()
    driver.add(controls.FOCUS_ABSOLUTE, 40, 0, 250)
    with pytest.raises(OSError, match="No such device"):
        settle(driver)


def coded(
    films: Any, number: int, fourcc: str, *, matrix: Colorspace = Colorspace.ITU601, pad: int = 0
) -> bytes:
    """A drawn picture as a driver delivers it, raw with `pad` bytes after each line, or as JPEG."""
    picture = av.VideoFrame.from_ndarray(films.draw(number), "rgb24")
    if fourcc == "MJPG":
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj422p"
        encoder.options = {"qmin": "1", "qmax": "2"}
        encoder.time_base = Fraction(1, 25)
        full = picture.reformat(
            format="yuvj422p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG
        )
        return b"".join(bytes(packet) for packet in [*encoder.encode(full), *encoder.encode(None)])
    if fourcc == "RGB3":
        raw = picture
    else:
        raw = picture.reformat(
            format=PIXEL_FORMATS[fourcc], dst_colorspace=matrix, dst_color_range=ColorRange.MPEG
        )
    lines = []
    for plane, share in zip(raw.planes, (1, 2, 2), strict=False):
        rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
        width = {"YUYV": 640, "UYVY": 640, "RGB3": 960, "NV12": 320, "YU12": 320 // share}[fourcc]
        plane_pad = pad // share if fourcc == "YU12" else pad
        lines.append(np.pad(rows[:, :width], ((0, 0), (0, plane_pad)), constant_values=77).tobytes())
    return b"".join(lines)


def stream_of(driver: FakeV4l2Driver, **settings: Any) -> V4l2Stream:
    asked = CameraSettings.model_validate({"width_px": 320, "height_px": 240, **settings})
    return V4l2Stream(
        parse_address("/dev/video0"), RgbConverter((320, 240)), SessionClock.start(), asked, lambda *_: driver
    )


STOP = threading.Event()


@pytest.mark.parametrize("fourcc", ["YUYV", "UYVY", "NV12", "YU12", "RGB3", "MJPG"])
@pytest.mark.parametrize("pad", [0, 64])
def test_pictures_of_every_format(films: Any, fourcc: str, pad: int) -> None:
    if fourcc == "MJPG" and pad:
        pytest.skip("a JPEG has no lines to pad")
    driver = FakeV4l2Driver(Mode(fourcc, 320, 240, 25.0))
    driver.line_bytes = {"YUYV": 640, "UYVY": 640, "RGB3": 960}.get(fourcc, 320) + pad
    driver.ready = [Shot(coded(films, 5, fourcc, pad=pad), time.monotonic_ns(), is_damaged=False)]
    frame = stream_of(driver).next(1, STOP)
    assert frame is not None
    assert films.number(frame.rgb) == 5 and films.bars_error(frame.rgb) <= 8


def test_a_grabbers_bt709_is_honoured(films: Any) -> None:
    driver = FakeV4l2Driver()
    driver.colour = (3, 0, 0)  # V4L2_COLORSPACE_REC709
    shot = Shot(coded(films, 0, "YUYV", matrix=Colorspace.ITU709), None, is_damaged=False)
    driver.ready = [shot]
    frame = stream_of(driver).next(1, STOP)
    assert frame is not None and films.bars_error(frame.rgb) <= 8


def test_the_drivers_stamp_is_the_instant_and_a_wrong_one_is_not(films: Any) -> None:
    data, now_ns = coded(films, 0, "YUYV"), time.monotonic_ns()
    driver = FakeV4l2Driver()
    stream = stream_of(driver)
    for stamp_ns, is_taken in [(now_ns - 30_000_000, True), (12345, False), (None, False)]:
        driver.ready = [Shot(data, stamp_ns, is_damaged=False)]
        frame = stream.next(1, STOP)
        if frame is None:  # too soon after the one before for the asked rate
            continue
        assert (frame.captured_ns == stamp_ns) is is_taken
        assert now_ns - 30_000_000 <= frame.captured_ns <= time.monotonic_ns()
        time.sleep(0.04)


def test_only_the_newest_of_several_and_no_damaged_one(films: Any) -> None:
    driver = FakeV4l2Driver(Mode("MJPG", 320, 240, 25.0))
    stream = stream_of(driver)
    driver.ready = [Shot(coded(films, n, "MJPG"), None, is_damaged=n == 3) for n in range(4)]
    frame = stream.next(1, STOP)
    assert frame is not None and films.number(frame.rgb) == 2
    time.sleep(0.03)
    driver.ready = [Shot(b"\xff\xd8 no jpeg", None, is_damaged=False)]
    assert stream.next(0.1, STOP) is None
    assert (stream.detail["dropped"], stream.detail["damaged"]) == (2, 2)


def test_state_names_mode_card_and_locks(films: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = usb_camera()
    stream = stream_of(driver)
    assert stream.detail["card"] == "Fake Cam" and stream.detail["lock"] == "settling"
    assert (stream.detail["source_size"], stream.detail["format"]) == ("320x240", "YUYV")
    start_ns = time.monotonic_ns()
    data = coded(films, 0, "YUYV")
    for tick in range(1, 30):
        monkeypatch.setattr(time, "monotonic_ns", lambda tick=tick: start_ns + tick * NS_PER_S // 10)
        driver.ready = [Shot(data, None, is_damaged=False)]
        stream.next(0.05, STOP)
    assert stream.detail["lock_exposure"] == "locked" and stream.detail["lock_gain"] == "unsupported"
    assert "lock" not in stream.detail and stream.detail["lock_light_change_pct"] == 0


def test_locking_can_be_switched_off() -> None:
    driver = usb_camera()
    before = dict(driver.values)
    stream = stream_of(driver, lock_controls=False)
    assert driver.values == before and "lock" not in stream.detail


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOENT, "plug the camera in"),
        (errno.EBUSY, "used by another program"),
        (errno.EACCES, "group video"),
        (errno.ENOTTY, "is no camera"),
        (errno.ENODEV, "unplugged"),
        (errno.ENOMEM, "failed"),
    ],
)
def test_errors_on_opening_are_explained(code: int, words: str) -> None:
    def refuse(*_: object) -> FakeV4l2Driver:
        raise OSError(code, os.strerror(code))

    with pytest.raises(SourceLost, match=words) as caught:
        V4l2Stream(
            parse_address("/dev/video0"),
            RgbConverter((320, 240)),
            SessionClock.start(),
            CameraSettings(),
            refuse,
        )
    assert caught.value.retry and "/dev/video0" in caught.value.reason


def test_metadata_nodes_and_unknown_formats_are_refused_and_closed() -> None:
    metadata = FakeV4l2Driver()
    metadata.name = Capability("Fake Cam", "fake", can_capture=False, is_multiplanar=False)
    infrared = FakeV4l2Driver(Mode("GREY", 320, 240, 25.0))
    for driver, words in [(metadata, "takes no pictures"), (infrared, "offers GREY")]:
        with pytest.raises(SourceLost, match=words):
            stream_of(driver)
        assert driver.is_closed


def test_unplugged_and_plugged_in_again(films: Any) -> None:
    drivers = [FakeV4l2Driver(), FakeV4l2Driver()]
    data = coded(films, 9, "YUYV")
    drivers[0].ready = [Shot(data, None, is_damaged=False), OSError(errno.ENODEV, "No such device")]
    drivers[1].ready = [Shot(data, None, is_damaged=False)]
    waiting = list(drivers)
    camera = RetryingCamera("/dev/video0", lambda: stream_of(waiting.pop(0)))
    drivers[0].ready.insert(1, Shot(b"", None, is_damaged=True))
    lost: SourceLost | None = None
    frames = []
    give_up_s = time.monotonic() + 5
    while len(frames) < 1 and time.monotonic() < give_up_s:
        try:
            frame = camera.read(0.2)
        except SourceLost as error:
            lost = error
            assert camera.state.state == "lost" and drivers[0].is_closed
        else:
            frames += [frame] if frame is not None else []
    assert lost is not None and "unplugged" in lost.reason
    assert films.number(frames[-1].rgb) == 9 and camera.state.state == "live"
    camera.close()
    assert drivers[1].is_closed


def test_a_camera_that_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stream_of(FakeV4l2Driver())
    now_ns = time.monotonic_ns()
    monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns + 5 * NS_PER_S)
    with pytest.raises(SourceLost, match="sends no pictures"):
        stream.next(1, STOP)


def test_a_device_that_is_no_camera(camera_at: Any, reader: Any) -> None:
    assert "is no camera" in reader.loss(camera_at("/dev/null")).reason
    assert "is not there" in reader.loss(camera_at("/dev/video97")).reason
