"""The real daemon as its own process, started once for all tests of a file that only watch it."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bench.ours import Box, running_box
from models.catalog import default_models_dir, locate
from models.errors import ModelError

sys.path.insert(0, str(Path(__file__).parent))  # modules that the tests share


@pytest.fixture(scope="session")
def network() -> None:
    """Skips where the matting network is not installed (`make test` installs it)."""
    try:
        locate("rvm-mobilenetv3", default_models_dir())
    except ModelError as error:
        pytest.skip(f"the matting network is not installed: {error}")


# Not for the whole session: a box that teaches takes the processors away from every test after these.
@pytest.fixture(scope="module")
def box(network: None) -> Iterator[Box]:
    with running_box((1280, 720)) as running:
        yield running


def call(box: Box, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request to the API with the assistant's token: the status and the JSON, also of a refusal."""
    request = urllib.request.Request(
        f"{box.url}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {box.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read() or b"null")


@pytest.fixture
def api() -> Callable[..., tuple[int, Any]]:
    return call


def wait_for(what: str, condition: Callable[[], Any], timeout_s: float = 20) -> Any:
    """The first true value of condition; fails with `what` after timeout_s."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    pytest.fail(f"not within {timeout_s:.0f} s: {what}")


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_for
