"""The API against its own document: whatever is sent, no 500, and no status that is not described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from box_process import ASSISTANT, Box
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validator_for

pytestmark = pytest.mark.timeout(900)

ENDLESS = {("get", "/api/v1/events"), ("get", "/api/v1/talk/camera"), ("get", "/api/v1/ink/events")}
# What layers above the routes answer: a body that is no JSON, a method or a path that is not there.
ANYWHERE = {400, 404, 405, 408, 413, 415, 422}
EXAMPLES = 10


@schemathesis.serializer("application/sdp")
def sdp(_context: Any, value: Any) -> bytes:
    return str(value).encode()


@pytest.fixture
def box(shared_box: Box) -> Box:
    return shared_box


def test_nothing_that_may_be_sent_is_a_bug(box: Box) -> None:
    document = box.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=box.base)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.lower(), operation.path) not in ENDLESS:
            asked += 1
            ask(box, operation)
    assert asked == sum(len(methods) for methods in document["paths"].values()) - len(ENDLESS)
    assert box.status()["state"] in ("live", "restarting", "starting")


def test_every_json_body_has_an_example_and_each_of_them_fits(box: Box) -> None:
    """Whoever reads the document sees what to send, and what they see is taken."""
    document = box.get("/api/v1/openapi.json").json()
    bodies = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if body := operation.get("requestBody", {}).get("content", {}).get("application/json"):
                bodies[method, path] = body["schema"]["$ref"]
    assert len(bodies) >= 22
    for where, reference in bodies.items():
        model = document["components"]["schemas"][reference.rpartition("/")[2]]
        fits = validator_for({"$ref": reference, "components": document["components"]})
        assert model.get("examples"), where
        assert [example for example in model["examples"] if not fits.is_valid(example)] == [], where


def ask(box: Box, operation: Any) -> None:
    """Some requests that the document allows for one operation."""
    described = {int(status) for status in operation.definition.raw["responses"] if status.isdecimal()}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {ASSISTANT}"}, timeout=30)
        sent = f"{operation.method} {operation.path} {case.query} {case.body!r}"
        where = f"{sent}: {response.status_code} {response.content[:300]!r}"
        assert response.status_code != 500, where
        assert response.status_code in described | ANYWHERE, where

    send()
