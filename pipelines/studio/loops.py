"""Loops over pixels are compiled before a frame waits for them: at the studio's start, or once at set-up."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed

from pipelines.annotating.rendering import warm_up_ink
from pipelines.compiling import kept_in
from pipelines.compositing.compositor import warm_up
from pipelines.encoding.colour import warm_up_canvas
from pipelines.matting.carrying import warm_up_matting
from pipelines.matting.doubling import warm_up_doubling
from pipelines.matting.refining import warm_up_refining
from pipelines.plate.plate import warm_up_plate
from pipelines.simulated.rendering import warm_up_simulated
from pipelines.sound.shaping import warm_up_shaping

# What takes longest comes first, so that no processor is left over at the end.
STUDIO = (
    warm_up_refining,
    warm_up_matting,
    warm_up_plate,
    warm_up,
    warm_up_canvas,
    warm_up_ink,
    warm_up_doubling,
)
ALL = (*STUDIO[:3], warm_up_simulated, *STUDIO[3:], warm_up_shaping)


def warm_up_loops() -> None:
    """Compiles every stage's loops, or loads them from where they are kept."""
    for warm in STUDIO:
        warm()


def compile_loops(report: Callable[[int, int], None]) -> str | None:
    """Compiles all loops, the simulated classroom's too, on all processors, for every start to come.

    report: told how many parts are done, of how many. Returns the folder they are kept in, for the first of
    them; None where no folder can be written, so that nothing is kept.
    """
    folder = kept_in()
    if folder is None:
        return None
    spawning = multiprocessing.get_context("spawn")
    workers = min(len(os.sched_getaffinity(0)), len(ALL))
    with ProcessPoolExecutor(workers, mp_context=spawning) as pool:
        parts = [pool.submit(warm) for warm in ALL]
        for done, part in enumerate(as_completed(parts), 1):
            part.result()
            report(done, len(parts))
    return folder
