from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pipelines.courseware import limits
from pipelines.courseware.faults import BadPage
from pipelines.courseware.fitting import SURROUND_RGB
from pipelines.courseware.pictures import PicturePages, is_picture, natural_key, read_picture
from pipelines.media import U8, SourceLost

SIZE = (320, 180)


def saved(folder: Path, picture: Image.Image, name: str = "a.png", **options: object) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


def flat(mode: str, colour: object, size_wh: tuple[int, int] = SIZE) -> Image.Image:
    return Image.new(mode, size_wh, colour)  # type: ignore[arg-type]


def assert_colour(rgb: U8, colour: tuple[int, int, int], tolerance: int = 0) -> None:
    assert rgb.shape == (180, 320, 3)
    assert np.abs(rgb[90, 160].astype(int) - colour).max() <= tolerance


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("a.png", 0), ("a.bmp", 0), ("a.tif", 0), ("a.jpg", 3), ("a.webp", 4), ("a.gif", 0)],
)
def test_every_format(tmp_path: Path, name: str, tolerance: int) -> None:
    path = saved(tmp_path, flat("RGB", (200, 100, 50)), name)
    assert is_picture(path.read_bytes()[:32])
    assert_colour(read_picture(path, SIZE), (200, 100, 50), tolerance)


def test_a_picture_of_the_right_size_is_left_bit_for_bit(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (180, 320, 3), np.uint8)
    assert (read_picture(saved(tmp_path, Image.fromarray(noise)), SIZE) == noise).all()


def test_alpha_lies_over_white(tmp_path: Path) -> None:
    assert_colour(read_picture(saved(tmp_path, flat("RGBA", (255, 0, 0, 128))), SIZE), (255, 127, 127))
    assert_colour(read_picture(saved(tmp_path, flat("LA", (0, 0))), SIZE), (255, 255, 255))


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    palette = flat("RGB", (10, 20, 30)).quantize(4)
    assert_colour(read_picture(saved(tmp_path, palette), SIZE), (10, 20, 30))
    index = palette.getpixel((0, 0))
    assert_colour(read_picture(saved(tmp_path, palette, transparency=index), SIZE), (255, 255, 255))


def test_sixteen_bits(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((180, 320), 32896, np.uint16))
    assert_colour(read_picture(saved(tmp_path, grey), SIZE), (128, 128, 128))
    assert_colour(read_picture(saved(tmp_path, grey, "a.tif"), SIZE), (128, 128, 128))


def test_floating_point(tmp_path: Path) -> None:
    grey = Image.fromarray(np.full((180, 320), 0.5, np.float32))
    assert_colour(read_picture(saved(tmp_path, grey, "a.tif"), SIZE), (128, 128, 128))


def test_cmyk(tmp_path: Path) -> None:
    red = flat("CMYK", (0, 255, 255, 0))
    assert_colour(read_picture(saved(tmp_path, red, "a.tif"), SIZE), (255, 0, 0), 2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_exif_orientation(tmp_path: Path, orientation: int, name: str) -> None:
    upright = np.full((90, 160, 3), 255, np.uint8)
    upright[:45, :80] = (255, 0, 0)  # red stands at the top left
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    rgb = read_picture(saved(tmp_path, Image.fromarray(np.ascontiguousarray(stored)), name, exif=exif), SIZE)
    assert rgb[40, 80, 1] < 12
    assert min(rgb[40, 240, 1], rgb[140, 80, 1], rgb[140, 240, 1]) > 243


def linear_profile() -> bytes:
    """An ICC profile with sRGB's primaries and no tone curve: 128 means half of the light."""

    def s15(x: float) -> bytes:
        return struct.pack(">i", round(x * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(s15, values))

    text = b"linear test"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" * 90,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4360747, 0.2225045, 0.0139322),
        b"gXYZ": xyz(0.3850649, 0.7168786, 0.0971045),
        b"bXYZ": xyz(0.1430804, 0.0606169, 0.7141733),
    } | {name: b"curv" + bytes(8) for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    header = struct.pack(
        ">I4sI4s4s4s12s4s", start + len(body), b"", 0x02200000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp"
    )
    header += bytes(28) + s15(0.9642) + s15(1.0) + s15(0.8249)
    return header.ljust(128, b"\0") + table + body


def test_a_colour_profile_is_carried_over_to_srgb(tmp_path: Path) -> None:
    path = saved(tmp_path, flat("RGB", (128, 128, 128)), icc_profile=linear_profile())
    assert_colour(read_picture(path, SIZE), (188, 188, 188), 1)


def test_a_broken_profile_is_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path, flat("RGB", (128, 100, 90)), icc_profile=b"no profile" * 20)
    assert_colour(read_picture(path, SIZE), (128, 100, 90))


def test_smaller_is_the_mean_and_larger_stays_inside(tmp_path: Path) -> None:
    stripes = np.zeros((720, 1280, 3), np.uint8)
    stripes[:, ::2] = 255
    assert_colour(read_picture(saved(tmp_path, Image.fromarray(stripes)), SIZE), (128, 128, 128), 1)
    tall = read_picture(saved(tmp_path, flat("RGB", (9, 8, 7), (10, 20))), SIZE)
    assert (tall[:, :110] == SURROUND_RGB).all()
    assert_colour(tall, (9, 8, 7))


def test_huge_pictures_are_reduced_first(tmp_path: Path) -> None:
    rgb = read_picture(saved(tmp_path, flat("RGB", (1, 200, 3), (6400, 3600))), SIZE)
    assert_colour(rgb, (1, 200, 3))


def test_natural_order_and_what_is_left_out(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        saved(tmp_path, flat("RGB", (number, 0, 0)), f"Page{number}.png")
    saved(tmp_path, flat("RGB", (2, 0, 0)), ".hidden.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "page0.data").write_bytes((tmp_path / "Page1.png").read_bytes())  # content counts
    (tmp_path / "sub.png").mkdir()
    pages = PicturePages.of_folder(tmp_path)
    reds = [int(pages.draw(i, SIZE)[90, 160, 0]) for i in range(pages.count)]
    assert reds == [1, 1, 9, 10]


def test_natural_key() -> None:
    names = ["b", "a10", "a9", "A1", "10", "9x", "2", "①", "a"]
    assert sorted(names, key=natural_key) == ["2", "9x", "10", "a", "A1", "a9", "a10", "b", "①"]


def test_a_named_pipe_in_the_folder_stops_nobody(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.png")
    saved(tmp_path, flat("RGB", (1, 2, 3)))
    assert PicturePages.of_folder(tmp_path).count == 1


def test_folder_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        saved(tmp_path, flat("L", 0, (2, 2)), f"{number}.png")
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_PAGES", 2)
        with pytest.raises(SourceLost, match="3 pictures"):
            PicturePages.of_folder(tmp_path)
    monkeypatch.setattr(limits, "MAX_FOLDER_ENTRIES", 2)
    with pytest.raises(SourceLost, match="more than 2 files"):
        PicturePages.of_folder(tmp_path)


def test_damaged_pictures_say_so(tmp_path: Path) -> None:
    buffer = BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)).save(buffer, "PNG")
    whole = buffer.getvalue()
    contents = {"empty": b"", "head": whole[:20], "cut": whole[: len(whole) // 2], "text": b"hello" * 50}
    for name, content in contents.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(content)
        with pytest.raises(BadPage, match=f"{name}.png is (empty|damaged)"):
            read_picture(path, SIZE)
    with pytest.raises(BadPage, match="is gone"):
        read_picture(tmp_path / "none.png", SIZE)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    picture = saved(tmp_path, flat("1", 0, (8, 8))).read_bytes()
    for side in (9_000, 60_000):
        head = struct.pack(">II", side, side)
        import zlib

        chunk = b"IHDR" + head + picture[24:29]
        bomb = picture[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + picture[33:]
        path = tmp_path / "bomb.png"
        path.write_bytes(bomb)
        with pytest.raises(BadPage, match="too many pixels"):
            read_picture(path, SIZE)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.bmp", "a.gif"])
def test_no_damage_gets_through(tmp_path: Path, name: str) -> None:
    """Bytes turned at random: a picture comes out, or BadPage, and nothing else."""
    import warnings

    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (24, 32, 3), np.uint8)
    whole = np.frombuffer(saved(tmp_path, Image.fromarray(noise), name).read_bytes(), np.uint8)
    path = tmp_path / f"damaged-{name}"
    for _ in range(150):
        damaged = whole.copy()
        damaged[rng.integers(0, min(len(damaged), 400), 6)] = rng.integers(0, 256, 6)
        path.write_bytes(damaged.tobytes())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on broken metadata
            try:
                assert read_picture(path, (64, 36)).shape == (36, 64, 3)
            except BadPage as bad:
                assert path.name in bad.reason
