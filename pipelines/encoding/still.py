"""One picture as one key frame: the gateway's slate, while no studio encodes."""

from __future__ import annotations

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace

from pipelines.encoding.forms import FULL, HALF
from pipelines.encoding.h264 import open_encoder
from pipelines.media import U8, Packet

STILL_RATE_HZ = 1.0


def encode_still(
    rgb: U8, pts: int, captured_ns: int, video_bps: int = 4_000_000, layer: str = "420"
) -> Packet:
    """An IDR frame that any viewer can start from, made on the CPU. rgb: u8 (H, W, 3).

    To show it for longer, send it again with `dataclasses.replace(packet, pts=...)`: each is complete.
    Raises ValueError for an odd width or height.
    swscale converts here, not the kernel of `colour`: the gateway need not compile it for one picture.
    """
    height, width, _ = rgb.shape
    if width % 2 or height % 2:
        raise ValueError(f"4:2:0 needs an even width and height, got {width}x{height}")
    form = FULL if layer == "444" else HALF
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format=form,
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    frame.pts = pts
    frame.pict_type = PictureType.I
    context = open_encoder("x264", (width, height), STILL_RATE_HZ, video_bps, form=form)
    data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    return Packet(data, "video", pts, True, captured_ns, layer)
