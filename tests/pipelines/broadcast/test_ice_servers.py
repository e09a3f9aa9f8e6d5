"""STUN and TURN: what viewers are told, and real relaying through Debian's coturn."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from pydantic import ValidationError
from turn_server import SECRET, needs_coturn, turn_server

from pipelines.broadcast import Broadcast, BroadcastSettings, IceServer
from pipelines.broadcast.ice_servers import ice_servers, password_for
from pipelines.media import Packet

KEY = Packet(b"\0\0\0\1\x67" + b"s" * 20 + b"\0\0\0\1\x65" + b"i" * 5000, "video", 1, True, 0)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "turn-secret"
    path.write_text(SECRET + "\n")
    return path


def test_the_password_is_the_one_of_the_convention(secret_file: Path) -> None:
    settings = BroadcastSettings(
        ice_urls=("stun:one.example:3478", "turn:two.example?transport=tcp", "turns:[2001:db8::1]:5349"),
        turn_secret_file=str(secret_file),
        turn_valid_s=3600,
    )
    stun, turn, turns = ice_servers(settings)
    assert (
        stun == IceServer("stun:one.example:3478")
        and stun.link() == '<stun:one.example:3478>; rel="ice-server"'
    )
    expires, _, name = turn.username.partition(":")
    assert 3590 < int(expires) - time.time() < 3610 and name
    expected = hmac.new(SECRET.encode(), turn.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn.password) == expected
    assert turn.link() == (
        f'<turn:two.example?transport=tcp>; rel="ice-server"; username="{turn.username}"; '
        f'credential="{turn.password}"; credential-type="password"'
    )
    assert turns.username != turn.username
    assert SECRET not in repr(settings) + turn.link()


def test_without_the_secret_there_is_still_stun(tmp_path: Path, caplog) -> None:
    urls = ("stun:one.example", "turn:two.example")
    for path in (tmp_path / "missing", tmp_path):
        found = ice_servers(BroadcastSettings(ice_urls=urls, turn_secret_file=str(path)))
        assert [server.url for server in found] == ["stun:one.example"]
    assert caplog.text.count("turn_secret_file cannot be read") == 2
    (tmp_path / "empty").touch()
    assert len(ice_servers(BroadcastSettings(ice_urls=urls, turn_secret_file=str(tmp_path / "empty")))) == 1


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        (("http://one.example",), "is no server"),
        (("stun:one.example?transport=udp",), "is no server"),
        (('turn:a"; rel="x',), "is no server"),
        (("turn:one.example?transport=sctp",), "is no server"),
        (("turn:one.example",), "needs turn_secret_file"),
        (("stun:a.example",) * 9, "at most 8"),
    ],
)
def test_wrong_servers_are_refused(urls: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BroadcastSettings(ice_urls=urls)


class Room:
    """A broadcast, and a viewer that takes what comes."""

    def __init__(self, settings: BroadcastSettings) -> None:
        self.broadcast = Broadcast(settings, lambda layer: None)
        self.viewer: RTCPeerConnection | None = None

    async def watch(self, configuration: RTCConfiguration, mend=lambda answer: answer) -> str:
        """Returns the viewer's offer and the answer."""
        self.viewer = RTCPeerConnection(configuration)
        self.viewer.addTransceiver("video", "recvonly")
        await self.viewer.setLocalDescription(await self.viewer.createOffer())
        offer = self.viewer.localDescription.sdp
        _, answer = await self.broadcast.answer(offer)
        await self.viewer.setRemoteDescription(RTCSessionDescription(mend(answer), "answer"))
        return offer + answer

    async def picture(self, until) -> None:
        """Until one has arrived."""
        assert self.viewer is not None
        got: list[bytes] = []
        transport = self.viewer.getReceivers()[0].transport

        async def take(data: bytes, arrival_time_ms: int) -> None:
            got.append(data)

        transport._handle_rtp_data = take
        peer = next(iter(self.broadcast._peers.values()))
        await until(lambda: peer._video.lacks_key, "the connection")
        self.broadcast.publish(replace(KEY, layer=peer.status().layer))
        await until(lambda: len(got) >= 6, "the packets of a key frame")

    async def close(self) -> None:
        if self.viewer is not None:
            await self.viewer.close()
        await self.broadcast.close()


@pytest.fixture
async def new_room() -> AsyncIterator[type[Room]]:
    rooms: list[Room] = []

    def create(settings: BroadcastSettings) -> Room:
        rooms.append(Room(settings))
        return rooms[-1]

    yield create
    for room in rooms:
        await room.close()


def relayed(server: IceServer) -> RTCConfiguration:
    return RTCConfiguration(
        iceServers=[RTCIceServer(server.url, server.username, server.password)],
        iceTransportPolicy=RTCIceTransportPolicy.RELAY,
    )


@pytest.fixture
def coturn(tmp_path: Path) -> Iterator[int]:
    with turn_server(tmp_path) as port:
        yield port


@needs_coturn
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_viewer_watches_through_turn_with_what_it_was_told(
    coturn: int, secret_file: Path, new_room, until, transport: str
) -> None:
    url = f"turn:127.0.0.1:{coturn}?transport={transport}"
    room = new_room(BroadcastSettings(ice_urls=(url,), turn_secret_file=str(secret_file)))
    (server,) = room.broadcast.ice_servers()
    said = await room.watch(relayed(server))
    assert "typ relay" in said.split("v=0")[1] and "typ relay" not in said.split("v=0")[2]
    await room.picture(until)


@needs_coturn
async def test_the_box_sends_through_turn_where_it_is_told_to(
    coturn: int, secret_file: Path, new_room, until
) -> None:
    url = f"turn:127.0.0.1:{coturn}?transport=udp"
    room = new_room(BroadcastSettings(ice_urls=(url,), turn_secret_file=str(secret_file), relay="both"))

    def without_host(answer: str) -> str:
        assert "typ relay" in answer
        return re.sub(r"a=candidate:[^\r\n]*typ host[^\r\n]*\r\n", "", answer)

    (server,) = room.broadcast.ice_servers()
    await room.watch(relayed(server), without_host)
    await room.picture(until)
    peer = next(iter(room.broadcast._peers.values()))
    assert peer._video.sent_packets == 6


@needs_coturn
@pytest.mark.parametrize("made", [-60, 3600])
async def test_an_expired_or_forged_password_lends_nothing(coturn: int, made: int) -> None:
    username = f"{int(time.time()) + made}:viewer"
    password = password_for(username, SECRET.encode() if made < 0 else b"guessed")
    viewer = RTCPeerConnection(relayed(IceServer(f"turn:127.0.0.1:{coturn}", username, password)))
    viewer.addTransceiver("video", "recvonly")
    async with asyncio.timeout(20):
        await viewer.setLocalDescription(await viewer.createOffer())
    assert "typ relay" not in viewer.localDescription.sdp
    await viewer.close()
