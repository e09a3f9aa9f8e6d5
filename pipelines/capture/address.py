"""Reads a camera's address from the settings, and makes a form of it that may be shown."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from pipelines.media import SourceLost
from pipelines.paths import at_home
from pipelines.saying import said

RTSP_PORT = 554
RTSPS_PORT = 322

_KNOWN = said("camera_kinds", "Use /dev/video0, rtsp://user:password@host/path, a video file, or simulated:")
_RTSP_FORM = "rtsp://user:password@host:554/path"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera is.

    target: what is opened: a path, or a url that may carry a password, and is therefore kept out of repr.
    label: the same for people, in states, errors and logs: without user, password or query.
    loop: video files only: start again at the end.
    """

    kind: Literal["simulated", "device", "rtsp", "file"]
    label: str
    target: str = field(repr=False)
    host: str = ""
    port: int = 0
    loop: bool = True


def parse_address(url: str) -> Address:
    """Sorts an address into its kind. Does not touch the network; looks at the path's type only.

    Raises SourceLost(retry=False) for an address that no waiting can mend. The message never holds the
    address itself unless it is a plain path, because a mistyped url may well hold a password.
    """
    url = url.strip()
    if not url or not url.isprintable():
        raise _refusal(
            said(
                "address_empty", "the address is empty or holds unprintable characters. {known}", known=_KNOWN
            )
        )
    scheme = url.partition(":")[0].lower() if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url) else ""
    if scheme == "simulated":
        return Address("simulated", "simulated:", url)
    if scheme in ("rtsp", "rtsps"):
        return _parse_rtsp(url)
    if scheme == "file" and "//" in url:
        # Not by urlsplit, which raises where the host looks like a bad IPv6 address: no host is asked anyway.
        after_host = re.split(r"[?#]", url.partition("//")[2])[0].partition("/")[2]
        return _parse_path("/" + unquote(after_host), "")
    if "://" in url:
        raise _refusal(
            said(
                "address_kind",
                "{scheme}:// is no kind of camera this box knows. {known}",
                scheme=scheme or "this",
                known=_KNOWN,
            )
        )
    path, mark, query = url.rpartition("?")
    if mark and not Path(url).exists():
        return _parse_path(path, query)
    return _parse_path(url, "")


def safe_url(url: str) -> str:
    """The address without user, password and query, for logs and status pages. Never raises."""
    try:
        return parse_address(url).label
    except SourceLost:
        return "(an address that cannot be read)"


def _parse_rtsp(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refusal(
            said(
                "rtsp_malformed",
                "the RTSP address is malformed: rtsp://user:password@host:554/path is wanted",
            )
        ) from None
    if not host or any(c.isspace() for c in host):
        raise _refusal(
            said(
                "rtsp_no_host", "the RTSP address names no host: {rtsp_form} is wanted", rtsp_form=_RTSP_FORM
            )
        )
    secure = parts.scheme == "rtsps"
    port = port or (RTSPS_PORT if secure else RTSP_PORT)
    shown_host = f"[{host}]" if ":" in host else host
    # Many cameras put user and password into the path itself (/user=admin&password=...).
    shown_path = parts.path if "=" not in parts.path else "/..."
    target = parts._replace(netloc=_login(parts) + f"{shown_host}:{port}", fragment="").geturl()
    return Address("rtsp", f"{parts.scheme}://{shown_host}:{port}{shown_path}", target, host, port)


def _login(parts: SplitResult) -> str:
    """'user:password@' with every special character escaped, so that nothing can be misread; or ''."""
    if parts.username is None:
        return ""
    login = quote(unquote(parts.username), safe="")
    if parts.password is not None:
        login += ":" + quote(unquote(parts.password), safe="")
    return login + "@"


def _parse_path(text: str, query: str) -> Address:
    path = at_home(text)
    if _is_device(path):
        return Address("device", str(path), str(path))
    options = dict(parse_qsl(query, keep_blank_values=True))
    loop = options.pop("loop", "yes").lower()
    if options or loop not in ("yes", "no"):
        raise _refusal(said("file_options", "after {path}? only loop=yes or loop=no may follow", path=path))
    return Address("file", str(path), str(path.absolute()), loop=loop == "yes")


def _is_device(path: Path) -> bool:
    """A character device, or a name in /dev where there is nothing yet: a camera not plugged in."""
    try:
        return stat.S_ISCHR(path.stat().st_mode)
    except (OSError, ValueError):
        return path.parts[:2] == ("/", "dev")


def _refusal(reason: str) -> SourceLost:
    return SourceLost("camera", said("camera_url", "camera.url: {reason}", reason=reason), retry=False)
