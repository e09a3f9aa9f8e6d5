"""Grabs one X11 screen: a program of its own, because the grabber's libraries cannot share a process.

FFmpeg's x11grab speaks to the X server through libxcb. OpenCV brings a copy of parts of that library along,
and where both are loaded they mix, and the process is lost with a segmentation fault. Here there is no
OpenCV. It runs as a file, not as a module of the package, so that nothing else is loaded.

Arguments: display, pictures a second. Standard output: for each picture that differs from the one before, its
width and height (two unsigned 32-bit numbers, little endian) and w * h * 3 bytes RGB; two zeros when the
screen cannot be opened. Ends with its input, and when the screen goes.
"""

from __future__ import annotations

import select
import signal
import struct
import sys

import av
import numpy as np


def _answer(width: int, height: int, rgb: bytes) -> None:
    sys.stdout.buffer.write(struct.pack("<II", width, height) + rgb)
    sys.stdout.buffer.flush()


def _is_left() -> bool:
    """Has the box closed our input, or gone?"""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def main(display: str, rate_hz: str) -> None:
    """The process's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the studio's to answer
    try:
        screen = av.open(display, format="x11grab", options={"framerate": rate_hz})
    except (av.error.FFmpegError, ValueError):
        _answer(0, 0, b"")
        return
    before = None
    try:
        for picture in screen.decode(video=0):
            if _is_left():
                return
            rgb = picture.to_ndarray(format="rgb24")
            if before is None or not np.array_equal(rgb, before):
                _answer(rgb.shape[1], rgb.shape[0], rgb.tobytes())
                before = rgb
    except (av.error.FFmpegError, BrokenPipeError):
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
