"""Listens for one RTMP stream with FFmpeg, and prints what it decodes: `python rtmp_server.py URL`."""

from __future__ import annotations

import sys

import av

if __name__ == "__main__":
    with av.open(sys.argv[1], "r", options={"listen": "1"}) as stream:
        print("streams", *(one.codec_context.name for one in stream.streams), flush=True)
        for frame in stream.decode():
            print(type(frame).__name__, f"{frame.time:.3f}", flush=True)
