import logging
import threading

import pytest

from pipelines.studio.threads import Threads


def test_the_first_stage_that_fails_ends_all_and_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    threads = Threads()
    ended = threading.Event()

    def steady() -> None:
        threads.stop.wait()
        ended.set()

    def broken() -> None:
        raise KeyError("no such page")

    threads.start("sound", steady)
    threads.start("matting", broken)
    failure = threads.wait()
    assert failure is not None
    assert "matting" in failure and "KeyError" in failure and "test_threads.py" in failure
    assert threads.join() == []
    assert ended.is_set()
    assert "in broken" in caplog.text and "matting" in caplog.text, "the whole way to it is in the log"


def test_an_ordered_stop_is_no_failure() -> None:
    threads = Threads()
    threads.start("capture", threads.stop.wait)
    threads.stop.set()
    assert threads.wait() is None
    assert threads.join() == []
