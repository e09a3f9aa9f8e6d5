"""Link headers as servers write them, and as nobody should."""

from __future__ import annotations

from pipelines.publishing.links import MAX_SERVERS, IceServer, ice_servers


def test_servers_of_the_standards_example() -> None:
    """RFC 9725, section 4.6, one header a server and all in one."""
    headers = [
        '<stun:stun.example.net>; rel="ice-server"',
        '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="myPassword"; '
        'credential-type="password"',
        '<turns:turn.example.net?transport=tcp>; rel="ice-server"; username="user"; credential="myPassword"; '
        'credential-type="password"',
    ]
    expected = (
        IceServer("stun:stun.example.net"),
        IceServer("turn:turn.example.net?transport=udp", "user", "myPassword"),
        IceServer("turns:turn.example.net?transport=tcp", "user", "myPassword"),
    )
    assert ice_servers(headers) == expected
    assert ice_servers([", ".join(headers)]) == expected
    assert [server.relays for server in expected] == [False, True, True]


def test_commas_quotes_and_escapes_inside_a_credential() -> None:
    header = r'<turn:t.example>; rel=ice-server; username="17:a, b"; credential="x\"y;z, <stun:no>; rel=ice"'
    assert ice_servers([header]) == (IceServer("turn:t.example", "17:a, b", 'x"y;z, <stun:no>; rel=ice'),)


def test_what_is_no_usable_server_is_left_out() -> None:
    assert ice_servers(
        [
            '<https://example.net/extension>; rel="urn:ietf:params:whip:ext:example"',
            '<stun:a b>; rel="ice-server"',
            '<http://t.example>; rel="ice-server"',
            '<stun:stun.example.net>; rel="next"',
            '<stun:stun.example.net>',
            '<turn:t.example>; rel="ice-server"; credential-type="oauth"',
            "nonsense",
            "",
        ]
    ) == ()  # fmt: skip


def test_the_same_twice_and_too_many() -> None:
    assert len(ice_servers(['<stun:s.example>; rel="ice-server"'] * 3)) == 1
    many = [f'<stun:s{number}.example>; rel="ice-server"' for number in range(100)]
    assert len(ice_servers(many)) == MAX_SERVERS


def test_credentials_show_nowhere() -> None:
    assert "myPassword" not in repr(IceServer("turn:t.example", "user", "myPassword"))
