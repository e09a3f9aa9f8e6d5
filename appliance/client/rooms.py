"""Who watches and who speaks: rooms, viewers, talk-back; and the sessions of media."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from appliance.api.audience import HeardOut, ReportBody, SignalBody
from appliance.api.rooms import RoomBody, RoomOut
from appliance.api.sheets import PartsBody
from appliance.api.wire import LayerBody, LinksOut, ViewerOut
from appliance.api.wire_talk import MuteBody, MuteOut, NewsOut, TalkBody, TalkChange, TalkOut
from appliance.client.calling import Caller, Session


class Rooms:
    """Remote classrooms with a name and a link of their own."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def all(self) -> list[RoomOut]:
        return self._box.ask(list[RoomOut], "GET", "/api/v1/rooms")

    def add(self, name: str) -> RoomOut:
        return self._box.ask(RoomOut, "POST", "/api/v1/rooms", RoomBody(name=name))

    def rename(self, room_id: str, name: str) -> RoomOut:
        return self._box.ask(
            RoomOut, "PATCH", "/api/v1/rooms/{room_id}", RoomBody(name=name), room_id=room_id
        )

    def remove(self, room_id: str) -> None:
        """Its viewers leave, its link is refused."""
        self._box.order("DELETE", "/api/v1/rooms/{room_id}", room_id=room_id)

    def mute(self, room_id: str, *, sound: bool = False, voice: bool = False) -> MuteOut:
        """Both as they shall be, on all screens of the room, those that come later too."""
        mute = MuteBody(sound=sound, voice=voice)
        return self._box.ask(MuteOut, "PUT", "/api/v1/rooms/{room_id}/mute", mute, room_id=room_id)

    def qr(self, room_id: str) -> bytes:
        """SVG. It holds the room's token."""
        return self._box.fetch("GET", "/api/v1/rooms/{room_id}/qr", room_id=room_id)

    def links(self) -> LinksOut:
        """Those that all share."""
        return self._box.ask(LinksOut, "GET", "/api/v1/links")

    def links_qr(self, of: Literal["watch", "present"]) -> bytes:
        return self._box.fetch("GET", "/api/v1/links/{of}/qr", of=of)


class Viewers:
    """Screens that watch now. viewer_id: of `all`, or of the session's place."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def all(self) -> list[ViewerOut]:
        return self._box.ask(list[ViewerOut], "GET", "/api/v1/viewers")

    def remove(self, viewer_id: str) -> None:
        self._box.order("DELETE", "/api/v1/viewers/{viewer_id}", viewer_id=viewer_id)

    def hold_layer(
        self, viewer_id: str, layer: Literal["auto", "teacher", "444", "420", "low", "sound"]
    ) -> None:
        """auto: the box chooses by the line."""
        body = LayerBody(layer=layer)
        self._box.order("PUT", "/api/v1/viewers/{viewer_id}/layer", body, viewer_id=viewer_id)

    def mute(self, viewer_id: str, *, sound: bool = False, voice: bool = False) -> MuteOut:
        """One screen, while it watches."""
        mute = MuteBody(sound=sound, voice=voice)
        return self._box.ask(MuteOut, "PUT", "/api/v1/viewers/{viewer_id}/mute", mute, viewer_id=viewer_id)

    def report(self, viewer_id: str, report: ReportBody) -> HeardOut:
        return self._box.ask(
            HeardOut, "PUT", "/api/v1/viewers/{viewer_id}/report", report, viewer_id=viewer_id
        )

    def signal(self, viewer_id: str, signal: SignalBody) -> None:
        self._box.order("PUT", "/api/v1/viewers/{viewer_id}/signal", signal, viewer_id=viewer_id)

    def clear_signal(self, viewer_id: str) -> None:
        """The room takes it back, or the assistant has seen it: whose token this is."""
        self._box.order("DELETE", "/api/v1/viewers/{viewer_id}/signal", viewer_id=viewer_id)

    def ask(self, viewer_id: str) -> None:
        """The room asks to speak."""
        self._box.order("PUT", "/api/v1/viewers/{viewer_id}/ask", viewer_id=viewer_id)

    def withdraw(self, viewer_id: str) -> None:
        """The room no longer asks or speaks, or the assistant declines."""
        self._box.order("DELETE", "/api/v1/viewers/{viewer_id}/ask", viewer_id=viewer_id)

    def news(self, viewer_id: str) -> Iterator[NewsOut]:
        """What the viewer's page must know, whenever it changes."""
        return self._box.events(NewsOut, "GET", "/api/v1/viewers/{viewer_id}/events", viewer_id=viewer_id)


class Talk:
    """Which room may speak."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def turn(self) -> TalkOut | None:
        return self._box.ask_maybe(TalkOut, "GET", "/api/v1/talk")

    def let_in(self, viewer_id: str, *, in_programme: bool = False) -> TalkOut:
        """in_programme: heard by all rooms, not by the main room alone."""
        body = TalkBody(viewer_id=viewer_id, in_programme=in_programme)
        return self._box.ask(TalkOut, "PUT", "/api/v1/talk", body)

    def change(self, change: TalkChange) -> TalkOut:
        return self._box.ask(TalkOut, "PATCH", "/api/v1/talk", change)

    def stop(self) -> None:
        self._box.order("DELETE", "/api/v1/talk")

    def camera(self) -> Iterator[bytes]:
        """The speaking room's small picture: JPEG files as they come; empty while there is none."""
        return pictures_in(self._box.stream("GET", "/api/v1/talk/camera"))

    def end_camera(self) -> None:
        """The turn goes on."""
        self._box.order("DELETE", "/api/v1/talk/camera")


class Media:
    """Sessions of WebRTC. The media itself is the business of whoever made the offer."""

    def __init__(self, box: Caller) -> None:
        self._box = box

    def watch(self, sdp: str, name: str = "", hear: Literal["programme", "voice"] = "programme") -> Session:
        """WHEP. name: of a room, no person."""
        return self._box.offer("POST", "/whep", sdp, {"name": name, "hear": hear})

    def watch_options(self) -> dict[str, str]:
        """Headers: `link` has the STUN and TURN servers."""
        return self._box.head("OPTIONS", "/whep")

    def viewer_options(self, viewer_id: str) -> dict[str, str]:
        return self._box.head("OPTIONS", "/whep/{viewer_id}", viewer_id=viewer_id)

    def leave(self, viewer_id: str) -> None:
        self._box.order("DELETE", "/whep/{viewer_id}", viewer_id=viewer_id)

    def sheets(self, viewer_id: str) -> Iterator[bytes]:
        """The programme without the teacher, as lossless pictures: appliance.sheets.coded tells the form."""
        return self._box.stream("GET", "/whep/{viewer_id}/sheets", viewer_id=viewer_id)

    def take_parts(self, viewer_id: str, *, taken: bool) -> None:
        """The teacher alone from now on, for a viewer who has the sheets; or the composed picture."""
        self._box.order("PUT", "/whep/{viewer_id}/parts", PartsBody(taken=taken), viewer_id=viewer_id)

    def share(self, sdp: str) -> Session:
        """WHIP: a screen, for the presenter's token."""
        return self._box.offer("POST", "/whip", sdp)

    def share_options(self) -> dict[str, str]:
        """Headers: `link` has the STUN and TURN servers."""
        return self._box.head("OPTIONS", "/whip")

    def screen_options(self, session: str) -> dict[str, str]:
        return self._box.head("OPTIONS", "/whip/{session}", session=session)

    def stop_sharing(self, session: str) -> None:
        self._box.order("DELETE", "/whip/{session}", session=session)

    def speak(self, viewer_id: str, sdp: str) -> Session:
        """WHIP: a room's microphone, once it was let in."""
        return self._box.offer("POST", "/talk/{viewer_id}", sdp, viewer_id=viewer_id)

    def stop_speaking(self, viewer_id: str) -> None:
        self._box.order("DELETE", "/talk/{viewer_id}", viewer_id=viewer_id)

    def show_camera(self, viewer_id: str, sdp: str) -> Session:
        """WHIP: the camera of the room whose turn it is."""
        return self._box.offer("POST", "/talk/{viewer_id}/camera", sdp, viewer_id=viewer_id)

    def speak_options(self, viewer_id: str) -> dict[str, str]:
        """Headers: `link` has the STUN and TURN servers."""
        return self._box.head("OPTIONS", "/talk/{viewer_id}", viewer_id=viewer_id)

    def camera_options(self, viewer_id: str) -> dict[str, str]:
        """As `speak_options`."""
        return self._box.head("OPTIONS", "/talk/{viewer_id}/camera", viewer_id=viewer_id)

    def hide_camera(self, viewer_id: str) -> None:
        self._box.order("DELETE", "/talk/{viewer_id}/camera", viewer_id=viewer_id)


def pictures_in(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The messages of GET /talk/camera, cut anywhere: u32 length, big-endian, and so many bytes."""
    waiting = b""
    for piece in pieces:
        waiting += piece
        while len(waiting) >= 4:
            end = 4 + int.from_bytes(waiting[:4], "big")
            if len(waiting) < end:
                break
            yield waiting[4:end]
            waiting = waiting[end:]
