from __future__ import annotations

import pytest

from pipelines.simulated.room import Room, room_from_url


@pytest.mark.parametrize("url", ["simulated:", "simulated://", "simulated:?"])
def test_a_bare_url_is_the_default_room(url: str) -> None:
    assert room_from_url(url) == Room()


def test_every_option_arrives_in_its_field() -> None:
    url = (
        "simulated:?seed=3&yaw=12&pitch=-2&roll=1&distance=5&fill=0.6&k1=-0.1&k2=0.02&blur=1&noise=2.5"
        "&bright=0.7&veil=0.05&light=0.8&vignetting=0.2&delay_ms=60&exposure=16&teacher=no&absent=2-4.5"
        "&clock=yes"
    )
    expected = Room(
        3,
        12,
        -2,
        1,
        5,
        0.6,
        -0.1,
        0.02,
        1,
        2.5,
        0.7,
        0.05,
        0.8,
        0.2,
        60,
        16,
        teacher=False,
        absent_s=(2, 4.5),
        clock=True,
    )
    assert room_from_url(url) == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rtsp://camera/", ["rtsp://camera/", "simulated:"]),
        ("simulated:yaw=3", ["question mark"]),
        ("simulated:?noice=1", ["noice", 'did you mean "noise"']),
        ("simulated:?colour=1", ["colour", "known are", "seed", "absent"]),
        ("simulated:?yaw=90", ["yaw=90", "-35 to 35"]),
        ("simulated:?yaw=left", ["yaw", "left", "a number"]),
        ("simulated:?yaw=nan", ["yaw=nan", "-35 to 35"]),
        ("simulated:?yaw=", ["yaw", "a number"]),
        ("simulated:?seed=1.5", ["seed", "a whole number"]),
        ("simulated:?seed=1&seed=2", ["seed", "twice"]),
        ("simulated:?teacher=perhaps", ["teacher=perhaps", '"yes" or "no"']),
        ("simulated:?clock=maybe", ["clock=maybe", '"yes" or "no"']),
        ("simulated:?absent=4", ["absent", "absent=2-4"]),
        ("simulated:?absent=4-2", ["absent", "absent=2-4"]),
        ("simulated:?absent=a-b", ["absent", "absent=2-4"]),
    ],
)
def test_a_wrong_url_is_answered_with_what_is_wrong_and_what_is_allowed(url: str, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        room_from_url(url)
    for word in words:
        assert word in str(caught.value)
