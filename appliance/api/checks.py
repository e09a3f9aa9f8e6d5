"""How the box is, line by line, each fault with its mend in the reader's language."""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from appliance.api.access import assistant
from appliance.api.courseware import Speaks
from appliance.api.problems import documented
from appliance.gateway import Gateway
from appliance.health import (
    Finding,
    Machine,
    Mark,
    lesson_findings,
    machine_findings,
    mend_of,
    name_of,
    text_of,
)

FRESH_S = 5.0  # the machine is not asked more often, however many consoles ask


class CheckOut(BaseModel):
    name: str = Field(description="What was looked at, for programs.")
    title: str = Field(description="The same for people, in their language.")
    code: str = Field(description="How it is, for programs.")
    mark: Mark = Field(description="note: the lesson is poorer for it; fault: it cannot be taught as set.")
    text: str = Field(description="How it is, in the reader's language.")
    mend: str = Field(description="What to do; empty where all is well.")


class _Machine:
    """The machine's findings, asked for in a thread, and kept for a moment."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lock = asyncio.Lock()
        self._found: list[Finding] = []
        self._until_s = 0.0

    async def findings(self) -> list[Finding]:
        async with self._lock:
            if time.monotonic() >= self._until_s:
                self._found = await asyncio.to_thread(lambda: list(machine_findings(self._machine)))
                self._until_s = time.monotonic() + FRESH_S
            return self._found


def check_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        tags=["status"],
        dependencies=[Depends(assistant)],
        responses=documented(
            s401="No token, or a wrong one.", s403="A viewer's token.", s422="A parameter is wrong."
        ),
    )
    machine = _Machine(Machine(gateway.settings.box.state_path))

    @router.get("/checks", summary="Temperature, disk, GPU, camera, microphone, network: each with its mend")
    async def get_checks(language: Speaks) -> list[CheckOut]:
        """What is wrong comes first."""
        lesson = lesson_findings(
            gateway.studio.state,
            gateway.studio.reason,
            gateway.studio.restarts.total,
            gateway.status,
            gateway.settings.programme.rate_hz,
        )
        found = [*lesson, *await machine.findings()]
        found.sort(key=lambda finding: ("fault", "note", "ok").index(finding.mark))
        return [
            CheckOut(
                name=finding.name,
                title=name_of(finding, language),
                code=finding.code,
                mark=finding.mark,
                text=text_of(finding, language),
                mend=mend_of(finding, language),
            )
            for finding in found
        ]

    return router
