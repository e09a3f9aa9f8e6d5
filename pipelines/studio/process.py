"""The studio as a process: spawned by the daemon, ended by an order, a failure or a gone parent."""

from __future__ import annotations

import logging
import os
import signal
import sys
from multiprocessing.connection import Connection

import cv2

from models.errors import ModelError
from pipelines.encoding.h264 import EncoderUnavailable
from pipelines.reports import Fatal
from pipelines.studio.calibration import CalibrationRefused
from pipelines.studio.link import Link
from pipelines.studio.settings import StudioSettings
from pipelines.studio.studio import Studio
from pipelines.studio.threads import Threads
from pipelines.timing import SessionClock

log = logging.getLogger("classroom.studio")

EXIT_FATAL = 1
FEW_CORES = 2  # the studio's own threads are busy on both: OpenCV's would only take turns with them


def run_studio(
    settings: StudioSettings, zero_ns: int, connection: Connection, kind: type[Studio] = Studio
) -> None:
    """Runs the studio until it is told to stop. zero_ns: the session's zero, `time.monotonic_ns()`.

    Sends reports and receives orders (pipelines.orders) over `connection`. Ends the process itself,
    with 0 after Stop or when the gateway has gone, else with 1 after a Fatal report.
    """
    # Ctrl-C reaches the whole process group; the daemon decides when the studio ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if len(os.sched_getaffinity(0)) <= FEW_CORES:
        cv2.setNumThreads(1)
    link = Link(connection)
    sender = Threads()
    sender.start("link", link.pump)
    fatal = _teach(kind, settings, SessionClock(zero_ns), link)
    if fatal is not None:
        link.send(fatal)
    link.close()
    sender.join()
    # Native threads of encoders and networks may still be busy: nothing is left that needs them.
    os._exit(0 if fatal is None else EXIT_FATAL)


def _teach(kind: type[Studio], settings: StudioSettings, clock: SessionClock, link: Link) -> Fatal | None:
    try:
        studio = kind(settings, clock, link)
    except ModelError as error:
        return Fatal("model", str(error))
    except (CalibrationRefused, EncoderUnavailable) as error:
        return Fatal("settings", str(error))
    except Exception as error:
        log.exception("the studio could not start")
        return Fatal("crash", f"{type(error).__name__}: {error}")
    failure = studio.run()
    studio.close()
    if failure is None:
        return None
    log.error("%s", failure)
    return Fatal("crash", failure)
