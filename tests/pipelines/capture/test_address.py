"""Addresses of cameras: what they mean, and what of them may be shown."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.capture.address import parse_address, safe_url
from pipelines.media import SourceLost


@pytest.mark.parametrize(
    ("url", "kind", "label"),
    [
        ("simulated:", "simulated", "simulated:"),
        ("simulated:?seed=3", "simulated", "simulated:"),
        ("/dev/video0", "device", "/dev/video0"),
        ("/dev/v4l/by-id/usb-camera", "device", "/dev/v4l/by-id/usb-camera"),
        ("/dev/null", "device", "/dev/null"),
        ("lesson.mp4", "file", "lesson.mp4"),
        ("file:///srv/a%20lesson.mp4", "file", "/srv/a lesson.mp4"),
        ("concat:/etc/passwd|/etc/shadow", "file", "concat:/etc/passwd|/etc/shadow"),
        ("rtsp://10.0.0.9/Streaming/Channels/101", "rtsp", "rtsp://10.0.0.9:554/Streaming/Channels/101"),
        ("RTSP://a:b@cam.local:8554/x", "rtsp", "rtsp://cam.local:8554/x"),
        ("rtsps://a:b@cam.local/x", "rtsp", "rtsps://cam.local:322/x"),
        ("rtsp://a:b@[fe80::1]/x", "rtsp", "rtsp://[fe80::1]:554/x"),
        ("rtsp://10.0.0.9/user=admin&password=geheim&channel=1", "rtsp", "rtsp://10.0.0.9:554/..."),
        ("rtsp://10.0.0.9/live?token=geheim", "rtsp", "rtsp://10.0.0.9:554/live"),
    ],
)
def test_kinds_and_labels(url: str, kind: str, label: str) -> None:
    address = parse_address(url)
    assert (address.kind, address.label) == (kind, label)


def test_login_is_escaped_for_ffmpeg_and_hidden() -> None:
    address = parse_address("rtsp://teacher:p@ss/word@10.0.0.9/live".replace("p@ss/word", "p%40ss%2Fword"))
    assert address.target == "rtsp://teacher:p%40ss%2Fword@10.0.0.9:554/live"
    assert "word" not in repr(address) and "teacher" not in repr(address)
    assert parse_address("rtsp://a:p@ss@host/x").target == "rtsp://a:p%40ss@host:554/x"


@pytest.mark.parametrize(
    "url",
    [
        "", "  ", "http://10.0.0.9/geheim.mjpg", "ftp://geheim@host/x", "rtsp://", "rtsp:///geheim",
        "rtsp://host:geheim/x", "rtsp://host:99999/x", "rtsp://[geheim/x", "rtsp://a\nb/x", "x.mp4\0",
        "x.mp4?speed=2",
        "lavfi://testsrc", "subfile,,start,0,end,9,,:///etc/passwd", "x.mp4?loop=maybe",
    ],
)  # fmt: skip
def test_hostile_and_mistyped_addresses_are_refused_without_repeating_a_secret(url: str) -> None:
    with pytest.raises(SourceLost) as caught:
        parse_address(url)
    assert not caught.value.retry
    assert "camera.url" in caught.value.reason and "geheim" not in caught.value.reason


def test_a_refused_address_makes_a_camera_that_says_so(camera_at: Any, reader: Any) -> None:
    camera = camera_at("http://10.0.0.9/")
    assert camera.state.state == "lost" and "camera.url" in camera.state.reason
    assert not reader.loss(camera).retry


@example("[", "file://")
@example("~0", "")
@given(
    st.text(max_size=80),
    st.sampled_from(["", "rtsp://", "rtsp://u:geheim@", "file://", "/dev/", "simulated:"]),
)
def test_any_text_is_either_understood_or_refused(text: str, scheme: str) -> None:
    try:
        address = parse_address(scheme + text)
    except SourceLost as lost:
        assert not lost.retry
    else:
        assert address.kind != "rtsp" or "geheim" not in address.label or "geheim" in text
    assert isinstance(safe_url(scheme + text), str)


def test_a_film_in_shared_memory_is_no_device() -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".mp4") as film:
        assert parse_address(film.name).kind == "file"


def test_loop_is_an_option_of_files_only_where_the_name_has_none(tmp_path: Any) -> None:
    assert parse_address("lesson.mp4").loop and parse_address("lesson.mp4?loop=yes").loop
    assert not parse_address("lesson.mp4?loop=no").loop
    odd = tmp_path / "why?loop=no"
    odd.touch()
    assert parse_address(str(odd)).loop and parse_address(str(odd)).target == str(odd)
