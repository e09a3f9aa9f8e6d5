"""BoxClient: everything that may be asked of one box, grouped as in its OpenAPI document."""

from __future__ import annotations

import ssl
from types import TracebackType

import httpx

from appliance.client.calling import TIMEOUT_S, Caller
from appliance.client.lesson import Ink, Lesson, Log, Scenes
from appliance.client.library import Captions, Courseware, Destinations, Language, Recordings
from appliance.client.rooms import Media, Rooms, Talk, Viewers
from appliance.client.state import Calibration, State


class BoxClient:
    """Not for several threads; each may have its own. Methods raise Refused and Unreachable."""

    def __init__(
        self, url: str, token: str, *, language: Language = "en", verify: ssl.SSLContext | bool = True
    ) -> None:
        """url: "http://box:8080". token: the assistant's for everything; a room's for what rooms may do; ""
        for what needs none.

        language: of the sentences for people. verify: for https, what certificates are trusted.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S, verify=verify)
        caller = Caller(self._http)
        self.state = State(caller, language)
        self.lesson = Lesson(caller)
        self.scenes = Scenes(caller)
        self.ink = Ink(caller)
        self.log = Log(caller)
        self.courseware = Courseware(caller, language)
        self.captions = Captions(caller)
        self.recordings = Recordings(caller)
        self.destinations = Destinations(caller)
        self.calibration = Calibration(caller)
        self.rooms = Rooms(caller)
        self.viewers = Viewers(caller)
        self.talk = Talk(caller)
        self.media = Media(caller)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> BoxClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
