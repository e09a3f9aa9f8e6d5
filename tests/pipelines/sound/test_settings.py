from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipelines.sound.settings import SoundSettings


@pytest.mark.parametrize(
    "source",
    ["silence:", "tone:", "alsa:default", "alsa:hw:1,0", "/srv/voice.wav", "voice.mp4", "a: b.wav", "C/x:y"],
)
def test_accepted(source: str) -> None:
    assert SoundSettings(source=source).source == source


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("", "silence:"),
        ("alsa:", "arecord -L"),
        ("tone:880", "nothing after the colon"),
        ("silense:", "silence:, or the path"),
        ("pulse:default", '"pulse:" is unknown'),
    ],
)
def test_refused_with_a_mend(source: str, mend: str) -> None:
    with pytest.raises(ValidationError, match=mend):
        SoundSettings(source=source)


def test_delay_has_bounds() -> None:
    assert SoundSettings().extra_delay_ms == 0
    for wrong in (-1, 1001):
        with pytest.raises(ValidationError):
            SoundSettings(extra_delay_ms=wrong)
