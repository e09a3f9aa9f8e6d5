"""Records a coded programme in real time until it is killed; prints how many pictures it was given."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from programme import RATE_HZ, coded

from pipelines.recording.recorder import Recorder
from pipelines.recording.settings import RecordingSettings


async def main(folder: Path) -> None:
    recorder = Recorder(folder, RecordingSettings(keep_free_mb=0), RATE_HZ, lambda _layer: None, lambda: None)
    recorder.start()
    loop = asyncio.get_running_loop()
    start_s, pictures = loop.time(), count(1)
    for packet in coded(60 * RATE_HZ):
        recorder.feed(packet)
        if packet.kind == "video":
            fed = next(pictures)
            print(fed, flush=True)
            await asyncio.sleep(max(0.0, start_s + fed / RATE_HZ - loop.time()))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
