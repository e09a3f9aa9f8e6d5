"""What this machine has and lacks for a lesson. Each check is one line, and what mends it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import av

from appliance.errors import CannotListen
from appliance.health import Machine, machine_findings, mend_of, text_of
from appliance.listening import listen
from appliance.settings import Settings
from appliance.settings.wording import redacted
from models.catalog import check_installed, mend
from models.errors import ModelError
from models.runtime import open_session
from pipelines.compositing.fonts import cjk_font
from pipelines.courseware.opening import open_courseware
from pipelines.courseware.preparing.office import converter
from pipelines.encoding.h264 import EncoderUnavailable, choose_encoder
from pipelines.lcd.panel import list_screens
from pipelines.media import SourceLost
from pipelines.paths import at_home

DISTRIBUTION = "dual-teacher-classroom"
FREE_BYTES = 1_000_000_000
CONNECT_S = 3.0
RTSP_PORT = 554

Mark = Literal["ok", "note", "fault"]


@dataclass(frozen=True, slots=True)
class Check:
    """mark: "fault" keeps a lesson from being taught as set, "note" makes it poorer. mend: "" when well."""

    name: str
    mark: Mark
    text: str
    mend: str = ""


def check_all(settings: Settings) -> Iterator[Check]:
    """All checks, one after the other, as they are done."""
    checks: tuple[Callable[[Settings], Check], ...] = (
        _python,
        _packages,
        _network,
        _provider,
        _camera,
        _courseware,
        _lcd,
        _converter,
        _sound,
        _encoders,
        _font,
        _port,
        _state,
        _disk,
    )
    for check in checks:
        yield check(settings)
    for finding in machine_findings(Machine(settings.box.state_path)):
        if finding.name != "disk":  # above, with what a lesson needs
            yield Check(finding.name, finding.mark, text_of(finding, "en"), mend_of(finding, "en"))


def _python(_settings: Settings) -> Check:
    cores = len(os.sched_getaffinity(0))
    text = f"{sys.version.split()[0]}, {cores} cores"
    if cores < 2:
        return Check("python", "note", text, "Give the box two cores: one is taken up by the network.")
    return Check("python", "ok", text)


def _packages(_settings: Settings) -> Check:
    missing = []
    for requirement in importlib.metadata.requires(DISTRIBUTION) or []:
        name, _, marker = requirement.partition(";")
        if marker:  # of a platform or an extra
            continue
        name, exact = re.split(r"[<>=~!\[ ]", name.strip(), maxsplit=1)[0], name.partition("==")[2].strip()
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if exact and found != exact:
            missing.append(f"{name} {exact} (found {found})")
    if missing:
        return Check(
            "packages",
            "fault",
            f"missing: {', '.join(missing)}",
            "pip install --require-hashes -r requirements.lock",
        )
    return Check("packages", "ok", f"aiortc {importlib.metadata.version('aiortc')}, PyAV {av.__version__}")


def _network(settings: Settings) -> Check:
    name = settings.network.name
    try:
        check_installed(name, settings.box.models_path)
    except ModelError as error:
        return Check("network", "fault", str(error), mend(name))
    return Check("network", "ok", f"{name}, every byte checked")


def _provider(settings: Settings) -> Check:
    try:
        files = check_installed(settings.network.name, settings.box.models_path)
        session = open_session(files[0], settings.network)
    except ModelError as error:
        return Check("provider", "fault", str(error), 'see the line above, or set network.provider = "cpu"')
    if session.fallback_reason:
        return Check(
            "provider",
            "note",
            f"cpu, because {session.fallback_reason}",
            'mend the GPU\'s driver, or set network.provider = "cpu"',
        )
    return Check("provider", "ok", session.provider)


def _camera(settings: Settings) -> Check:
    url = settings.camera.url
    if url.startswith("simulated:"):
        devices = sorted(str(path) for path in Path("/dev").glob("video*"))
        real = f"; on this machine: {', '.join(devices)}" if devices else ""
        return Check("camera", "ok", f"simulated classroom{real}")
    if url.startswith("rtsp"):
        return _rtsp(url)
    path = at_home(url.partition("?")[0])
    if not path.exists():
        return Check(
            "camera", "fault", f"{path} does not exist", "ls /dev/video*   (is the camera plugged in?)"
        )
    if not os.access(path, os.R_OK | (os.W_OK if path.is_char_device() else 0)):
        return Check(
            "camera",
            "fault",
            f"{path} may not be opened by this user",
            "sudo usermod -aG video $USER   (then log in again)",
        )
    return Check("camera", "ok", str(path))


def _rtsp(url: str) -> Check:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or RTSP_PORT), CONNECT_S):
            return Check("camera", "ok", f"{redacted(url)} answers")
    except OSError as error:
        reason = error.strerror or str(error)
        return Check(
            "camera",
            "fault",
            f"{redacted(url)}: {reason}",
            f"ping {parts.hostname}   (same network? camera on?)",
        )


def _courseware(settings: Settings) -> Check:
    path = settings.courseware.path
    try:
        courseware = open_courseware(path, settings.programme.size_wh)
    except SourceLost as lost:
        return Check("courseware", "fault", lost.reason, "--courseware FILE, or --courseware demo")
    with contextlib.closing(courseware):
        return Check("courseware", "ok", f"{courseware.name}, {courseware.count} pages")


def _converter(_settings: Settings) -> Check:
    program = converter()
    if program is None:
        return Check(
            "converter",
            "note",
            "no LibreOffice: PowerPoint, Word and SVG uploads are refused",
            "sudo apt-get install --no-install-recommends libreoffice-impress-nogui libreoffice-writer-nogui",
        )
    return Check("converter", "ok", f"LibreOffice at {program.parents[1]}")


def _lcd(settings: Settings) -> Check:
    try:
        driver, sizes = list_screens(settings.lcd)
    except SourceLost as lost:
        wanted = settings.lcd.is_here
        mend = (
            'plug the LCD in; without a desktop see "Where the LCD hangs" in docs/operate.md'
            if wanted
            else ""
        )
        return Check("lcd", "fault" if wanted else "ok", lost.reason, mend)
    found = ", ".join(f"{number}: {w}x{h}" for number, (w, h) in enumerate(sizes)) + f" ({driver})"
    number = settings.lcd.screen
    if not settings.lcd.is_here:
        return Check("lcd", "ok", f"hangs at another computer; screens of this machine: {found}")
    if number >= len(sizes):
        return Check("lcd", "fault", f"there is no screen {number}; {found}", "plug it in, or set lcd.screen")
    return Check("lcd", "ok", f"screen {number}; {found}")


def _sound(settings: Settings) -> Check:
    source = settings.sound.source
    if source.startswith("alsa:") and not Path("/dev/snd").is_dir():
        return Check("sound", "fault", f"{source}: this machine has no sound card", "--sound silence:")
    noise = "; noise suppression on" if settings.sound.noise_suppression else ""
    return Check("sound", "ok", f"{redacted(source)}{noise}")


def _encoders(settings: Settings) -> Check:
    missing = [name for name in ("libx264", "libopus") if name not in av.codecs_available]
    if missing:
        return Check(
            "encoders",
            "fault",
            f"PyAV is built without {', '.join(missing)}",
            "pip install --force-reinstall av",
        )
    try:
        name = choose_encoder(settings.programme.size_wh, settings.programme.rate_hz, settings.encoding)
    except EncoderUnavailable as error:
        return Check("encoders", "fault", error.reason, 'set encoding.encoder = "auto"')
    return Check("encoders", "ok", f"H.264 by {name}, Opus")


def _font(_settings: Settings) -> Check:
    font = cjk_font()
    if font is None:
        return Check(
            "font",
            "note",
            "no Chinese font: slates are in English only",
            "sudo apt-get install fonts-noto-cjk",
        )
    return Check("font", "ok", font.name)


def _port(settings: Settings) -> Check:
    http = settings.http
    try:
        with listen(http.host, http.port):
            return Check("port", "ok", f"{http.port} is free")
    except CannotListen as error:
        if _is_this_box(settings):
            return Check("port", "ok", f"a box is running on {http.port}")
        return Check("port", "fault", str(error), f"classroom run --port {http.port + 1}")


def _is_this_box(settings: Settings) -> bool:
    scheme = "https" if settings.http.certificate else "http"
    try:
        with urllib.request.urlopen(
            f"{scheme}://localhost:{settings.http.port}/health", timeout=CONNECT_S
        ) as answer:
            return "status" in json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 503
    except (OSError, ValueError):
        return False


def _state(settings: Settings) -> Check:
    folder = settings.box.state_path
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"classroom")
    except OSError as error:
        return Check(
            "state",
            "fault",
            f"{folder}: {error.strerror}",
            f"sudo chown -R $USER {folder}   (or --set box.state_dir=FOLDER)",
        )
    return Check("state", "ok", str(folder))


def _disk(settings: Settings) -> Check:
    folder = settings.box.state_path
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free at {folder}"
    if free < FREE_BYTES:
        return Check(
            "disk", "note", text, f"du -xh {folder} | sort -h | tail   (make room: logs and networks need it)"
        )
    return Check("disk", "ok", text)
