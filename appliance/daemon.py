"""The service: binds the port, runs the gateway and its HTTP server, answers signals and systemd."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from appliance.api import create_app
from appliance.connections import PatientProtocol
from appliance.gateway import Gateway
from appliance.listening import listen
from appliance.notify import Notifier
from appliance.settings import Settings
from appliance.studio_child import STUDIO_ENTRY
from appliance.tokens import Tokens, load_tokens

log = logging.getLogger("classroom.daemon")

PROGRESS_S = 5.0  # the watchdog is fed while something was published within this time
NOTIFY_EVERY_S = 1.0


def run_daemon(
    settings: Settings,
    announce: Callable[[int, Tokens], None],
    entry: str = STUDIO_ENTRY,
) -> int:
    """Runs until a signal or a failure, and returns the exit status: 0, 1, or 78 for a wrong setting.

    announce is called once with the port and the tokens, when the box listens.
    Raises SettingsError, CannotStore and CannotListen before anything is started.
    """
    start_logging()
    tokens = load_tokens(settings.box.state_path)
    notifier = Notifier.from_environment(os.environ)
    with listen(settings.http.host, settings.http.port) as listener:
        announce(listener.getsockname()[1], tokens)
        try:
            return asyncio.run(_serve(settings, tokens, listener, notifier, entry))
        finally:
            notifier.close()


def start_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # They tell of every candidate and every request: the addresses of others are nobody's business.
    for name in ("aioice", "aiortc", "httpcore", "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)


async def _serve(
    settings: Settings, tokens: Tokens, listener: socket.socket, notifier: Notifier, entry: str
) -> int:
    gateway = Gateway(settings, entry, on_ready=notifier.ready)
    server = _Server(
        uvicorn.Config(
            create_app(gateway, tokens),
            http=PatientProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
            ssl_certfile=settings.http.certificate or None,
            ssl_keyfile=settings.http.key or None,
        )
    )
    _end_on_signals(gateway)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    telling = asyncio.create_task(_tell_systemd(gateway, notifier))
    gateway.start()
    ends: list[asyncio.Future[Any]] = [serving, gateway.studio.finished]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    notifier.stopping()
    telling.cancel()
    server.should_exit = True
    await asyncio.gather(gateway.close(), serving)
    status = gateway.studio.finished.result() if gateway.studio.finished.done() else 1
    if status:
        log.error("%s", gateway.studio.reason)
    return status


def _end_on_signals(gateway: Gateway) -> None:
    def end() -> None:
        if gateway.studio.finished.done():  # a second Ctrl-C: at once. The studio dies with its parent.
            os._exit(130)
        gateway.studio.finished.set_result(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)


async def _tell_systemd(gateway: Gateway, notifier: Notifier) -> None:
    told = ""
    every_s = min(NOTIFY_EVERY_S, notifier.watchdog_s / 3) if notifier.watchdog_s else NOTIFY_EVERY_S
    while notifier.is_active:
        if notifier.watchdog_s and gateway.on_air.age_s() < PROGRESS_S:
            notifier.alive()
        if (summary := _summary(gateway)) != told:
            notifier.status(summary)
            told = summary
        await asyncio.sleep(every_s)


class _Server(uvicorn.Server):
    """Leaves the signals to the daemon, which has a studio and viewers to end as well."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _summary(gateway: Gateway) -> str:
    """One line for `systemctl status`."""
    text = f"{gateway.studio.state}, {len(gateway.broadcast.viewers())} viewers"
    if gateway.studio.state == "live" and gateway.status is not None:
        text += f", {gateway.status.programme_fps:.1f} fps"
    return f"{text} ({gateway.studio.reason})" if gateway.studio.reason else text
