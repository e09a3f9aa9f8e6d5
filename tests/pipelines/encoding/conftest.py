"""Pictures and measures for the encoders' tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import av
import cv2
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace

from pipelines.media import U8, Packet


class Decoder:
    """Decodes packets one by one, as a viewer does."""

    def __init__(self) -> None:
        self._context = cast(VideoCodecContext, av.CodecContext.create("h264", "r"))

    def frames(self, packet: Packet) -> list[av.VideoFrame]:
        coded = av.Packet(packet.data)
        coded.pts = packet.pts
        return self._context.decode(coded)

    def rgb(self, packet: Packet) -> U8:
        """The picture of a packet that must give exactly one, at once. BT.709 limited range to RGB."""
        (frame,) = self.frames(packet)
        return self.to_rgb(frame)

    @staticmethod
    def to_rgb(frame: av.VideoFrame) -> U8:
        full = frame.reformat(
            format="rgb24",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        )
        return full.to_ndarray().astype(np.uint8)

    @property
    def profile(self) -> str | None:
        return self._context.profile


def nal_kinds(data: bytes) -> list[int]:
    """nal_unit_type of every NAL unit of an Annex B stream: 7 SPS, 8 PPS, 5 IDR slice, 1 other slice."""
    return [unit[0] & 31 for unit in data.split(b"\x00\x00\x01")[1:]]


def psnr_db(a: U8, b: U8) -> float:
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def text_page(size_wh: tuple[int, int], seed: int) -> U8:
    """A page full of small text, u8 (H, W, 3)."""
    width, height = size_wh
    rng = np.random.default_rng(seed)
    page = np.full((height, width, 3), (250, 250, 246), np.uint8)
    for y in range(24, height, 24):
        words = "".join(rng.choice(list("abcdefghijkmnopqrstuvwxyz ABCDEFG=+-01234"), width // 9))
        colour = tuple(int(c) for c in rng.integers(0, 120, 3))
        cv2.putText(page, words, (10, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return page


def restless(page: U8, index: int) -> U8:
    """The page with somebody at its right who never stands still: to an encoder, hair and cloth."""
    picture = page.copy()
    height, width, _ = page.shape
    target = picture[height // 8 :, width * 5 // 8 : width * 7 // 8]
    rows, columns, _ = target.shape
    rng = np.random.default_rng(7)
    cloth = rng.integers(40, 200, (rows // 8 + 9, columns // 8 + 9, 3), dtype=np.uint8)
    cloth = cv2.resize(cloth, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    x, y = 32 + round(30 * np.sin(index / 5)), 32 + round(30 * np.cos(index / 7))
    grain = np.random.default_rng(index).integers(-8, 9, target.shape, dtype=np.int16)
    target[:] = np.clip(cloth[y : y + rows, x : x + columns] + grain, 0, 255)
    return picture


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


@pytest.fixture
def kinds() -> Callable[[bytes], list[int]]:
    return nal_kinds


@pytest.fixture
def psnr() -> Callable[[U8, U8], float]:
    return psnr_db


@pytest.fixture
def page() -> Callable[[tuple[int, int], int], U8]:
    return text_page


@pytest.fixture
def stir() -> Callable[[U8, int], U8]:
    return restless


@pytest.fixture
def patches() -> tuple[U8, Sequence[tuple[slice, slice, tuple[int, int, int]]]]:
    """A picture (H 192, W 256) of flat areas, and where each lies: rows, columns, colour."""
    colours = [
        (255, 255, 255), (0, 0, 0), (128, 128, 128), (200, 30, 40), (20, 140, 60), (30, 60, 160),
        (250, 220, 30), (90, 200, 220), (180, 120, 90), (255, 0, 0), (0, 255, 0), (0, 0, 255),
    ]  # fmt: skip
    rgb = np.zeros((192, 256, 3), np.uint8)
    areas = []
    for i, colour in enumerate(colours):
        top, left = i // 4 * 64, i % 4 * 64
        rgb[top : top + 64, left : left + 64] = colour
        areas.append((slice(top + 16, top + 48), slice(left + 16, left + 48), colour))
    return rgb, areas
