"""A recorded video as a camera: in real time, by its own time stamps, from the start again at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.capture.address import Address
from pipelines.capture.camera import Detail, Ended
from pipelines.capture.picture import RgbConverter
from pipelines.capture.thinning import Thinning
from pipelines.media import Frame, SourceLost
from pipelines.saying import said
from pipelines.timing import NS_PER_S, SessionClock

# Containers of one file. Play lists and concatenations are left out: they open other files and hosts.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf,nut,"
    "h264,hevc,mjpeg,m4v,ivf,yuv4mpegpipe"
)
_INDEXED = ("mov,", "matroska,", "avi")
_STILLS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_LATE_NS = NS_PER_S  # more than this behind: go on from here instead of racing after it
_FALLBACK_RATE_HZ = 25


class _Timed(NamedTuple):
    picture: av.VideoFrame
    at_ns: int  # from the beginning of the first round


class VideoFile:
    """A Stream out of a video file. Works in the reader's thread; the decoder has two of its own.

    captured_ns is the instant at which the picture was due. A reader that comes late gets the newest due
    picture; those before it are counted in `dropped`.
    """

    def __init__(
        self, address: Address, converter: RgbConverter, clock: SessionClock, rate_hz: float
    ) -> None:
        """Opens the file. Raises SourceLost."""
        self._address = address
        self._converter = converter
        self._clock = clock
        self._thinning = Thinning(rate_hz)
        self._period_ns = round(NS_PER_S / rate_hz)
        self._start_ns: int | None = None
        self._due: _Timed | None = None
        self._damaged = 0
        self._dropped = 0
        self._rounds = 0
        self._container, self._video = _open(address)
        self._pictures = self._play()

    @property
    def detail(self) -> Detail:
        size_wh = self._converter.size_wh or (0, 0)
        context = self._video.codec_context
        return {
            "kind": "file",
            "width_px": size_wh[0],
            "height_px": size_wh[1],
            "source_size": f"{context.width}x{context.height}",
            "rate_hz": round(float(_rate_hz(self._video)), 3),
            "format": context.name,
            "rounds": self._rounds,
            "dropped": self._dropped,
            "damaged": self._damaged,
        }

    def next(self, timeout_s: float, stop: threading.Event) -> Frame | None:
        give_up_ns = time.monotonic_ns() + round(timeout_s * NS_PER_S)
        if self._due is None:
            self._due = self._pull()
        now_ns = time.monotonic_ns()
        if self._start_ns is None:
            self._start_ns = now_ns - self._due.at_ns
        self._due = self._catch_up(self._due, now_ns)
        due_ns = self._start_ns + self._due.at_ns
        if stop.wait(max(0, min(due_ns, give_up_ns) - now_ns) / NS_PER_S) or due_ns > give_up_ns:
            return None
        rgb = self._converter.convert(self._due.picture, self._video.sample_aspect_ratio)
        self._due = None
        return Frame(rgb, self._clock.pts(due_ns), due_ns)

    def close(self) -> None:
        self._pictures.close()
        self._due = None
        self._container.close()

    def _catch_up(self, due: _Timed, now_ns: int) -> _Timed:
        """Skips pictures whose time has passed; after a long pause goes on with the very next one."""
        assert self._start_ns is not None
        if now_ns - self._start_ns - due.at_ns > _LATE_NS:
            self._start_ns = now_ns - due.at_ns
        while self._start_ns + due.at_ns + self._period_ns < now_ns:
            due = self._pull()
            self._dropped += 1
        return due

    def _pull(self) -> _Timed:
        """The next picture wanted at the asked rate."""
        for timed in self._pictures:
            if self._thinning.passes(timed.at_ns):
                return timed
        raise Ended

    def _play(self) -> Generator[_Timed, None, None]:
        """All pictures of all rounds. at_ns grows steadily over the seams."""
        round_ns = 0
        while True:
            end_ns = 0
            for picture, at_ns, length_ns in self._one_round():
                end_ns = max(end_ns, at_ns + length_ns)
                yield _Timed(picture, round_ns + at_ns)
            if not end_ns:
                raise _lost(
                    self._address,
                    said(
                        "video_undecodable", "holds no picture that can be decoded: copy or export it again"
                    ),
                )
            if not self._address.loop:
                return
            round_ns += end_ns
            self._rounds += 1
            self._rewind()

    def _rewind(self) -> None:
        """Back to the first picture: by seeking where an index makes that exact, else by opening anew."""
        if self._container.format.name.startswith(_INDEXED):
            try:
                self._container.seek(self._video.start_time or 0, stream=self._video)
                return
            except av.error.FFmpegError:
                self._damaged += 1
        self._container.close()
        self._container, self._video = _open(self._address)

    def _one_round(self) -> Iterator[tuple[av.VideoFrame, int, int]]:
        """(picture, instant, length), ns from the first picture. Damaged packets are left out and counted."""
        length_ns = round(NS_PER_S / _rate_hz(self._video))
        first_ns: int | None = None
        at_ns = -length_ns
        for picture in self._decode():
            own_ns = _instant_ns(picture)
            first_ns = own_ns if first_ns is None else first_ns
            at_ns += length_ns  # unless its time stamp says later than the picture before it
            if own_ns is not None and first_ns is not None and own_ns - first_ns > at_ns - length_ns:
                at_ns = own_ns - first_ns
            yield picture, at_ns, length_ns

    def _decode(self) -> Iterator[av.VideoFrame]:
        packets = self._container.demux(self._video)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                self._damaged += 1  # the container breaks off: what came before has been shown
                packet = None
            try:
                yield from self._video.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                self._damaged += 1
            if packet is None:
                return


def _open(address: Address) -> tuple[InputContainer, VideoStream]:
    """The container and its first moving video stream. Raises SourceLost with what is wrong."""
    path = Path(address.target)
    _check(address, path)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        # A title in GBK is no reason to fail.
        container = av.open(f"file:{path}", mode="r", options=options, metadata_errors="replace")
    except av.error.FFmpegError:
        raise _unreadable(address, path) from None
    videos = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not videos or videos[0].codec_context is None:
        has_sound = bool(container.streams.audio)
        container.close()
        what = (
            said("video_sound_only", "holds sound but no picture")
            if has_sound
            else said("video_no_picture", "holds no picture")
        )
        raise _lost(
            address, said("video_choose", "{what}: choose a video of the teacher", what=what), retry=False
        )
    video = videos[0]
    video.codec_context.thread_count = 2
    video.codec_context.thread_type = "AUTO"
    return container, video


def _check(address: Address, path: Path) -> None:
    """Faults that the file system can name, before FFmpeg gets to see the file. Raises SourceLost."""
    try:
        if path.is_dir():
            raise _lost(address, said("video_folder", "is a folder: name a video file in it"), retry=False)
        if path.exists() and not path.is_file():
            raise _lost(address, said("video_neither", "is neither a video file nor a camera"), retry=False)
        with path.open("rb") as file:
            head = file.read(4)
    except FileNotFoundError:
        raise _lost(address, said("video_missing", "does not exist: check the path in camera.url")) from None
    except PermissionError:
        raise _lost(
            address, said("video_denied", "may not be read: allow it with `chmod a+r {path}`", path=path)
        ) from None
    except (OSError, ValueError) as error:
        raise _lost(
            address,
            said(
                "video_unreadable",
                "cannot be read ({why})",
                why=getattr(error, "strerror", None) or "bad path",
            ),
        ) from None
    if not head:
        raise _lost(address, said("video_empty", "is empty (0 bytes): copy it again"))


def _unreadable(address: Address, path: Path) -> SourceLost:
    with path.open("rb") as file:
        head = file.read(12)
    if head.startswith(_STILLS):
        return _lost(
            address,
            said("video_still", "is a still picture, not a video: a camera needs a moving one"),
            retry=False,
        )
    if head[4:8] == b"ftyp":
        return _lost(
            address, said("video_cut", "is cut off or damaged, its index is missing: copy or record it again")
        )
    return _lost(
        address,
        said("video_unknown", "is not a video this box can read: use MP4, MKV, WebM, AVI or MPEG-TS"),
        retry=False,
    )


def _lost(address: Address, what: str, *, retry: bool = True) -> SourceLost:
    return SourceLost(
        "camera", said("video_fault", "{label} {what}", label=address.label, what=what), retry=retry
    )


def _rate_hz(video: VideoStream) -> Fraction:
    rate = video.average_rate or video.guessed_rate
    return Fraction(rate) if rate and 0.1 < rate < 1000 else Fraction(_FALLBACK_RATE_HZ)


def _instant_ns(picture: av.VideoFrame) -> int | None:
    if picture.pts is None or picture.time_base is None:
        return None
    return round(picture.pts * picture.time_base * NS_PER_S)
