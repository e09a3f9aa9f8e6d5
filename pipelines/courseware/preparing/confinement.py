"""Takes rights away from this process and all it starts, for good: files, network, memory, time.

Needs no privileges and no namespaces, so that it also works inside a hardened systemd unit:
- Landlock (Linux 5.13, landlock(7)): reads the system and what is given, writes into one folder alone.
- seccomp (seccomp(2)): no socket but those of the machine itself (AF_UNIX), no ptrace.
- setrlimit(2): memory, processor time, size of a file; no core dumps.

What the kernel does not know is left out, and said in the returned words; the limits always hold.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_SIGKILL: Final = 9

# The same numbers on every architecture since Linux 5.13.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_RULE_PATH_BENEATH: Final = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_ALL_V1: Final = (1 << 13) - 1  # every right of the first version of Landlock
_REFER: Final = 1 << 13  # second version: renaming from one folder into another
_TRUNCATE: Final = 1 << 14  # third version
_REMOVE_FILE, _MAKE_SOCK = 1 << 5, 1 << 9
_FILE_RIGHTS: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

# AUDIT_ARCH_* of linux/audit.h, and the numbers of socket(2), socketpair(2) and ptrace(2).
_ARCHITECTURES: Final = {"x86_64": (0xC000003E, 41, 101), "aarch64": (0xC00000B7, 198, 117)}

SYSTEM: Final = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc", "/sys/devices/system/cpu")
# Of /proc these alone: the environment of the user's other processes stands there too.
_PROC: Final = ("/proc/cpuinfo", "/proc/meminfo", "/proc/filesystems", "/proc/version")
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_CACHES: Final = ("/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice")

_libc = ctypes.CDLL(None, use_errno=True)


def confine(
    work: Path, readable: Iterable[Path], *, memory_bytes: int, cpu_s: int, file_bytes: int
) -> list[str]:
    """Confines this process. work: the one folder to write into. Returns what the kernel could not do."""
    _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bounded = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (bounded, bounded))
    return give_up(work, readable)


def give_up(work: Path | None, readable: Iterable[Path]) -> list[str]:
    """Files and network alone: for a program with limits of its own. work: None, nothing is written.

    Returns what the kernel could not do.
    """
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    missing = []
    if not _restrict_files(work, [*map(Path, (*SYSTEM, *_PROC, *_CACHES)), *_python(), *readable]):
        missing.append("files (Landlock)")
    if not _restrict_calls():
        missing.append("network (seccomp)")
    return missing


def _python() -> list[Path]:
    """Where this Python and its packages live, the project's own among them."""
    return [Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[3]]


def _restrict_files(work: Path | None, readable: list[Path]) -> bool:
    version = _libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    handled = _ALL_V1 | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    attributes = ctypes.create_string_buffer(struct.pack("=Q", handled))
    ruleset = _libc.syscall(_LANDLOCK_CREATE, attributes, 8, 0)
    if ruleset < 0:
        return False
    try:
        allowed = [(path, _READ) for path in readable]
        allowed += [(Path(device), _READ_FILE | _WRITE_FILE) for device in _DEVICES]
        if work is not None:
            allowed.append((work, handled))
            # LibreOffice does not start without its own socket there, whatever TMPDIR says.
            allowed.append((Path("/tmp"), _MAKE_SOCK | _REMOVE_FILE))  # noqa: S108
        for path, rights in allowed:
            _allow(ruleset, path, rights & handled)
        return bool(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """What does not exist needs no right."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= _FILE_RIGHTS
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place))
        _libc.syscall(_LANDLOCK_ADD, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def _restrict_calls() -> bool:
    """socket(2) only for AF_UNIX, no ptrace(2), no calls of another architecture (classic BPF)."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, socket_call, ptrace_call = known
    load, equal, answer = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EACCES  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
    af_unix = 1
    program = [
        (load, 0, 0, 4),  # struct seccomp_data: nr, arch, instruction pointer, six arguments
        (equal, 0, 6, architecture),
        (load, 0, 0, 0),
        (equal, 4, 0, ptrace_call),
        (equal, 0, 2, socket_call),
        (load, 0, 0, 16),
        (equal, 0, 1, af_unix),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    filters = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    return bool(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filters, 0, 0) == 0)
