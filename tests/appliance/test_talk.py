"""A turn to speak, without a browser: what the gateway keeps to itself, and what ends a turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.desk import Mute
from appliance.gateway import Gateway
from appliance.settings import load
from appliance.talk import LET_IN_S, NotLetIn
from pipelines.media import MINUS_SOUND, VOICE_SOUND, Packet
from pipelines.orders import MixVoice, OfferVoice, Order
from pipelines.reports import OfferAnswer, SessionEnded, VoiceHeard

ANSWER = "v=0\r\n"


class Orders:
    """A studio that answers every offer at once."""

    def __init__(self, gateway: Gateway) -> None:
        self.given: list[Order] = []
        self._gateway = gateway

    def send(self, order: Order) -> bool:
        self.given.append(order)
        if isinstance(order, OfferVoice):
            self._gateway.talk.take(OfferAnswer(order.session, ANSWER))
        return True

    @property
    def session(self) -> str:
        return next(order.session for order in reversed(self.given) if isinstance(order, OfferVoice))


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    environment = {"CLASSROOM_BOX_STATE_DIR": str(tmp_path)}
    gateway = Gateway(load(None, environment).settings, "fake_studio:run_studio", lambda: None)
    yield gateway
    gateway._child = None
    await gateway.close()


@pytest.fixture
def orders(gateway: Gateway) -> Orders:
    orders = Orders(gateway)
    gateway._child = orders  # type: ignore[assignment]
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
        gateway._on_report(Packet(b"opus", "sound", 960, True, 0, layer))
    assert kept == ["420", "420"]
