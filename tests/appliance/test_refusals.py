"""What the API refuses with, in the language of whoever asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.api import create_app
from appliance.api.invalid import fault_of
from appliance.gateway import Gateway
from appliance.settings import load
from appliance.tokens import Tokens
from appliance.wording import in_language
from pipelines.saying import Said, said

ASSISTANT = {"Authorization": f"Bearer {'a' * 20}"}
VIEWER = {"Authorization": f"Bearer {'v' * 20}"}
SDP = {"Content-Type": "application/sdp"}
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
ENGLISH = {"Accept-Language": "en"}
TOO_LARGE = {"scale": 2}
SENDING = b"v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The real gateway, not started: nothing here comes as far as the studio."""
    gateway = Gateway(
        load(None, {"CLASSROOM_BOX_STATE_DIR": str(tmp_path)}).settings, "no:studio", lambda: None
    )
    transport = httpx.ASGITransport(create_app(gateway, Tokens("a" * 20, "p" * 20, "v" * 20)))
    async with httpx.AsyncClient(transport=transport, base_url="http://box:8080") as client:
        yield client
    await gateway.close()


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "chinese", "english"),
    [
        ("GET", "/api/v1/status", {}, 401, "请附上令牌", "Send the token"),
        ("GET", "/api/v1/status", {"headers": {"Authorization": "Bearer no"}}, 401, "令牌无效", "not valid"),
        ("GET", "/api/v1/status", {"headers": VIEWER}, 403, "助教", "the assistant's token"),
        ("POST", "/whip", {"headers": VIEWER | SDP}, 403, "投屏者", "the presenter's"),
        (
            "PATCH",
            "/api/v1/scene",
            {"headers": ASSISTANT, "json": {"scale": 2}},
            422,
            "应不大于 1",
            "than or",
        ),
        ("POST", "/api/v1/page", {"headers": ASSISTANT, "content": b" " * 70_000}, 413, "最多", "At most 16"),
        ("DELETE", "/whep/nobody", {"headers": VIEWER}, 404, "已离开", "has left"),
        ("POST", "/whep", {"headers": VIEWER, "json": {}}, 415, "application/sdp", "as application/sdp"),
        ("POST", "/whep", {"headers": VIEWER | SDP, "content": b"v=1"}, 400, "v=0 开头", "with v=0"),
        ("POST", "/whep", {"headers": VIEWER | SDP, "content": b"v=0\r\n"}, 406, "现有 0 个", "it has 0"),
        (
            "POST",
            "/whep",
            {"headers": VIEWER | SDP, "content": SENDING},
            406,
            "video 部分的方向为 sendonly",
            "video section is sendonly",
        ),
    ],
)
async def test_a_refusal_is_in_the_readers_language(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    sent: dict[str, Any],
    status: int,
    chinese: str,
    english: str,
) -> None:
    headers = sent.get("headers", {})
    sent = {name: value for name, value in sent.items() if name != "headers"}
    for language, words in ((CHINESE, chinese), (ENGLISH, english), ({}, english)):
        answer = await client.request(method, path, headers=headers | language, **sent)
        assert answer.status_code == status
        detail = answer.json()["detail"]
        assert words in detail
        assert any("\u4e00" <= sign <= "\u9fff" for sign in detail) == (language is CHINESE)
    asked = await client.request(method, path + "?lang=zh", headers=headers | ENGLISH, **sent)
    assert chinese in asked.json()["detail"], "the page's own language goes before the browser's"


async def test_several_faults_are_told_in_one_sentence(client: httpx.AsyncClient) -> None:
    wrong = {"scale": 2, "colour": "red", "layout": "moon"}
    told = {}
    for language in (CHINESE, ENGLISH):
        answer = await client.patch("/api/v1/scene", headers=ASSISTANT | language, json=wrong)
        told[language["Accept-Language"]] = answer.json()["detail"]
        assert "moon" not in answer.text and "red" not in answer.text, "what was sent is not repeated"
    chinese, english = told.values()
    assert english.count("; ") == 2 and "colour: Extra inputs are not permitted" in english
    assert chinese.count("；") == 2 and "colour：没有此项" in chinese and "scale：应不大于 1" in chinese
    assert "layout：应为以下之一：'aligned', 'corner'" in chinese


class Everything(BaseModel):
    """A field for each kind of check that the API makes."""

    model_config = ConfigDict(extra="forbid")

    missing: int
    least: int = Field(ge=1)
    most: int = Field(le=1)
    above: float = Field(gt=1)
    below: float = Field(lt=1)
    whole: int
    part: int
    number: float
    endless: float = Field(allow_inf_nan=False)
    truth: bool
    text: str
    short: str = Field(min_length=2)
    long: str = Field(max_length=2)
    shape: str = Field(pattern="^a$")
    choice: Literal["a", "b"]
    few: list[int] = Field(min_length=2)
    many: list[int] = Field(max_length=1)
    rows: list[int]
    pair: tuple[int, int]
    thing: Child


class Child(BaseModel):
    name: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _never(self) -> Child:
        raise ValueError(said("turn_one", "give either step or index"))


WRONG = {
    "least": 0, "most": 2, "above": 1, "below": 1, "whole": "x", "part": 0.5, "number": "x",
    "endless": float("inf"), "truth": "x", "text": 1, "short": "a", "long": "abc", "shape": "b",
    "choice": "c", "few": [1], "many": [1, 2], "rows": 3, "pair": "x", "thing": {"name": "a"}, "unknown": 1,
}  # fmt: skip


def test_every_kind_of_fault_has_its_own_words_in_both_languages() -> None:
    Everything.model_rebuild()
    faults = []
    for wrong in (WRONG, WRONG | {"thing": 3, "text": "a" * 9}):
        with pytest.raises(ValidationError) as refused:
            Everything.model_validate(wrong)
        faults += refused.value.errors()
    assert {str(fault["loc"][0]) for fault in faults} == set(WRONG) | {"missing"}
    for fault in faults:
        told = fault_of(fault)
        assert isinstance(told, Said) and str(told).startswith(str(fault["loc"][0]))
        wanted = told.values["wanted"]
        assert isinstance(wanted, Said), f"{fault['type']} is told in pydantic's English alone"
        assert any("\u4e00" <= sign <= "\u9fff" for sign in in_language(wanted, "zh")), fault["type"]


def test_a_fault_of_another_kind_keeps_its_english() -> None:
    fault = {"type": "url_parsing", "loc": ("body", "url"), "msg": "Input should be a valid URL"}
    assert fault_of(fault) == "url: Input should be a valid URL"
    assert fault_of({"type": "json_invalid", "loc": ("body",), "msg": ""}) == "body: Invalid JSON"
