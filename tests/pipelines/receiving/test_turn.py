"""A browser that reaches the box through TURN alone: real relaying by Debian's coturn, on both sides."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from av import VideoFrame
from turn_server import SECRET, needs_coturn, turn_server
from webrtc_senders import Slides

from pipelines.broadcast.ice_servers import password_for
from pipelines.media import I16
from pipelines.orders import BoxServer
from pipelines.receiving import hooks
from pipelines.receiving.peer import ReceivingPeer, Wording


class Nothing:
    """A sink that only looks whether something came."""

    def picture(self, picture: VideoFrame) -> str:
        return ""

    def sound(self, pcm: I16) -> None:
        pass

    def end(self, reason: str) -> None:
        pass


@needs_coturn
async def test_a_screen_arrives_where_the_box_too_is_behind_turn(tmp_path: Path) -> None:
    hooks.install()
    with turn_server(tmp_path) as port:
        username = f"{int(time.time()) + 600}:box"
        server = BoxServer(
            f"turn:127.0.0.1:{port}?transport=udp", username, password_for(username, SECRET.encode())
        )
        assert server.password not in repr(server)
        sender = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[RTCIceServer(server.url, server.username, server.password)],
                iceTransportPolicy=RTCIceTransportPolicy.RELAY,
            )
        )
        sender.addTransceiver(Slides(), "sendonly")
        arrived = asyncio.Event()
        peer = ReceivingPeer("screen", Nothing(), Wording("", "lost", "never", "slow"), arrived.set, [server])
        try:
            await sender.setLocalDescription(await sender.createOffer())
            answer = await peer.answer(sender.localDescription.sdp)
            assert "typ relay" in answer
            relayed = re.sub(r"a=candidate:[^\r\n]*typ host[^\r\n]*\r\n", "", answer)
            await sender.setRemoteDescription(RTCSessionDescription(relayed, "answer"))
            async with asyncio.timeout(30):
                await arrived.wait()
        finally:
            await sender.close()
            await peer.close()
