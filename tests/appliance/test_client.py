"""The typed client: it has a method for each operation of the OpenAPI document, with the document's types."""

from __future__ import annotations

import ast
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from box_process import ASSISTANT, Box, until
from test_rooms_api import an_offer, token_of

import appliance.client
from appliance.api.audience import SignalBody
from appliance.api.lesson_log import MarkBody
from appliance.api.wire import FilmChange, StatusOut
from appliance.api.wire_scene import SceneChange
from appliance.api.wire_talk import TalkChange
from appliance.client import BoxClient, Refused, Unreachable
from appliance.client.rooms import pictures_in
from pipelines.media import Corner, Layout

METHODS = {"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"}


class Asked(NamedTuple):
    """One call of the client, as its source says. answer: the model's name, "list[...]" or ""."""

    how: str
    method: str
    path: str
    answer: str
    function: str
    places: frozenset[str]


def calls() -> Iterator[Asked]:
    """Everything the client may ask: read from its source, so that no list can be out of date."""
    for file in Path(appliance.client.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef):
                paths = {
                    node.targets[0].id: node.value.value
                    for node in ast.walk(function)
                    if isinstance(node, ast.Assign)
                    and isinstance(node.targets[0], ast.Name)
                    and isinstance(node.value, ast.Constant)
                }
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("self._box."):
                        yield call(node, paths, function.name)


def call(node: ast.Call, paths: dict[str, str], function: str) -> Asked:
    assert isinstance(node.func, ast.Attribute)
    texts = [
        paths.get(value.id, "") if isinstance(value, ast.Name) else getattr(value, "value", "")
        for value in node.args
    ]
    at = next(
        i for i, text in enumerate(texts) if text in {"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"}
    )
    answer = ast.unparse(node.args[0]) if at == 1 else ""
    places = frozenset(keyword.arg or "" for keyword in node.keywords) - {"query", "event"}
    return Asked(node.func.attr, texts[at], texts[at + 1], answer, function, places)


@pytest.fixture
def box(shared_box: Box) -> Box:
    return shared_box


@pytest.fixture
def client(box: Box) -> Iterator[BoxClient]:
    with BoxClient(box.base, ASSISTANT) as client:
        yield client


def named(operation: dict[str, Any]) -> str:
    """The model of an operation's good answer, as the client would write it."""
    answer = next(a for status, a in operation["responses"].items() if status.startswith("2"))
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    schema = next(iter(schema.get("anyOf", [schema])))
    name = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
    return f"list[{name}]" if schema.get("type") == "array" else name


def test_every_operation_has_a_method_with_its_types(box: Box) -> None:
    asked = {(one.method, one.path): one for one in calls()}
    assert len(asked) > 80
    document = box.get("/api/v1/openapi.json").json()
    useful = {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        # WHEP and WHIP name a method that is always refused.
        if any(status.startswith("2") for status in operation["responses"])
    }
    assert asked.keys() == useful.keys()
    for key, operation in useful.items():
        one = asked[key]
        if one.how != "events":
            assert one.answer == named(operation), key
        assert one.places == set(re.findall(r"{(\w+)}", one.path)), key
        body = set(operation.get("requestBody", {}).get("content", {}))
        assert (one.how in ("put", "offer")) == bool(body - {"application/json"}), key


def test_a_lesson_by_the_client(box: Box, client: BoxClient) -> None:
    seen: list[StatusOut] = []

    def follow() -> None:
        with BoxClient(box.base, ASSISTANT) as another:
            seen.extend(itertools.islice(another.state.events(), 3))

    following = threading.Thread(target=follow)
    following.start()
    assert client.state.health().status == "live"
    assert client.lesson.change_scene(SceneChange(layout=Layout.CORNER)).layout == "corner"
    assert client.lesson.go_to(2).count == 5
    until(lambda: client.lesson.page().index == 2, "page 3")
    assert client.lesson.turn(-1).count == 5
    client.lesson.panic()
    assert client.state.status().is_panic
    client.lesson.panic_over()
    assert client.log.mark(MarkBody(kind="mark")).kind == "mark"
    assert [entry.kind for entry in client.log.entries(kind="mark").entries] == ["mark"]
    assert client.state.picture("programme").startswith(b"\x89PNG")
    assert {check.title for check in client.state.checks()}
    levels = next(client.state.levels())
    assert -20 < levels.teacher.peak_dbfs < -10 and levels.courseware is None
    following.join(20)
    assert len(seen) == 3 and seen[0].scene.number <= seen[-1].scene.number

    with pytest.raises(Refused) as refused:
        client.courseware.change_film(FilmChange(is_paused=True))
    assert refused.value.status == 409 and "No film" in refused.value.detail
    with pytest.raises(Refused) as refused:
        client.courseware.item("0" * 16)
    assert refused.value.status == 404 and "library" in refused.value.detail
    with pytest.raises(Refused), BoxClient(box.base, "wrong" * 5) as stranger:
        stranger.state.status()
    with pytest.raises(Unreachable), BoxClient("http://127.0.0.1:9", ASSISTANT) as nowhere:
        nowhere.state.health()


def test_a_room_asks_speaks_and_is_muted_by_the_client(box: Box, client: BoxClient) -> None:
    made = client.rooms.add("Room 7")
    with BoxClient(box.base, token_of(made.model_dump())) as room:
        session = room.media.watch(an_offer())
        viewer_id = session.place.rpartition("/")[2]
        news = room.viewers.news(viewer_id)
        assert next(news).talk == "none"
        room.viewers.ask(viewer_id)
        assert next(one for one in news if one.talk != "none").talk == "asking"
        (viewer,) = [one for one in client.viewers.all() if one.viewer_id == viewer_id]
        assert viewer.talk == "asking" and viewer.asked_s is not None
        refuse_whoever_was_not_let_in(room, client, viewer_id)
        client.viewers.withdraw(viewer_id)
        assert next(one for one in news if one.talk == "none").talk == "none"

        assert client.talk.let_in(viewer_id, in_programme=True).state == "let_in"
        assert client.talk.change(TalkChange(is_muted=True)).is_muted
        turn = client.talk.turn()
        assert turn is not None and (turn.name, turn.in_programme) == ("Room 7", True)
        assert client.rooms.mute(made.id, sound=True).sound
        assert next(one for one in news if one.mute.sound).in_programme
        assert client.rooms.all()[-1].mute.sound and not client.rooms.all()[-1].mute.voice
        assert client.viewers.mute(viewer_id, voice=True).voice, "of the screen and its room together"
        show_a_camera(room, client, viewer_id)
        client.talk.stop()
        assert client.talk.turn() is None
        room.viewers.signal(viewer_id, SignalBody(signal="hand_up"))
        room.media.leave(viewer_id)
    until(lambda: client.talk.turn() is None and not client.rooms.all()[-1].watching, "the room has left")
    assert client.rooms.all()[-1].mute.sound, "it stays muted when it comes again"
    kinds = [entry.kind for entry in client.log.entries().entries]
    talked = [kind for kind in kinds if kind.startswith("talk")]
    assert talked == ["talk_asked", "talk_declined", "talk_let_in", "talk_ended"]
    client.rooms.remove(made.id)


def show_a_camera(room: BoxClient, client: BoxClient, viewer_id: str) -> None:
    """As far as it goes without a camera."""
    with pytest.raises(Refused) as refused:
        room.media.show_camera(viewer_id, "v=0\r\n")
    assert refused.value.status == 422 and "one video section" in refused.value.detail
    with pytest.raises(Refused) as refused:
        client.talk.change(TalkChange(camera_in_programme=True))
    assert refused.value.status == 409 and "camera" in refused.value.detail
    assert client.talk.change(TalkChange(camera_corner=Corner.TOP_LEFT)).camera is None
    assert next(client.talk.camera()) == b"", "there is no picture"
    room.media.hide_camera(viewer_id)
    client.talk.end_camera()


def test_pictures_come_whole_however_they_are_cut() -> None:
    sent = b"".join(len(one).to_bytes(4, "big") + one for one in (b"first", b"", b"the second"))
    for step in (1, 3, 7, 100):
        pieces = (sent[at : at + step] for at in range(0, len(sent), step))
        assert list(pictures_in(pieces)) == [b"first", b"", b"the second"]


def refuse_whoever_was_not_let_in(room: BoxClient, client: BoxClient, viewer_id: str) -> None:
    def status(act: Callable[[], object]) -> int:
        with pytest.raises(Refused) as refused:
            act()
        return refused.value.status

    assert status(lambda: room.media.speak(viewer_id, "v=0\r\n")) == 409, "it only asks"
    assert status(lambda: room.talk.let_in(viewer_id)) == 403, "the assistant alone lets in"
    assert status(lambda: room.media.watch(an_offer(), hear="voice")) == 403
    assert status(lambda: client.media.speak(viewer_id, "v=0\r\n")) == 403, "another room's viewer"
    assert status(lambda: client.media.speak("nobody", "v=0\r\n")) == 404
    assert status(lambda: client.talk.let_in("nobody")) == 404
    assert status(lambda: room.media.show_camera(viewer_id, "v=0\r\n")) == 409, "it only asks"
    assert status(lambda: room.media.hide_camera(viewer_id)) == 409
    assert status(lambda: client.media.show_camera(viewer_id, "v=0\r\n")) == 403, "another room's viewer"
    assert status(lambda: client.media.show_camera("nobody", "v=0\r\n")) == 404
    assert status(lambda: next(room.talk.camera())) == 403, "the main room alone"
    assert status(room.talk.end_camera) == 403
    assert status(lambda: client.talk.change(TalkChange(is_muted=True))) == 409


def test_captions_by_the_client(client: BoxClient) -> None:
    client.captions.say("One half\n is two quarters.", 20)
    caption = client.state.status().caption
    assert caption is not None and (caption.text, caption.source) == ("One half\nis two quarters.", "live")
    client.captions.hush()
    assert client.state.status().caption is None
    for bad in (" \n ", "\x07"):
        with pytest.raises(Refused) as refused:
            client.captions.say(bad)
        assert refused.value.status == 422
