"""Sound that comes unevenly: bounded, in order, silent rather than late."""

from __future__ import annotations

import numpy as np

from pipelines.receiving.sounding import Sounding, mixed


def test_samples_come_out_in_order_once_some_are_in_store() -> None:
    sounding = Sounding()
    steps = np.repeat(np.arange(6000, dtype=np.int16)[:, None], 2, axis=1)
    sounding.put(steps[:1000])
    assert sounding.take(960) is None
    sounding.put(steps[1000:])
    taken = [sounding.take(960) for _ in range(6)]
    assert np.array_equal(np.concatenate([block for block in taken if block is not None]), steps[:5760])
    assert sounding.take(960) is None


def test_what_nobody_fetches_is_dropped() -> None:
    sounding = Sounding()
    for _ in range(100):
        sounding.put(np.zeros((960, 2), np.int16))
    assert sounding.dropped == 96_000 - 24_000


def test_both_together_are_held_at_the_ends_of_the_scale() -> None:
    loud = np.full((4, 2), 30_000, np.int16)
    assert mixed(loud, loud).max() == 32_767
    assert mixed(loud, None) is loud
