"""Which capture devices there are, by a tree as the kernel's sysfs makes it; none of them can be opened."""

from __future__ import annotations

from pathlib import Path

from pipelines.capture.v4l2_devices import capture_devices


def node(folder: Path, name: str, card: str, index: str) -> None:
    (folder / name).mkdir()
    (folder / name / "name").write_text(f"{card}\n")
    (folder / name / "index").write_text(f"{index}\n")


def test_devices_by_number_with_their_names(tmp_path: Path) -> None:
    node(tmp_path, "video10", "HDMI to U3 capture: HDMI", "0")
    node(tmp_path, "video2", "HD Webcam", "0")
    node(tmp_path, "video3", "HD Webcam", "1")  # its metadata
    node(tmp_path, "v4l-subdev0", "a lens", "0")
    (tmp_path / "video4").mkdir()  # unplugged in this very moment
    found = capture_devices(tmp_path, tmp_path / "dev")
    assert [(Path(device.path).name, device.name) for device in found] == [
        ("video2", "HD Webcam"),
        ("video4", "video4"),
        ("video10", "HDMI to U3 capture: HDMI"),
    ]


def test_a_node_that_is_no_capture_device_is_believed_by_sysfs(tmp_path: Path) -> None:
    """A plain file takes no ioctl, as a driver that is just going away does not."""
    node(tmp_path, "video0", "A card", "0")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video0").write_bytes(b"")
    assert [device.name for device in capture_devices(tmp_path, tmp_path / "dev")] == ["A card"]


def test_no_driver_no_devices(tmp_path: Path) -> None:
    assert capture_devices(tmp_path / "missing") == []
