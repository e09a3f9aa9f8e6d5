"""Shared screens: a presenter's pictures become a courseware once the first one is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from av import VideoFrame
from av.video.reformatter import Colorspace

from pipelines.channels import Closed, Latest
from pipelines.courseware import limits
from pipelines.courseware.film_file import PageScaler
from pipelines.courseware.screens.live import Live
from pipelines.media import I16, U8, SizeWh, SourceLost
from pipelines.orders import BoxServer
from pipelines.receiving.peer import ReceivingPeer, Wording
from pipelines.receiving.reception import Answered, Reception
from pipelines.receiving.sounding import Sounding
from pipelines.saying import said

SCREEN_NAME: Final = "screen"
MAX_SESSIONS: Final = 4  # one is shown; others may just be coming or going
FULL: Final = said("screens_full", "too many screens are being shared; try again in a moment")
WORDING: Final = Wording(
    over=said("screen_over", "The screen is no longer shared."),
    lost=said("screen_lost", "The connection to the shared screen was lost."),
    never=said("screen_never", "The shared screen never arrived. Is the laptop in the box's network?"),
    too_slow=said("screen_slow", "This box cannot decode the shared screen in time. Share it smaller."),
)


class ScreenShares:
    """on_live(session, courseware): a screen has its first picture. on_ended(session, reason): it has gone.

    Both are called in threads of this class. Everything here may be called from any thread.
    """

    def __init__(
        self,
        size_wh: SizeWh,
        on_live: Callable[[str, Live], None],
        on_ended: Callable[[str, str], None],
    ) -> None:
        self._size_wh = size_wh
        self._on_live = on_live
        self._reception = Reception("screens", MAX_SESSIONS, FULL, self._make, on_ended)

    def offer(self, session: str, sdp: str, answered: Answered, servers: Sequence[BoxServer] = ()) -> None:
        """answered(sdp, None, ""), or answered("", kind, reason) for an offer that is refused."""
        self._reception.offer(session, sdp, answered, servers)

    def end(self, session: str) -> None:
        self._reception.end(session)

    def close(self) -> None:
        self._reception.close()

    def _make(self, session: str, servers: Sequence[BoxServer]) -> ReceivingPeer:
        pictures = SharedPictures(self._size_wh)
        peer = ReceivingPeer("screen", pictures, WORDING, lambda: self._open(session, pictures), servers)
        pictures.on_close = peer.end
        return peer

    def _open(self, session: str, pictures: SharedPictures) -> None:
        """Not in the connection's thread: a courseware waits for its first picture."""

        def open_live() -> None:
            try:
                live = Live(SCREEN_NAME, "screen", pictures, self._size_wh, pictures.sounding)
            except SourceLost:
                return  # gone already: on_ended tells
            self._on_live(session, live)

        threading.Thread(target=open_live, name="screen opening", daemon=True).start()


class SharedPictures:
    """Satisfies Sink and Pictures: the newest decoded picture, made a page by whoever reads.

    on_close: the courseware is shown no longer.
    """

    def __init__(self, size_wh: SizeWh) -> None:
        # WebRTC senders convert by BT.601 and tag nothing, whatever the size.
        self._scaler = PageScaler(size_wh, untagged=Colorspace.ITU601)
        self._newest: Latest[VideoFrame] = Latest()
        self._ended = ""
        self.sounding = Sounding()
        self.on_close: Callable[[], None] = lambda: None

    def picture(self, picture: VideoFrame) -> str:
        if picture.width * picture.height > limits.MAX_FILM_PX:
            return said("screen_large", "The shared screen has too many pixels. Share a window instead.")
        self._newest.put(picture)
        return ""

    def sound(self, pcm: I16) -> None:
        self.sounding.put(pcm)

    def end(self, reason: str) -> None:
        self._ended = reason
        self._newest.close()

    def read(self, timeout_s: float) -> U8 | None:
        try:
            picture = self._newest.take(timeout_s)
        except Closed:
            raise SourceLost("courseware", self._ended, retry=False) from None
        return None if picture is None else self._scaler.page_of(picture)

    def close(self) -> None:
        self.on_close()
