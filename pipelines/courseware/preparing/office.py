"""Office documents and drawings to PDF, by LibreOffice without a window."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from pathlib import Path
from typing import Final

from pipelines.courseware.preparing.kinds import Kind
from pipelines.courseware.preparing.refusal import Refusal

# The program itself, not its shell script: what is started is what is ended.
PROGRAMS: Final = tuple(
    Path(folder) / "program" / "soffice.bin"
    for folder in ("/usr/lib/libreoffice", "/usr/lib64/libreoffice", "/opt/libreoffice")
)
_FILTERS: Final[dict[Kind, str]] = {
    "slides": "impress_pdf_Export",
    "text": "writer_pdf_Export",
    "svg": "draw_pdf_Export",
}
_FIRST_START: Final = (79, 81)  # EXITHELPER_CRASH_WITH_RESTART, EXITHELPER_NORMAL_RESTART: a new profile
_OPTIONS: Final = (
    "--headless",
    "--invisible",
    "--nologo",
    "--norestore",
    "--nodefault",
    "--nolockcheck",
    "--nofirststartwizard",
)
# Macros never run, links to elsewhere are never followed: the highest levels of LibreOffice's own settings.
_REGISTRY: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop>
</item>
</oor:items>
"""


def converter() -> Path | None:
    """LibreOffice, if it is installed."""
    return next((path for path in PROGRAMS if path.is_file()), None)


def to_pdf(source: Path, kind: Kind, work: Path, limit_s: float) -> Path:
    """Converts a document; returns the PDF inside `work`. Raises Refusal."""
    program = converter()
    if program is None:
        raise Refusal("no_converter")
    profile, made = work / "profile", work / "converted"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_REGISTRY)
    made.mkdir()
    command = [
        str(program),
        f"-env:UserInstallation=file://{profile}",
        *_OPTIONS,
        "--convert-to",
        f"pdf:{_FILTERS[kind]}",
        "--outdir",
        str(made),
        str(source),
    ]
    _run(command, work, limit_s)
    found = sorted(made.glob("*.pdf"))
    if not found or found[0].stat().st_size == 0:
        raise Refusal("not_converted")
    return found[0]


def _run(command: list[str], work: Path, limit_s: float) -> None:
    environment = {
        "HOME": str(work),
        "TMPDIR": str(work),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",  # draws into memory
    }
    for _ in range(2):
        with subprocess.Popen(
            command,
            env=environment,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread here, and nothing is locked
        ) as process:
            try:
                code = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise Refusal("takes_too_long", round(limit_s)) from None
        if code not in _FIRST_START:
            break
    if code == -signal.SIGXFSZ:
        raise Refusal("too_much_output")
    if code == -signal.SIGXCPU:
        raise Refusal("takes_too_long", round(limit_s))


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    os.nice(5)
