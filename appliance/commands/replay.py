"""`classroom replay`: a raw recording through the same code, and is every picture the same?"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

SUMMARY = "Make the programme of a raw recording again, and compare every picture with the one that was sent."
EXAMPLES = """\
examples:
  classroom replay ~/.local/state/classroom/recordings/raw/20260302-081500-417034
  classroom replay FOLDER --json replay.json --out again.mp4

Exit status: 0, every picture came again bit for bit, to the recording's end or to where the box was killed;
1, one did not, or the recording is damaged or has a gap.
"""

ENDINGS = {
    "complete": "to its end",
    "cut off": "as far as it goes: the box was killed",
    "gap": "up to a gap: while recording, the disk or the processor was too slow, and something was left out",
    "full": "to where the recording ended by itself",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of one raw recording")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--out", type=Path, metavar="FILE.mp4", help="write the pictures to FILE.mp4")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of the installed networks")


def run(args: argparse.Namespace) -> int:
    # Imported here: a replay pulls in every stage, and `classroom --help` should not.
    from pipelines.recording.raw.reading import BrokenRecording

    try:
        result = _replayed(args)
    except (BrokenRecording, OSError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    for line in _told(result):
        print(line)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if result["frames"] == result["identical"] and result["ending"] != "gap" else 1


def _replayed(args: argparse.Namespace) -> dict[str, Any]:
    """Raises BrokenRecording, OSError, models.ModelError."""
    from models.catalog import default_models_dir
    from pipelines.recording.raw.films import Playback
    from pipelines.studio.replaying import Replay
    from pipelines.studio.witnessing import software

    replay = Replay(args.folder, args.models or default_models_dir())
    out = None if args.out is None else Playback(args.out, replay.programme.rate_hz)
    frames = identical = 0
    first: dict[str, Any] | None = None
    start_ns: int | None = None
    for picture in replay.pictures():
        frames += 1
        identical += picture.is_same
        start_ns = picture.tick_ns if start_ns is None else start_ns
        at_ns = picture.tick_ns - start_ns
        if first is None and not picture.is_same:
            first = {"frame": picture.number, "at_s": round(at_ns / 1e9, 3)}
        if out is not None:
            out.add(picture.rgb, at_ns)
    if out is not None:
        out.close()
    return {
        "frames": frames,
        "identical": identical,
        "first_difference": first,
        "ending": replay.ending,
        "reason": replay.reason,
        "changed_pages": replay.changed_pages,
        "provider": replay.provider,
        "recorded_provider": replay.began.provider,
        "software": software(),
        "recorded_software": replay.began.software,
    }


def _told(result: dict[str, Any]) -> list[str]:
    lines = [f"Replayed {ENDINGS[result['ending']]}. {result['reason']}".strip()]
    frames, identical = result["frames"], result["identical"]
    lines.append(f"{identical} of {frames} pictures are bit-identical to those that were sent.")
    if (first := result["first_difference"]) is not None:
        lines.append(f"First difference: picture {first['frame']}, {first['at_s']} s after the first one.")
    if result["changed_pages"]:
        lines.append(f"{result['changed_pages']} page pictures are not those that were shown.")
    if result["software"] != result["recorded_software"]:
        lines.append(
            f"Recorded by other software: {result['recorded_software']}; here: {result['software']}."
        )
    if {result["provider"], result["recorded_provider"]} != {"cpu"}:
        lines.append(
            f"The network ran on {result['recorded_provider']}, and here on {result['provider']}: "
            "exactness is promised on the CPU alone."
        )
    return lines
