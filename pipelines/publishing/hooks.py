"""What this stage leans on inside aiortc 1.16 and aioice, beside `broadcast.hooks`. Each under a test."""

from __future__ import annotations

from collections.abc import Iterable

from aiortc import RTCPeerConnection, RTCRtpTransceiver
from aiortc.rtcicetransport import candidate_from_aioice, connection_kwargs
from aiortc.sdp import candidate_to_sdp

from pipelines.publishing.links import IceServer


async def gather_relays(connection: RTCPeerConnection, servers: Iterable[IceServer]) -> list[str]:
    """Candidates by TURN servers that were not known when the offer was made, as `candidate:...` lines.

    aioice gathers once. This asks for the relayed ones alone, before the remote description is set, so that
    they are paired with the server's candidates as all others are. Takes up to 5 s; none is no fault.
    """
    ice = connection.getTransceivers()[0].sender.transport.transport._connection
    for name, value in connection_kwargs([server.for_aiortc() for server in servers]).items():
        if name != "stun_server":
            setattr(ice, name, value)
    relayed = await ice.get_component_candidates(component=1, addresses=[])
    ice._local_candidates += relayed
    return [f"candidate:{candidate_to_sdp(candidate_from_aioice(one))}" for one in relayed]


def is_taken(transceiver: RTCRtpTransceiver) -> bool:
    """Has the answer a codec for it? After the remote description is set."""
    return bool(transceiver._codecs)
