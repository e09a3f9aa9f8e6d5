"""A box whose mattes come late: `python -m appliance.bench.slowed` takes the flags of `classroom run`.

For what depends on the teacher's age, on a machine that is too quick to show it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

from appliance.bench.ours import Box, running_box
from appliance.daemon import run_daemon
from appliance.settings import add_settings_flags, load_from_flags
from pipelines.matting.refinement import Refinement
from pipelines.media import SizeWh
from pipelines.studio.process import run_studio
from pipelines.studio.settings import StudioSettings
from pipelines.studio.studio import Studio

SLOWED_MS: Final = "BENCH_SLOWED_MS"


class SlowStudio(Studio):
    """Each matte is made so much later, as by a slower machine, but at no processor's cost."""

    def _refiner_for(self, camera_size_wh: SizeWh) -> Refinement | None:
        time.sleep(float(os.environ[SLOWED_MS]) / 1000)
        return super()._refiner_for(camera_size_wh)


def run_slow_studio(settings: StudioSettings, zero_ns: int, connection: Connection) -> None:
    """See run_studio."""
    run_studio(settings, zero_ns, connection, SlowStudio)


@contextmanager
def slowed_box(size_wh: SizeWh, slow_ms: float, *more: str) -> Iterator[Box]:
    """See running_box. Raises BenchFailed."""
    program, environment = ["appliance.bench.slowed"], {SLOWED_MS: str(slow_ms)}
    with running_box(size_wh, *more, program=program, environment=environment) as box:
        yield box


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_settings_flags(parser)
    settings = load_from_flags(parser.parse_args()).settings
    return run_daemon(settings, lambda port, tokens: None, entry="appliance.bench.slowed:run_slow_studio")


if __name__ == "__main__":
    sys.exit(_main())
