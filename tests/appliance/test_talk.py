"""A turn to speak, without a browser: what the gateway keeps to itself, and what ends a turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from appliance.desk import Mute
from appliance.gateway import Gateway
from appliance.offered_sessions import StudioBusy
from appliance.settings import load
from appliance.talk import LET_IN_S, NotLetIn, Talk
from appliance.talk_camera import STALLED_S, NoCamera
from pipelines.media import MINUS_SOUND, VOICE_SOUND, Corner, Packet
from pipelines.orders import EndCamera, MixVoice, OfferCamera, OfferVoice, Order, ShowCamera
from pipelines.reports import CameraPicture, CameraSeen, OfferAnswer, SessionEnded, VoiceHeard

ANSWER = "v=0\r\n"
T = TypeVar("T")


class Orders:
    """A studio that answers every offer at once."""

    def __init__(self, gateway: Gateway) -> None:
        self.given: list[Order] = []
        self.is_silent = False
        self._gateway = gateway

    def send(self, order: Order) -> bool:
        self.given.append(order)
        if isinstance(order, OfferVoice | OfferCamera) and not self.is_silent:
            self._gateway.talk.take(OfferAnswer(order.session, ANSWER))
        return True

    @property
    def session(self) -> str:
        return self.newest(OfferVoice).session

    @property
    def camera(self) -> str:
        return self.newest(OfferCamera).session

    def newest(self, kind: type[T]) -> T:
        return next(order for order in reversed(self.given) if isinstance(order, kind))

    def has_ended(self, session: str) -> bool:
        return EndCamera(session) in self.given


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    environment = {"CLASSROOM_BOX_STATE_DIR": str(tmp_path)}
    gateway = Gateway(load(None, environment).settings, "fake_studio:run_studio", lambda: None)
    yield gateway
    gateway.studio._child = None
    await gateway.close()


@pytest.fixture
def orders(gateway: Gateway) -> Orders:
    orders = Orders(gateway)
    gateway.studio._child = orders  # type: ignore[assignment]
    for viewer_id in ("one", "two"):
        gateway.desk.joined(viewer_id, "")
    return orders


async def test_one_room_at_a_time(gateway: Gateway, orders: Orders) -> None:
    talk = gateway.talk
    with pytest.raises(NotLetIn):
        await talk.offer("one", ANSWER)
    talk.ask("one")
    talk.ask("two")
    talk.let_in("one", in_programme=False)
    assert (await talk.offer("one", ANSWER)).sdp == ANSWER
    assert talk.state_of("one") == "let_in"
    talk.take(VoiceHeard(orders.session))
    assert (talk.state_of("one"), talk.state_of("two")) == ("speaking", "asking")
    talk.let_in("two", in_programme=True)
    assert (talk.state_of("one"), talk.state_of("two")) == ("none", "let_in")
    with pytest.raises(NotLetIn):
        await talk.offer("one", ANSWER)
    await talk.offer("two", ANSWER)
    talk.take(SessionEnded(orders.session, "lost"))
    assert talk.turn is None, "a microphone that has gone ends the turn"


async def test_a_turn_that_nobody_takes_ends(gateway: Gateway, orders: Orders) -> None:
    gateway.talk.let_in("one", in_programme=False)
    gateway.talk.look_around()
    assert gateway.talk.turn is not None
    gateway.talk.turn.since_s -= LET_IN_S + 1
    gateway.talk.look_around()
    assert gateway.talk.turn is None
    gateway.talk.let_in("two", in_programme=False)
    gateway.desk.look_around(())
    gateway.talk.look_around()
    assert gateway.talk.turn is None, "nor one whose room has left"


async def test_a_studio_that_dies_ends_the_turn(gateway: Gateway, orders: Orders) -> None:
    gateway.talk.let_in("one", in_programme=True)
    await gateway.talk.offer("one", ANSWER)
    gateway.talk.studio_ended()
    assert gateway.talk.turn is None
    kinds = [entry.kind for entry in gateway.desk.log.entries()]
    assert kinds[-2:] == ["talk_let_in", "talk_ended"]


async def test_a_muted_voice_is_heard_by_nobody(gateway: Gateway, orders: Orders) -> None:
    gateway.talk.let_in("one", in_programme=True)
    gateway.desk.audience.mute("one", Mute(voice=True))
    gateway.talk.muted()
    assert orders.given[-1] == MixVoice(in_programme=True, is_muted=True)
    gateway.desk.audience.mute("one", Mute())
    gateway.talk.muted()
    assert orders.given[-1] == MixVoice(in_programme=True, is_muted=False)


async def test_nothing_of_a_voice_is_recorded_or_published(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(gateway.outlets, "take", lambda packet: kept.append(packet.layer))
    monkeypatch.setattr(gateway.outlets.publishing, "publish", lambda packet: kept.append(packet.layer))
    for layer in (MINUS_SOUND, VOICE_SOUND, "420"):
        gateway.studio_reported(Packet(b"opus", "sound", 960, True, 0, layer))
    assert kept == ["420", "420"]


async def on_camera(gateway: Gateway, orders: Orders, viewer_id: str = "one") -> str:
    """Lets this viewer in, with sound and picture. Returns the camera's session."""
    gateway.talk.let_in(viewer_id, in_programme=False)
    await gateway.talk.offer(viewer_id, ANSWER)
    gateway.studio_reported(VoiceHeard(orders.session))
    await gateway.talk.offer_camera(viewer_id, ANSWER)
    gateway.studio_reported(CameraSeen(orders.camera))
    gateway.studio_reported(CameraPicture(orders.camera, b"jpeg"))
    return orders.camera


async def test_a_camera_comes_with_its_turn_and_goes_with_it(gateway: Gateway, orders: Orders) -> None:
    talk, camera = gateway.talk, gateway.talk.camera
    talk.ask("one")
    with pytest.raises(NotLetIn):
        await talk.offer_camera("one", ANSWER)
    session = await on_camera(gateway, orders)
    with pytest.raises(NotLetIn):
        await talk.offer_camera("two", ANSWER)
    assert (camera.state, camera.picture, camera.in_programme) == ("live", b"jpeg", False)
    talk.change_camera(True, Corner.TOP_LEFT)
    assert orders.given[-1] == ShowCamera(True, False, "", Corner.TOP_LEFT)
    talk.stop()
    assert orders.has_ended(session) and camera.corner == Corner.TOP_LEFT
    await on_camera(gateway, orders)
    assert not orders.newest(ShowCamera).in_programme, "each camera begins outside of the programme"


GOES: dict[str, Callable[[Talk, Orders], None]] = {
    "stopped": lambda talk, _: talk.stop(),
    "left": lambda talk, _: talk.left("one"),
    "withdrawn": lambda talk, _: talk.withdraw("one"),
    "another's turn": lambda talk, _: talk.let_in("two", in_programme=False),
    "switched off": lambda talk, _: talk.end_camera(),
    "camera lost": lambda talk, orders: talk.take(SessionEnded(orders.camera, "lost")),
    "microphone lost": lambda talk, orders: talk.take(SessionEnded(orders.session, "lost")),
    "studio died": lambda talk, _: talk.studio_ended(),
}


@pytest.mark.parametrize("why", GOES)
async def test_whatever_ends_it_it_goes_at_once(gateway: Gateway, orders: Orders, why: str) -> None:
    talk, camera = gateway.talk, gateway.talk.camera
    session = await on_camera(gateway, orders)
    talk.change_camera(True, None)
    GOES[why](talk, orders)
    assert (camera.state, camera.picture, camera.in_programme) == ("none", b"", False)
    gateway.studio_reported(CameraPicture(session, b"late"))
    gateway.studio_reported(CameraSeen(session))
    assert (camera.state, camera.picture) == ("none", b""), "what is still on its way is not shown"


async def test_who_is_muted_or_hidden_by_panic_is_not_seen(gateway: Gateway, orders: Orders) -> None:
    talk, camera = gateway.talk, gateway.talk.camera
    session = await on_camera(gateway, orders)
    talk.change_camera(True, None)
    talk.change(is_muted=True)
    assert orders.newest(ShowCamera) == ShowCamera(True, True) and camera.picture == b""
    gateway.studio_reported(CameraPicture(session, b"late"))
    assert camera.picture == b""
    talk.change(is_muted=False)
    assert orders.newest(ShowCamera) == ShowCamera(True, False)
    gateway.desk.audience.mute("one", Mute(voice=True))
    talk.muted()
    assert orders.newest(ShowCamera).is_hidden
    gateway.desk.audience.mute("one", Mute())
    talk.muted()
    gateway.studio_reported(CameraPicture(session, b"again"))
    assert camera.picture == b"again"
    await gateway.panic(True)
    assert orders.newest(ShowCamera) == ShowCamera(False, True) and camera.picture == b""
    await gateway.panic(False)
    assert orders.newest(ShowCamera) == ShowCamera(False, False), "it does not come back by itself"


async def test_nothing_is_put_into_the_programme_before_it_is_there(gateway: Gateway, orders: Orders) -> None:
    talk = gateway.talk
    with pytest.raises(NotLetIn):
        talk.change_camera(True, None)
    talk.let_in("one", in_programme=True)
    with pytest.raises(NoCamera):
        talk.change_camera(True, None)
    talk.change_camera(None, Corner.TOP_RIGHT)
    await on_camera(gateway, orders)
    assert orders.newest(ShowCamera) == ShowCamera(False, False, "", Corner.TOP_RIGHT)
    talk.change_camera(None, "auto")
    assert orders.newest(ShowCamera).corner is None
    talk.change_camera(True, None)
    kinds = [entry.kind for entry in gateway.desk.log.entries()]
    assert kinds[-2:] == ["talk_camera", "talk_camera_shown"]


async def test_a_room_is_shown_under_its_name_also_a_new_one(gateway: Gateway, orders: Orders) -> None:
    room = gateway.desk.rooms.add("Room 5")
    gateway.desk.joined("three", room.room_id)
    await on_camera(gateway, orders, "three")
    assert orders.newest(ShowCamera).name == "Room 5"
    gateway.desk.rooms.rename(room.room_id, "Room 6")
    gateway.talk.look_around()
    assert orders.newest(ShowCamera).name == "Room 6"


async def test_a_camera_that_stalls_is_not_shown_to_the_console(gateway: Gateway, orders: Orders) -> None:
    camera = gateway.talk.camera
    session = await on_camera(gateway, orders)
    async with contextlib.aclosing(camera.pictures(lambda: True)) as pictures:
        assert await anext(pictures) == b"jpeg"
        gateway.studio_reported(CameraPicture(session, b"one more"))
        assert await anext(pictures) == b"one more"
        camera._newest_s -= STALLED_S + 1
        assert camera.state == "stalled"
        assert await anext(pictures) == b"", "without waiting for anything else to happen"
        gateway.studio_reported(CameraPicture(session, b"again"))
        assert (camera.state, await anext(pictures)) == ("live", b"again")
        gateway.talk.stop()
        assert await anext(pictures) == b""


async def test_a_studio_that_dies_while_it_is_asked(gateway: Gateway, orders: Orders) -> None:
    gateway.talk.let_in("one", in_programme=False)
    orders.is_silent = True
    asking = asyncio.create_task(gateway.talk.offer_camera("one", ANSWER))
    await asyncio.sleep(0)
    gateway.talk.studio_ended()
    with pytest.raises(StudioBusy):
        await asking
    assert gateway.talk.camera.state == "none"
