"""The structures and numbers of V4L2 against the C header that defines them."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.capture import v4l2_abi as abi
from pipelines.capture import v4l2_controls as controls

STRUCTURES: dict[str, tuple[type[ctypes.Structure], dict[str, str]]] = {
    # our name of a field -> the header's, where they differ
    "v4l2_capability": (abi.CapabilityStruct, {}),
    "v4l2_fmtdesc": (abi.FormatDescription, {}),
    "v4l2_frmsizeenum": (abi.FrameSize, {"size": "stepwise"}),
    "v4l2_frmivalenum": (abi.FrameInterval, {"interval": "stepwise"}),
    "v4l2_pix_format": (abi.PixFormat, {}),
    "v4l2_format": (abi.Format, {}),
    "v4l2_streamparm": (
        abi.StreamParm,
        {
            "capability": "parm.capture.capability",
            "capturemode": "parm.capture.capturemode",
            "timeperframe": "parm.capture.timeperframe",
            "raw": "parm.capture.extendedmode",
        },
    ),
    "v4l2_requestbuffers": (abi.RequestBuffers, {}),
    "v4l2_buffer": (
        abi.Buffer,
        {"seconds": "timestamp.tv_sec", "microseconds": "timestamp.tv_usec", "offset": "m.offset"},
    ),
    "v4l2_queryctrl": (abi.QueryControl, {}),
    "v4l2_control": (abi.ControlStruct, {}),
}
NUMBERS = [name for name in vars(abi) if name.startswith("VIDIOC_")]
CONTROLS = [
    "AUTO_WHITE_BALANCE",
    "AUTOGAIN",
    "GAIN",
    "WHITE_BALANCE_TEMPERATURE",
    "EXPOSURE_AUTO",
    "EXPOSURE_ABSOLUTE",
    "EXPOSURE_AUTO_PRIORITY",
    "FOCUS_ABSOLUTE",
    "FOCUS_AUTO",
]


def _probe() -> tuple[str, dict[str, int]]:
    """A C program that prints the header's values, and ours in the same order."""
    lines, ours = [], {}
    for name, (structure, renamed) in STRUCTURES.items():
        ours[f"sizeof {name}"] = ctypes.sizeof(structure)
        lines.append(f"sizeof(struct {name})")
        for field, *_ in structure._fields_:
            if field == "flags" and name == "v4l2_requestbuffers":
                continue  # u8 flags and three reserved ones, which we take as one
            theirs = renamed.get(field, field)
            ours[f"{name}.{theirs}"] = getattr(structure, field).offset
            lines.append(f"offsetof(struct {name}, {theirs})")
    for name in NUMBERS:
        ours[name] = getattr(abi, name)
        lines.append(name)
    for name in CONTROLS:
        ours[name] = getattr(controls, name)
        lines.append(f"V4L2_CID_{name}")
    prints = "\n".join(f'  printf("%lu\\n", (unsigned long)({line}));' for line in lines)
    headers = "\n".join(f"#include <{name}>" for name in ("stdio.h", "stddef.h", "linux/videodev2.h"))
    return f"{headers}\nint main(void) {{\n{prints}\n}}\n", ours


@pytest.mark.skipif(sys.platform != "linux" or sys.maxsize < 2**32, reason="V4L2 is Linux's, ours 64-bit")
def test_everything_is_where_the_header_has_it(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not Path("/usr/include/linux/videodev2.h").exists():
        pytest.skip("needs a C compiler and Debian's linux-libc-dev")
    source, ours = _probe()
    (tmp_path / "probe.c").write_text(source)
    subprocess.run([compiler, "-o", tmp_path / "probe", tmp_path / "probe.c"], check=True)
    output = subprocess.run([tmp_path / "probe"], capture_output=True, text=True, check=True).stdout
    theirs = dict(zip(ours, map(int, output.split()), strict=True))
    assert ours == theirs
