"""The structures and numbers of <linux/videodev2.h> that a camera needs, for 64-bit Linux.

The test compares every size, offset and number with the C header.
"""

from __future__ import annotations

import ctypes as c
from ctypes import c_uint32 as u32


class CapabilityStruct(c.Structure):
    _fields_ = [
        ("driver", c.c_char * 16), ("card", c.c_char * 32), ("bus_info", c.c_char * 32), ("version", u32),
        ("capabilities", u32), ("device_caps", u32), ("reserved", u32 * 3),
    ]  # fmt: skip


class FormatDescription(c.Structure):
    _fields_ = [
        ("index", u32), ("type", u32), ("flags", u32), ("description", c.c_char * 32),
        ("pixelformat", u32), ("mbus_code", u32), ("reserved", u32 * 3),
    ]  # fmt: skip


class Fraction(c.Structure):
    _fields_ = [("numerator", u32), ("denominator", u32)]


class FrameSize(c.Structure):
    # discrete: width, height; else min, max and step of width, then of height
    _fields_ = [
        ("index", u32), ("pixel_format", u32), ("type", u32), ("size", u32 * 6),
        ("reserved", u32 * 2),
    ]  # fmt: skip


class FrameInterval(c.Structure):
    # discrete: one; else min, max and step
    _fields_ = [
        ("index", u32), ("pixel_format", u32), ("width", u32), ("height", u32),
        ("type", u32), ("interval", Fraction * 3), ("reserved", u32 * 2),
    ]  # fmt: skip


class PixFormat(c.Structure):
    _fields_ = [
        ("width", u32), ("height", u32), ("pixelformat", u32), ("field", u32),
        ("bytesperline", u32), ("sizeimage", u32), ("colorspace", u32), ("priv", u32),
        ("flags", u32), ("ycbcr_enc", u32), ("quantization", u32), ("xfer_func", u32),
    ]  # fmt: skip


class FormatUnion(c.Union):
    # The header's union also holds pointers, hence its alignment of 8.
    _fields_ = [("pix", PixFormat), ("raw", c.c_uint8 * 200), ("align", c.c_uint64)]


class Format(c.Structure):
    _fields_ = [("type", u32), ("fmt", FormatUnion)]


class StreamParm(c.Structure):
    _fields_ = [
        ("type", u32), ("capability", u32), ("capturemode", u32), ("timeperframe", Fraction),
        ("raw", c.c_uint8 * 184),
    ]  # fmt: skip


class RequestBuffers(c.Structure):
    _fields_ = [
        ("count", u32), ("type", u32), ("memory", u32), ("capabilities", u32),
        ("flags", u32),
    ]  # fmt: skip


class Buffer(c.Structure):
    _fields_ = [
        ("index", u32), ("type", u32), ("bytesused", u32), ("flags", u32),
        ("field", u32), ("seconds", c.c_int64), ("microseconds", c.c_int64), ("timecode", c.c_uint8 * 16),
        ("sequence", u32), ("memory", u32), ("offset", c.c_uint64), ("length", u32),
        ("reserved2", u32), ("request_fd", u32),
    ]  # fmt: skip


class QueryControl(c.Structure):
    _fields_ = [
        ("id", u32), ("type", u32), ("name", c.c_char * 32), ("minimum", c.c_int32),
        ("maximum", c.c_int32), ("step", c.c_int32), ("default_value", c.c_int32), ("flags", u32),
        ("reserved", u32 * 2),
    ]  # fmt: skip


class ControlStruct(c.Structure):
    _fields_ = [("id", u32), ("value", c.c_int32)]


_WRITE, _READ = 1, 2  # _IOC_WRITE, _IOC_READ of <asm-generic/ioctl.h>


def _number(direction: int, number: int, kind: type[c.Structure] | type[c.c_int]) -> int:
    return direction << 30 | c.sizeof(kind) << 16 | ord("V") << 8 | number


VIDIOC_QUERYCAP = _number(_READ, 0, CapabilityStruct)
VIDIOC_ENUM_FMT = _number(_READ | _WRITE, 2, FormatDescription)
VIDIOC_S_FMT = _number(_READ | _WRITE, 5, Format)
VIDIOC_REQBUFS = _number(_READ | _WRITE, 8, RequestBuffers)
VIDIOC_QUERYBUF = _number(_READ | _WRITE, 9, Buffer)
VIDIOC_QBUF = _number(_READ | _WRITE, 15, Buffer)
VIDIOC_DQBUF = _number(_READ | _WRITE, 17, Buffer)
VIDIOC_STREAMON = _number(_WRITE, 18, c.c_int)
VIDIOC_STREAMOFF = _number(_WRITE, 19, c.c_int)
VIDIOC_S_PARM = _number(_READ | _WRITE, 22, StreamParm)
VIDIOC_G_CTRL = _number(_READ | _WRITE, 27, ControlStruct)
VIDIOC_S_CTRL = _number(_READ | _WRITE, 28, ControlStruct)
VIDIOC_QUERYCTRL = _number(_READ | _WRITE, 36, QueryControl)
VIDIOC_ENUM_FRAMESIZES = _number(_READ | _WRITE, 74, FrameSize)
VIDIOC_ENUM_FRAMEINTERVALS = _number(_READ | _WRITE, 75, FrameInterval)
