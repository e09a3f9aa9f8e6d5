"""The room that was let in: its voice for the mixer, its camera for the main room and for the programme."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2

from pipelines.capture.remote import RemoteCamera
from pipelines.compositing.clear_corner import ClearCorner
from pipelines.compositing.inset import Inset, InsetDrawer
from pipelines.media import U8, Layout, SizeWh
from pipelines.orders import EndCamera, EndVoice, OfferCamera, OfferVoice, Order, ShowCamera
from pipelines.reports import (
    CameraPicture,
    CameraSeen,
    OfferAnswer,
    RemoteCameraStatus,
    Report,
    SessionEnded,
    VoiceHeard,
)
from pipelines.scaling import fit_inside
from pipelines.sound.remote import RemoteVoice
from pipelines.studio.composing import Composed

FOR_MAIN_ROOM_WH: SizeWh = (400, 225)
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 80)


class Guest:
    """`obey` is called by one thread, `over` by the programme's, the rest by any. send: to the gateway."""

    def __init__(
        self, size_wh: SizeWh, send: Callable[[Report], None], on_change: Callable[[], None]
    ) -> None:
        self._send = send
        self._on_change = on_change
        self.voice = RemoteVoice(lambda session: send(VoiceHeard(session)), self._ended)
        self.camera = RemoteCamera(lambda session: send(CameraSeen(session)), self._picture, self._ended)
        self._showing = ShowCamera()
        self._drawer = InsetDrawer(size_wh)
        self._clear = ClearCorner(size_wh)
        self._inset: Inset | None = None

    def obey(self, order: Order) -> None:
        """What the order says of the room; others are none of its business."""
        match order:
            case OfferVoice(session, sdp, servers):
                self.voice.offer(session, sdp, partial(self._answered, session), servers)
            case EndVoice(session):
                self.voice.end(session)
            case OfferCamera(session, sdp, servers):
                self.camera.offer(session, sdp, partial(self._answered, session), servers)
            case EndCamera(session):
                self.camera.end(session)
            case ShowCamera():
                self._showing = order

    @property
    def is_shown(self) -> bool:
        """Is the room's picture in the programme's newest?"""
        return self._inset is not None

    def over(self, composed: Composed, tick_ns: int) -> Composed:
        """The programme with the room's small picture, if it is wanted, arrives, and no slate stands."""
        self._inset = inset = self._wanted(composed, tick_ns)
        if inset is None:
            self._clear.forget()
            return composed
        return composed._replace(rgb=self._drawer.over(composed.rgb, inset))

    def status(self) -> RemoteCameraStatus | None:
        camera = self.camera
        if not camera.is_open:
            return None
        return RemoteCameraStatus(camera.rate.hz(), camera.sent_wh, camera.dropped, self.is_shown)

    def close(self) -> None:
        self.voice.close()
        self.camera.close()

    def _wanted(self, composed: Composed, tick_ns: int) -> Inset | None:
        showing, scene, matte = self._showing, composed.scene, composed.matte
        is_slate = scene.layout == Layout.SLATE or (scene.layout == Layout.CAMERA and matte is None)
        if not showing.in_programme or showing.is_hidden or is_slate:
            return None
        rgb = self.camera.newest(tick_ns)
        if rgb is None:
            return None
        corner = showing.corner or self._clear.choose(
            (rgb.shape[1], rgb.shape[0]), matte, scene, composed.wish.calibration
        )
        before = self._inset
        if before is not None and before.rgb is rgb and before[1:] == (showing.name, corner):
            return before
        return Inset(rgb, showing.name, corner)

    def _picture(self, session: str, rgb: U8) -> None:
        """For the console, which is the main room's: it goes no other way."""
        if self._showing.is_hidden:
            return
        small_wh = fit_inside((rgb.shape[1], rgb.shape[0]), FOR_MAIN_ROOM_WH)
        small = cv2.resize(rgb, small_wh, interpolation=cv2.INTER_AREA)
        is_coded, jpeg = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), _JPEG)
        if is_coded:
            self._send(CameraPicture(session, jpeg.tobytes()))

    def _answered(self, session: str, sdp: str, fault: str | None, reason: str) -> None:
        self._send(OfferAnswer(session, sdp, fault or "", reason))

    def _ended(self, session: str, reason: str) -> None:
        self._send(SessionEnded(session, reason))
        self._on_change()
