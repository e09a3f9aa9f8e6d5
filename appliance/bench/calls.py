"""Calls between the bench's processes: a name and arguments over a pipe, an answer back. All are our own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from appliance.bench.ours import BenchFailed

Handlers = Mapping[str, Callable[..., Awaitable[Any]]]


class Caller:
    """The calling end. Several calls may wait for their answers side by side. One event loop's."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read(), name="bench calls")

    async def call(self, name: str, *arguments: Any) -> Any:
        """Raises BenchFailed when the other end failed, or is gone."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._pipe.send((number, name, arguments))
        except OSError as error:
            raise BenchFailed("a process of the bench has ended: see above") from error
        return await answer

    async def close(self) -> None:
        """Ends the other end's `serve`, too."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self._pipe.close()

    async def _read(self) -> None:
        async for number, result, failure in _messages(self._pipe):
            answer = self._waiting.pop(number)
            if failure:
                answer.set_exception(BenchFailed(failure))
            else:
                answer.set_result(result)
        for answer in self._waiting.values():
            answer.set_exception(BenchFailed("a process of the bench has ended: see above"))


async def serve(pipe: Connection, handlers: Handlers) -> None:
    """The answering end, until the caller's is closed. What a handler raises goes to the caller in words."""
    running: set[asyncio.Future[Any]] = set()
    async for number, name, arguments in _messages(pipe):
        answer = asyncio.ensure_future(handlers[name](*arguments))
        running.add(answer)
        answer.add_done_callback(running.discard)
        answer.add_done_callback(partial(_reply, pipe, number))
    for task in running:
        task.cancel()


def _reply(pipe: Connection, number: int, done: asyncio.Future[Any]) -> None:
    if done.cancelled():
        return
    error = done.exception()
    if error is None:
        pipe.send((number, done.result(), ""))
    else:
        pipe.send((number, None, f"{type(error).__name__}: {error}"))


async def _messages(pipe: Connection) -> AsyncIterator[Any]:
    """All that comes, until the other end is closed."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe.fileno(), readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            while pipe.poll():
                yield pipe.recv()
    except (EOFError, OSError):
        return
    finally:
        loop.remove_reader(pipe.fileno())
