"""One file: what is in it, how it lies on the disk, and what is left when it is cut off."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from programme import RATE_HZ, coded

from pipelines.recording.boxes import whole_bytes
from pipelines.recording.segment import Segment, parameter_sets


def written(path: Path, packets) -> Segment:
    key = next(packet for packet in packets if packet.is_key and packet.kind == "video")
    segment = Segment(path, key, RATE_HZ)
    for packet in packets:
        if packet.kind == "video":
            segment.add_video(packet)
        else:
            segment.add_sound(packet, packet.pts)
    return segment


def test_every_packet_is_played_and_the_checksum_is_that_of_the_file(tmp_path, packets, played) -> None:
    path = tmp_path / "a.mp4"
    segment = written(path, packets)
    digest = segment.close()
    pictures, sound_s, last_s = played(path)
    assert pictures == 150 and last_s == pytest.approx(149 / RATE_HZ)
    assert sound_s == pytest.approx(6.0, abs=0.03)  # Opus says how much of its start is to be left out
    assert segment.duration_s == pytest.approx(6.0)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert segment.written_bytes == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_packets_go_in_as_they_came(tmp_path, packets) -> None:
    """No encoding anew: every coded slice is in the file."""
    path = tmp_path / "a.mp4"
    written(path, packets).close()
    content = path.read_bytes()
    for packet in packets:
        assert packet.data.split(b"\x00\x00\x01")[-1] in content


def test_a_file_is_never_overwritten(tmp_path, packets) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a lesson")
    with pytest.raises(FileExistsError):
        written(path, packets)
    assert path.read_bytes() == b"a lesson"


def test_a_second_at_most_waits_in_memory(tmp_path, packets, played) -> None:
    path = tmp_path / "a.mp4"
    segment = written(path, packets)
    (tmp_path / "copy.mp4").write_bytes(path.read_bytes())  # as a kill would leave it
    pictures, sound_s, _ = played(tmp_path / "copy.mp4")
    assert pictures >= 150 - 1.5 * RATE_HZ and sound_s > 4.4
    segment.close()


def test_pictures_do_not_wait_for_sound_that_is_gone(tmp_path, packets, played) -> None:
    path = tmp_path / "a.mp4"
    segment = written(path, [packet for packet in packets if packet.kind == "video"])
    (tmp_path / "copy.mp4").write_bytes(path.read_bytes())
    assert played(tmp_path / "copy.mp4")[0] >= 150 - 2 * RATE_HZ
    segment.close()


def test_a_cut_file_is_whole_up_to_a_fragment(tmp_path, packets, played) -> None:
    path = tmp_path / "a.mp4"
    written(path, packets).close()
    content = path.read_bytes()
    lengths = set()
    for share in (0.001, 0.02, 0.3, 0.5, 0.77, 0.999, 1.0):
        cut = content[: round(len(content) * share)]
        (tmp_path / "cut.mp4").write_bytes(cut)
        with (tmp_path / "cut.mp4").open("rb") as file:
            whole = whole_bytes(file, len(cut))
        assert whole <= len(cut)
        lengths.add(whole)
        if whole:
            (tmp_path / "whole.mp4").write_bytes(content[:whole])
            assert played(tmp_path / "whole.mp4")[0] >= RATE_HZ - 1
    assert lengths >= {0, len(content)} and len(lengths) > 3


def test_sound_that_would_overlap_is_left_out(tmp_path, packets, played) -> None:
    path = tmp_path / "a.mp4"
    segment = written(path, packets)
    again = [packet for packet in packets if packet.kind == "sound"][-1]
    segment.add_sound(again, again.pts)
    segment.close()
    assert played(path)[1] == pytest.approx(6.0, abs=0.03)


def test_parameter_sets_tell_encoders_apart(packets) -> None:
    keys = [packet for packet in packets if packet.is_key and packet.kind == "video"]
    assert len(keys) == 2
    sps, pps = parameter_sets(keys[0].data)
    assert (sps[0] & 31, pps[0] & 31) == (7, 8)
    assert parameter_sets(keys[1].data) == (sps, pps)
    other = next(packet for packet in coded(1, size_wh=(640, 360)) if packet.kind == "video")
    assert parameter_sets(other.data) != (sps, pps)
    assert parameter_sets(b"") == parameter_sets(b"\x00\x00\x01") == ()
