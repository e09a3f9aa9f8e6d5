"""A camera on USB, or an HDMI grabber: V4L2 in its best mode, controls locked, with the driver's stamps."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from pipelines.capture.address import Address
from pipelines.capture.camera import Detail
from pipelines.capture.picture import RgbConverter
from pipelines.capture.settings import CameraSettings
from pipelines.capture.thinning import Thinning
from pipelines.capture.v4l2_controls import ControlLock
from pipelines.capture.v4l2_driver import KernelV4l2Driver, Layout, Shot, V4l2Driver, stamp_is_plausible
from pipelines.capture.v4l2_modes import FORMATS, Wanted, choose_mode
from pipelines.media import Frame, SourceLost
from pipelines.saying import said
from pipelines.timing import NS_PER_S, SessionClock

SILENCE_TIMEOUT_S = 4.0  # streaming, but no picture for so long
_STOP_CHECK_S = 0.1
_MAX_QUEUED = 8  # pictures taken at once: more cannot be waiting in the driver

_GONE = (errno.ENODEV, errno.ENXIO, errno.EIO, errno.EPROTO, errno.ESHUTDOWN)

OpenDriver = Callable[[str, Wanted], V4l2Driver]


def _open_kernel_driver(path: str, wanted: Wanted) -> V4l2Driver:
    return KernelV4l2Driver(path, wanted.size_wh, wanted.rate_hz)


class V4l2Stream:
    """A Stream from a V4L2 device. Works in the reader's thread and needs none of its own."""

    def __init__(
        self,
        address: Address,
        converter: RgbConverter,
        clock: SessionClock,
        settings: CameraSettings,
        open_driver: OpenDriver = _open_kernel_driver,
    ) -> None:
        """Opens the device, chooses and sets a mode, starts it. Raises SourceLost."""
        self._label = address.label
        self._converter = converter
        self._clock = clock
        self._thinning = Thinning(settings.rate_hz)
        self._damaged = 0
        self._dropped = 0
        wanted = Wanted((settings.width_px, settings.height_px), settings.rate_hz)
        try:
            self._driver = open_driver(address.target, wanted)
        except OSError as error:
            raise _explain(self._label, error) from None
        try:
            self._card = _check(self._driver, self._label)
            self._layout = _set_mode(self._driver, wanted, self._label)
            self._decoder = _decoder(self._layout)
            self._driver.start()
            now_ns = time.monotonic_ns()
            self._lock = ControlLock(self._driver, now_ns) if settings.lock_controls else None
        except OSError as error:
            self._driver.close()
            raise _explain(self._label, error) from None
        except SourceLost:
            self._driver.close()
            raise
        self._last_shot_ns = now_ns

    @property
    def detail(self) -> Detail:
        mode = self._layout.mode
        size_wh = self._converter.size_wh or (0, 0)
        detail: Detail = {
            "kind": "device",
            "card": self._card,
            "width_px": size_wh[0],
            "height_px": size_wh[1],
            "source_size": f"{mode.width}x{mode.height}",
            "rate_hz": round(mode.rate_hz, 3),
            "format": mode.fourcc,
            "dropped": self._dropped,
            "damaged": self._damaged,
        }
        if self._lock is not None:
            detail |= {f"lock_{name}": outcome for name, outcome in self._lock.outcome.items()}
            if not self._lock.outcome:
                detail["lock"] = "settling"
            elif self._lock.light_change_pct is not None:
                detail["lock_light_change_pct"] = self._lock.light_change_pct
        return detail

    def next(self, timeout_s: float, stop: threading.Event) -> Frame | None:
        try:
            return self._next(timeout_s, stop)
        except OSError as error:
            raise _explain(self._label, error) from None

    def close(self) -> None:
        self._driver.close()

    def _next(self, timeout_s: float, stop: threading.Event) -> Frame | None:
        give_up_s = time.monotonic() + timeout_s
        while not stop.is_set() and (left_s := give_up_s - time.monotonic()) > 0:
            if not self._driver.wait(min(left_s, _STOP_CHECK_S)):
                if time.monotonic_ns() - self._last_shot_ns > SILENCE_TIMEOUT_S * NS_PER_S:
                    raise SourceLost(
                        "camera",
                        said(
                            "device_silent",
                            "{label} sends no pictures: unplug it and plug it in again",
                            label=self._label,
                        ),
                    )
                continue
            frame = self._newest()
            if frame is not None:
                if self._lock is not None:
                    self._lock.step(time.monotonic_ns(), frame.rgb)
                return frame
        return None

    def _newest(self) -> Frame | None:
        """Takes everything the driver has; the frame of the last good picture, if it is wanted."""
        newest: tuple[av.VideoFrame, int] | None = None
        shots = self._take_all()
        # Raw pictures and JPEGs stand alone: older ones need not even be decoded.
        if self._decoder.name in ("rawvideo", "mjpeg"):
            self._dropped += len(shots[:-1])
            shots = shots[-1:]
        for shot, at_ns in shots:
            for picture in self._decode(shot):
                self._dropped += newest is not None
                newest = picture, at_ns
        if newest is None or not self._thinning.passes(newest[1]):
            return None
        rgb = self._converter.convert(newest[0])
        return Frame(rgb, self._clock.pts(newest[1]), newest[1])

    def _take_all(self) -> list[tuple[Shot, int]]:
        """The undamaged pictures that are ready, with their instants."""
        shots: list[tuple[Shot, int]] = []
        for _ in range(_MAX_QUEUED):
            shot = self._driver.take()
            if shot is None:
                break
            now_ns = time.monotonic_ns()
            self._last_shot_ns = now_ns
            if shot.is_damaged:
                self._damaged += 1
                continue
            has_stamp = shot.at_ns is not None and stamp_is_plausible(shot.at_ns, now_ns)
            shots.append((shot, shot.at_ns if has_stamp and shot.at_ns is not None else now_ns))
        return shots

    def _decode(self, shot: Shot) -> list[av.VideoFrame]:
        data = shot.data
        if self._decoder.name == "rawvideo":
            data = _tight(data, self._layout, FORMATS[self._layout.mode.fourcc][1])
        try:
            pictures = self._decoder.decode(av.Packet(data))
        except av.error.FFmpegError:
            self._damaged += 1
            return []
        for picture in pictures:
            if self._decoder.name == "rawvideo":
                picture.colorspace, picture.color_range = _colour(self._layout)
        return pictures


def _check(driver: V4l2Driver, label: str) -> str:
    """The card's name. Raises SourceLost for a device that films nothing."""
    capability = driver.capability()
    if capability.is_multiplanar and not capability.can_capture:
        raise SourceLost(
            "camera",
            said(
                "device_planar",
                "{label} ({card}) is multi-planar, which this box cannot read: use USB",
                label=label,
                card=capability.card,
            ),
        )
    if not capability.can_capture:
        raise SourceLost(
            "camera",
            said(
                "device_no_capture",
                "{label} ({card}) takes no pictures: {others}",
                label=label,
                card=capability.card,
                others=_others(label),
            ),
        )
    return capability.card


def _set_mode(driver: V4l2Driver, wanted: Wanted, label: str) -> Layout:
    modes = driver.modes()
    mode = choose_mode(modes, wanted)
    if mode is None:
        offered = ", ".join(sorted({mode.fourcc for mode in modes})) or "nothing"
        raise SourceLost(
            "camera",
            said(
                "device_formats",
                "{label} offers {offered}; one of {options} is needed",
                label=label,
                offered=offered,
                options=", ".join(FORMATS),
            ),
        )
    layout = driver.set_mode(mode)
    if layout.mode.fourcc != mode.fourcc:
        raise SourceLost(
            "camera",
            said(
                "device_mode",
                "{label} was asked for {mode} and gives {given}: try another size or rate",
                label=label,
                mode=mode,
                given=layout.mode,
            ),
        )
    return layout


def _decoder(layout: Layout) -> VideoCodecContext:
    name, pixel_format = FORMATS[layout.mode.fourcc]
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    decoder.width, decoder.height = layout.mode.width, layout.mode.height
    if pixel_format:
        decoder.pix_fmt = pixel_format
    else:
        decoder.flags |= av.codec.context.Flags.low_delay
    return decoder


def _tight(data: bytes, layout: Layout, pixel_format: str) -> bytes:
    """A raw picture without the driver's padding at the end of its lines."""
    width, height = layout.mode.width, layout.mode.height
    bytes_per_px = {"yuyv422": 2, "uyvy422": 2, "rgb24": 3, "bgr24": 3}.get(pixel_format, 1)
    line, tight_line = layout.line_bytes, width * bytes_per_px
    if line <= tight_line:
        return data
    if pixel_format == "yuv420p":  # half-length lines of both chroma planes follow
        chroma = np.frombuffer(data, np.uint8, line * height // 2, line * height).reshape(-1, line // 2)
        rest = chroma[:, : width // 2].tobytes()
        rows = height
    else:
        rest = b""
        rows = height * 3 // 2 if pixel_format == "nv12" else height
    return np.frombuffer(data, np.uint8, line * rows).reshape(rows, line)[:, :tight_line].tobytes() + rest


def _colour(layout: Layout) -> tuple[int, int]:
    """(AVCOL_SPC_, AVCOL_RANGE_) of a raw picture; defaults as V4L2_MAP_YCBCR_ENC_DEFAULT has them."""
    is_709 = layout.encoding == 2 or (layout.encoding == 0 and layout.colorspace == 3)  # ENC_709; REC709
    # V4L2_QUANTIZATION_FULL_RANGE; V4L2_COLORSPACE_JPEG
    is_full = layout.quantization == 1 or (layout.quantization == 0 and layout.colorspace == 7)
    return 1 if is_709 else 5, 2 if is_full else 1


def _explain(label: str, error: OSError) -> SourceLost:
    """What an errno means for a camera."""
    what: str | None = {
        errno.ENOENT: said(
            "device_missing",
            "is not there: plug the camera in, or choose another: {others}",
            others=_others(label),
        ),
        errno.EACCES: said(
            "device_group", "may not be opened: add this user to the group video (`usermod -aG video USER`)"
        ),
        errno.EPERM: said(
            "device_denied", "may not be opened: let the service use it (DeviceAllow=char-video4linux)"
        ),
        errno.EBUSY: said("device_busy", "is used by another program: close that one (`fuser -v` names it)"),
        errno.ENOTTY: said("device_no_camera", "is no camera"),
        errno.EINVAL: said("device_refuses", "refuses what it offered: try another size or rate in [camera]"),
        errno.ENOSPC: said(
            "device_usb", "finds no room on its USB bus: use another port, or a smaller picture"
        ),
    }.get(error.errno or 0)
    if what is None and error.errno in _GONE:
        what = said("device_gone", "was unplugged or has failed: check its cable")
    if what is None:
        what = said(
            "device_failed", "failed ({why}): check its cable", why=(error.strerror or str(error)).lower()
        )
    return SourceLost("camera", said("device_fault", "{label} {what}", label=label, what=what))


def _others(label: str) -> str:
    """The other video devices of this machine, for whoever has to choose."""
    found = sorted(str(path) for path in Path("/dev").glob("video*") if str(path) != label)
    return (
        said("other_devices", "this machine has {names}", names=", ".join(found))
        if found
        else said("no_other_device", "this machine has no other video device")
    )
