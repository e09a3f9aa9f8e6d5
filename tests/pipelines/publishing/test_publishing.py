"""The whole way: WHIP over real HTTP, WebRTC over real sockets, and every failure in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.publishing import DestinationSettings, Publishing, PublishingSettings
from pipelines.publishing.backoff import FIRST_S


def publishing_to(programme: Any, *destinations: DestinationSettings) -> Publishing:
    programme.publishing = Publishing(
        PublishingSettings(destinations=destinations), programme.want_key, lambda: None
    )
    programme.publishing.start()
    return programme.publishing


def token_file(tmp_path: Path, token: str) -> str:
    path = tmp_path / "token"
    path.write_text(f"{token}\n")
    return str(path)


async def test_a_server_gets_pictures_and_sound_and_is_told_of_the_end(
    programme, sfu, until, tmp_path, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    sfu.token = "a-secret-of-the-tests"
    publishing = publishing_to(
        programme,
        DestinationSettings(name="main", url=sfu.url, token_file=token_file(tmp_path, sfu.token)),
    )
    await until(lambda: sfu.pictures > 20 and sfu.sound_blocks > 20, "pictures and sound")
    (status,) = publishing.destinations()
    assert (status.state, status.code, status.sessions, status.dropped) == ("live", "", 1, 0)
    assert status.sent_bytes > 0 and status.server == sfu.base and status.live_s is not None
    assert publishing.watched == {"420"}
    assert sfu.newest.width == 640
    post = next(asked for asked in sfu.asked if asked.method == "POST")
    assert post.headers["content-type"] == "application/sdp"
    assert post.body.count("a=sendonly") == 2 and "a=group:BUNDLE 0 1" in post.body
    assert "profile-level-id=42e01f" in post.body and "VP8" not in post.body and "a=candidate" in post.body
    await publishing.stop_one("main")
    assert sfu.methods() == ["POST", "DELETE"]
    assert sfu.asked[-1].path == "/whip/sessions/1"
    assert sfu.asked[-1].headers["authorization"] == f"Bearer {sfu.token}"
    (status,) = publishing.destinations()
    assert (status.state, status.live_s) == ("stopped", None)
    assert publishing.watched == frozenset()
    told = "\n".join(record.getMessage() for record in caplog.records if "uvicorn" not in record.name)
    assert "is live" in told and sfu.token not in told and "/whip" not in told


async def test_a_lost_connection_is_built_anew(programme, sfu, until) -> None:
    publishing = publishing_to(programme, DestinationSettings(name="main", url=sfu.url))
    await until(lambda: sfu.pictures > 5, "pictures")
    await sfu.connections["1"].close()
    await until(lambda: publishing.destinations()[0].state == "waiting", "the loss noticed")
    assert publishing.destinations()[0].code == "lost"
    assert publishing.watched == frozenset(), "nobody watches meanwhile"
    before = sfu.pictures
    await until(lambda: sfu.pictures > before + 10, "pictures again")
    assert publishing.destinations()[0].sessions == 2
    # The session that broke is ended too: a server may allow only one.
    assert sfu.methods() == ["POST", "DELETE", "POST"]


async def test_two_destinations_share_one_encoder(programme, sfu, until) -> None:
    publishing = publishing_to(
        programme,
        DestinationSettings(name="one", url=sfu.url),
        DestinationSettings(name="two", url=sfu.url),
        DestinationSettings(name="by-hand", url=sfu.url, layer="low", auto=False),
    )
    await until(lambda: [d.state for d in publishing.destinations()] == ["live", "live", "stopped"], "live")
    await until(lambda: sfu.pictures > 20, "pictures")
    assert set(programme.encoded) == {"420"}
    # Decoded by both together more often than coded: one coding serves two.
    start, coded = sfu.pictures, programme.encoded["420"]
    await until(lambda: programme.encoded["420"] >= coded + 30, "a second and a half")
    assert sfu.pictures - start > 40
    publishing.start_one("by-hand")
    await until(lambda: programme.encoded.get("low", 0) > 2, "the low layer coded")
    with pytest.raises(KeyError):
        publishing.start_one("nobody")


async def test_busy_servers_are_given_the_time_they_ask_for(programme, sfu, until) -> None:
    sfu.refusals.extend([(503, {"Retry-After": "2"}), (429, {})])
    publishing = publishing_to(programme, DestinationSettings(name="main", url=sfu.url))
    await until(lambda: publishing.destinations()[0].state == "waiting", "waiting")
    (status,) = publishing.destinations()
    assert status.code == "busy" and "503" in status.reason
    assert status.next_try_s is not None and 2 < status.next_try_s + 0.5 < 2 + FIRST_S + 0.5
    await until(lambda: publishing.destinations()[0].state == "live", "live in the end")
    assert sfu.methods() == ["POST", "POST", "POST"]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ((401, {}), "unauthorized"),
        ((403, {}), "unauthorized"),
        ((404, {}), "not_found"),
        ((415, {}), "refused"),
        ((500, {}), "refused"),
        ((200, {}), "refused"),
        ((201, {}), "bad_answer"),
        ((201, {"Location": "/whip/sessions/9"}), "bad_answer"),
        ((302, {"Location": "/elsewhere"}), "redirects"),
    ],
)
async def test_refusals_have_names(programme, sfu, until, refusal, code) -> None:
    sfu.refusals.append(refusal)
    publishing = publishing_to(programme, DestinationSettings(name="main", url=sfu.url))
    await until(lambda: publishing.destinations()[0].code != "", "a failure")
    assert publishing.destinations()[0].code == code
    await until(lambda: publishing.destinations()[0].state == "live", "live all the same")
    assert publishing.destinations()[0].code == ""


async def test_an_end_that_the_server_has_forgotten_is_an_end(programme, sfu, until) -> None:
    sfu.end_status = 404
    publishing = publishing_to(programme, DestinationSettings(name="main", url=sfu.url))
    await until(lambda: sfu.pictures > 2, "pictures")
    await publishing.stop_one("main")
    assert sfu.methods() == ["POST", "DELETE"]
    publishing.start_one("main")
    await until(lambda: publishing.destinations()[0].state == "live", "started again")


async def test_nobody_there_and_a_token_that_cannot_be_read(programme, until, tmp_path) -> None:
    publishing = publishing_to(
        programme,
        DestinationSettings(name="nobody", url="http://127.0.0.1:9/whip"),
        DestinationSettings(name="no-file", url="http://127.0.0.1:9/whip", token_file=str(tmp_path / "none")),
        DestinationSettings(name="no-variable", url="http://127.0.0.1:9/whip", token_env="NO_SUCH_VARIABLE"),
        DestinationSettings(
            name="two-lines", url="http://127.0.0.1:9/whip", token_file=token_file(tmp_path, "a\nb")
        ),
    )
    await until(lambda: all(d.state == "waiting" for d in publishing.destinations()), "all failed")
    assert [d.code for d in publishing.destinations()] == ["unreachable", "token", "token", "token"]


async def test_a_server_that_answers_but_never_connects(
    programme, sfu, until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.publishing.publisher.CONNECT_TIMEOUT_S", 0.5)

    async def deaf(offer: str, take: Callable[..., Any] = sfu._take) -> Any:
        response = await take(offer)
        for connection in sfu.connections.values():
            await connection.close()
        return response

    sfu._take = deaf
    publishing = publishing_to(programme, DestinationSettings(name="main", url=sfu.url))
    await until(lambda: publishing.destinations()[0].code == "no_connection", "given up")
    await until(lambda: "DELETE" in sfu.methods(), "the session ended")
    await asyncio.sleep(0)


async def test_a_way_that_loses_gets_the_low_layer_and_says_so(programme, sfu, until) -> None:
    publishing = publishing_to(programme, DestinationSettings(name="main", url=sfu.url))
    await until(lambda: sfu.pictures > 10, "pictures")
    assert publishing.low_bps is None
    sfu.lose(0.35)
    await until(lambda: publishing.destinations()[0].layer == "low", "the low layer")
    (status,) = publishing.destinations()
    assert status.state == "live" and status.sessions == 1
    assert publishing.watched == {"low"} and publishing.low_bps is not None
    sfu.lose(0.0)  # what is lost by now is lost below: the session goes on
    seen = programme.encoded["low"]
    await until(lambda: programme.encoded["low"] > seen + 1, "pictures of the low layer")
