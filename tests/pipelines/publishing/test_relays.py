"""TURN servers that are named only in the 201: their candidates follow by PATCH, under the entity tag."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.publishing import DestinationSettings, Publishing, PublishingSettings

pytestmark = pytest.mark.skipif(
    shutil.which("turnserver") is None, reason="needs a TURN server (apt install coturn)"
)

USER, PASSWORD = "lesson", 'a, "quoted" password'


@pytest.fixture
def turn_port(tmp_path: Path) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = tmp_path / "turn.conf"
    config.write_text(
        f"listening-ip=127.0.0.1\nlistening-port={port}\nrelay-ip=127.0.0.1\nrealm=classroom\nlt-cred-mech\n"
        f"user={USER}:{PASSWORD}\nallow-loopback-peers\nno-tls\nno-dtls\nno-cli\nlog-file=stdout\n"
        f"userdb={tmp_path / 'db'}\npidfile={tmp_path / 'pid'}\n"
    )
    with (tmp_path / "turn.log").open("w") as log:
        server = subprocess.Popen(["turnserver", "-c", str(config)], stdout=log, stderr=log)
    yield port
    server.kill()
    server.wait()


def link(port: int) -> str:
    quoted = PASSWORD.replace('"', '\\"')
    return (
        f'<turn:127.0.0.1:{port}?transport=udp>; rel="ice-server"; username="{USER}"; credential="{quoted}"'
    )


def publish(programme, sfu) -> Publishing:
    programme.publishing = Publishing(
        PublishingSettings(destinations=(DestinationSettings(name="main", url=sfu.url),)),
        programme.want_key,
        lambda: None,
    )
    programme.publishing.start()
    return programme.publishing


async def test_servers_learnt_with_the_answer_are_trickled_and_then_known(
    programme, sfu, until, turn_port
) -> None:
    sfu.links = [link(turn_port)]
    publishing = publish(programme, sfu)
    await until(lambda: sfu.pictures > 5, "pictures")
    assert sfu.methods() == ["POST", "PATCH"]
    post, patch = [asked for asked in sfu.asked if asked.method != "OPTIONS"]
    assert "typ relay" not in post.body
    assert patch.headers["if-match"] == sfu.etag
    assert patch.headers["content-type"] == "application/trickle-ice-sdpfrag"
    ufrag = next(line for line in post.body.splitlines() if line.startswith("a=ice-ufrag:"))
    lines = patch.body.splitlines()
    assert lines[0] == ufrag and lines[-1] == "a=end-of-candidates"
    assert any(line.startswith("a=candidate:") and " typ relay" in line for line in lines)
    # The next offer has them from the start.
    await publishing.stop_one("main")
    publishing.start_one("main")
    await until(lambda: sfu.methods().count("POST") == 2, "another session")
    assert "typ relay" in [asked for asked in sfu.asked if asked.method == "POST"][-1].body
    assert sfu.methods().count("PATCH") == 1


async def test_servers_that_options_name_are_in_the_first_offer(programme, sfu, until, turn_port) -> None:
    sfu.option_links = sfu.links = [link(turn_port)]
    publish(programme, sfu)
    await until(lambda: sfu.pictures > 5, "pictures")
    assert sfu.methods() == ["POST"]
    assert "typ relay" in next(asked for asked in sfu.asked if asked.method == "POST").body


async def test_without_an_entity_tag_nothing_is_trickled(programme, sfu, until, turn_port) -> None:
    sfu.links, sfu.etag = [link(turn_port)], ""
    publish(programme, sfu)
    await until(lambda: sfu.pictures > 5, "pictures")
    assert sfu.methods() == ["POST"]
