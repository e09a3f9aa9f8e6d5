"""The box's TCP port."""

from __future__ import annotations

import errno
import socket

from appliance.errors import CannotListen


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CannotListen with the reason and the mend."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CannotListen(_in_words(host, port, error)) from None
    return listener


def _in_words(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program (perhaps this box runs already). "
            f"Choose another one with --port, or see who has it: ss -ltnp 'sport = :{port}'"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
    return f"Cannot listen on {host} port {port} ({error.strerror or error}). Check http.host and http.port."
