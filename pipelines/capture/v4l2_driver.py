"""A V4L2 capture device through ioctl: what it is and can, its controls, and its pictures.

Errors are OSError as the kernel reports them; meaning is given to them in v4l2.py.
"""

from __future__ import annotations

import ctypes as c
import errno
import fcntl
import mmap
import os
import select
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from pipelines.capture import v4l2_abi as abi
from pipelines.capture.v4l2_modes import Mode
from pipelines.timing import NS_PER_S

_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
_MMAP = 1  # V4L2_MEMORY_MMAP
_CAP_VIDEO_CAPTURE = 0x00000001
_CAP_MULTIPLANAR = 0x00001000
_CAP_STREAMING = 0x04000000
_CAP_DEVICE_CAPS = 0x80000000
_BUFFER_ERROR = 0x0040
_STAMP_MASK, _STAMP_MONOTONIC = 0xE000, 0x2000
_CONTROL_DISABLED, _CONTROL_READ_ONLY = 0x0001, 0x0004
_DISCRETE = 1
_BUFFERS = 4
_MAX_ENTRIES = 256  # of any list: a broken driver must not keep us for ever


class Capability(NamedTuple):
    card: str
    driver: str
    can_capture: bool
    is_multiplanar: bool


class Layout(NamedTuple):
    """How a raw picture lies in memory, and V4L2_COLORSPACE_, V4L2_YCBCR_ENC_, V4L2_QUANTIZATION_ of it."""

    mode: Mode
    line_bytes: int
    colorspace: int = 0
    encoding: int = 0
    quantization: int = 0


class Control(NamedTuple):
    minimum: int
    maximum: int
    step: int
    is_writable: bool


class Shot(NamedTuple):
    """One picture as the driver delivers it. at_ns: its stamp, monotonic; None if it has another clock."""

    data: bytes
    at_ns: int | None
    is_damaged: bool


class V4l2Driver(Protocol):
    """What the camera needs of a device. Every method raises OSError."""

    def capability(self) -> Capability: ...
    def modes(self) -> list[Mode]: ...
    def set_mode(self, mode: Mode) -> Layout:
        """Sets a mode; returns what the driver made of it."""
        ...

    def control(self, cid: int) -> Control | None: ...
    def get(self, cid: int) -> int: ...
    def set(self, cid: int, value: int) -> None: ...
    def start(self) -> None: ...
    def wait(self, timeout_s: float) -> bool:
        """True when a picture is ready."""
        ...

    def take(self) -> Shot | None:
        """A ready picture, or None. Never waits."""
        ...

    def close(self) -> None: ...


class KernelV4l2Driver:
    """The V4l2Driver of a real device."""

    def __init__(self, path: str, wanted_wh: tuple[int, int], wanted_hz: float) -> None:
        """Opens the device. wanted: where the driver offers a range, this point of it is listed as a mode."""
        self._wanted_wh = wanted_wh
        self._wanted_hz = wanted_hz
        self._maps: list[mmap.mmap] = []
        self._is_streaming = False
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def capability(self) -> Capability:
        cap = abi.CapabilityStruct()
        self._ioctl(abi.VIDIOC_QUERYCAP, cap)
        flags = cap.device_caps if cap.capabilities & _CAP_DEVICE_CAPS else cap.capabilities
        card, driver = (text.decode(errors="replace") for text in (cap.card, cap.driver))
        can_capture = bool(flags & _CAP_VIDEO_CAPTURE and flags & _CAP_STREAMING)
        return Capability(card, driver, can_capture, bool(flags & _CAP_MULTIPLANAR))

    def modes(self) -> list[Mode]:
        return [
            Mode(_fourcc(pixelformat), *size_wh, rate_hz)
            for pixelformat in self._pixel_formats()
            for size_wh in self._sizes(pixelformat)
            for rate_hz in self._rates(pixelformat, size_wh)
        ]

    def set_mode(self, mode: Mode) -> Layout:
        wanted = abi.Format(type=_CAPTURE)
        pix = wanted.fmt.pix
        pix.width, pix.height, pix.field = mode.width, mode.height, 1  # V4L2_FIELD_NONE: progressive
        pix.pixelformat = int.from_bytes(mode.fourcc.encode(), "little")
        self._ioctl(abi.VIDIOC_S_FMT, wanted)
        parm = abi.StreamParm(type=_CAPTURE, timeperframe=abi.Fraction(1000, round(mode.rate_hz * 1000)))
        try:
            self._ioctl(abi.VIDIOC_S_PARM, parm)
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):  # a driver with one fixed rate
                raise
        per_frame = parm.timeperframe
        rate_hz = per_frame.denominator / per_frame.numerator if per_frame.numerator else mode.rate_hz
        made = Mode(_fourcc(pix.pixelformat), pix.width, pix.height, rate_hz)
        return Layout(made, pix.bytesperline, pix.colorspace, pix.ycbcr_enc, pix.quantization)

    def control(self, cid: int) -> Control | None:
        query = abi.QueryControl(id=cid)
        try:
            self._ioctl(abi.VIDIOC_QUERYCTRL, query)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return None
            raise
        if query.flags & _CONTROL_DISABLED:
            return None
        return Control(query.minimum, query.maximum, query.step, not query.flags & _CONTROL_READ_ONLY)

    def get(self, cid: int) -> int:
        control = abi.ControlStruct(id=cid)
        self._ioctl(abi.VIDIOC_G_CTRL, control)
        return int(control.value)

    def set(self, cid: int, value: int) -> None:
        self._ioctl(abi.VIDIOC_S_CTRL, abi.ControlStruct(id=cid, value=value))

    def start(self) -> None:
        request = abi.RequestBuffers(count=_BUFFERS, type=_CAPTURE, memory=_MMAP)
        self._ioctl(abi.VIDIOC_REQBUFS, request)
        for index in range(request.count):
            buffer = abi.Buffer(index=index, type=_CAPTURE, memory=_MMAP)
            self._ioctl(abi.VIDIOC_QUERYBUF, buffer)
            offset = buffer.offset & 0xFFFFFFFF  # a union with a pointer: the offset is its lower half
            self._maps.append(
                mmap.mmap(self._file, buffer.length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset)
            )
            self._ioctl(abi.VIDIOC_QBUF, buffer)
        self._ioctl(abi.VIDIOC_STREAMON, c.c_int(_CAPTURE))
        self._is_streaming = True

    def wait(self, timeout_s: float) -> bool:
        return bool(self._poll.poll(timeout_s * 1000))

    def take(self) -> Shot | None:
        buffer = abi.Buffer(type=_CAPTURE, memory=_MMAP)
        try:
            self._ioctl(abi.VIDIOC_DQBUF, buffer)
        except BlockingIOError:
            return None
        data = self._maps[buffer.index][: buffer.bytesused]
        is_monotonic = buffer.flags & _STAMP_MASK == _STAMP_MONOTONIC
        at_ns = (buffer.seconds * 1_000_000 + buffer.microseconds) * 1000 if is_monotonic else None
        is_damaged = bool(buffer.flags & _BUFFER_ERROR) or not data
        self._ioctl(abi.VIDIOC_QBUF, buffer)
        return Shot(data, at_ns, is_damaged)

    def close(self) -> None:
        if self._file < 0:
            return
        try:
            if self._is_streaming:
                self._ioctl(abi.VIDIOC_STREAMOFF, c.c_int(_CAPTURE))
        except OSError as error:
            if error.errno != errno.ENODEV:  # unplugged: there is nothing left to stop
                raise
        finally:
            for view in self._maps:
                view.close()
            self._maps.clear()
            os.close(self._file)
            self._file = -1

    def _ioctl(self, number: int, argument: c.Structure | c.c_int) -> None:
        # mutate_flag is the default: the kernel's answer lands in the argument.
        fcntl.ioctl(self._file, number, argument)

    def _pixel_formats(self) -> Iterator[int]:
        for index in range(_MAX_ENTRIES):
            entry = abi.FormatDescription(index=index, type=_CAPTURE)
            if not self._next(abi.VIDIOC_ENUM_FMT, entry):
                return
            yield entry.pixelformat

    def _sizes(self, pixelformat: int) -> Iterator[tuple[int, int]]:
        for index in range(_MAX_ENTRIES):
            entry = abi.FrameSize(index=index, pixel_format=pixelformat)
            if not self._next(abi.VIDIOC_ENUM_FRAMESIZES, entry):
                return
            if entry.type != _DISCRETE:
                low_w, high_w, step_w, low_h, high_h, step_h = entry.size
                width, height = self._wanted_wh
                yield _on_grid(width, low_w, high_w, step_w), _on_grid(height, low_h, high_h, step_h)
                return
            yield entry.size[0], entry.size[1]

    def _rates(self, pixelformat: int, size_wh: tuple[int, int]) -> Iterator[float]:
        for index in range(_MAX_ENTRIES):
            entry = abi.FrameInterval(
                index=index, pixel_format=pixelformat, width=size_wh[0], height=size_wh[1]
            )
            if not self._next(abi.VIDIOC_ENUM_FRAMEINTERVALS, entry):
                if index == 0:
                    yield self._wanted_hz  # the driver does not say: ask, and see what S_PARM makes of it
                return
            shortest, longest = entry.interval[0], entry.interval[1]
            if entry.type != _DISCRETE:
                yield min(max(self._wanted_hz, _hz(longest)), _hz(shortest))
                return
            yield _hz(shortest)

    def _next(self, number: int, entry: c.Structure) -> bool:
        """One entry of a list; False at its end, or where the driver keeps no such list."""
        try:
            self._ioctl(number, entry)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return False
            raise
        return True


def _fourcc(pixelformat: int) -> str:
    return pixelformat.to_bytes(4, "little").decode("ascii", errors="replace")


def _hz(interval: abi.Fraction) -> float:
    return interval.denominator / interval.numerator if interval.numerator else 0.0


def _on_grid(value: int, low: int, high: int, step: int) -> int:
    value = min(max(value, low), high)
    return value - (value - low) % max(step, 1)


def stamp_is_plausible(at_ns: int, now_ns: int) -> bool:
    """Some drivers flag a monotonic clock and fill in another one."""
    return 0 <= now_ns - at_ns < 2 * NS_PER_S
