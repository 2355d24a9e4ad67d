"""A service that only counts, behind the shell that all simulators share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Control
from deploy.sandbox.shell import Answer, Call, Clock, Refused, Server, Simulator, running


class Counter:
    """Answers how many requests it has acted on."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: list[str] = []
        self.step = 1

    def answer(self, call: Call) -> Answer:
        if call.path == "/broken":
            raise ZeroDivisionError("the simulator itself")
        self.calls.append(f"{call.method} {call.path} {call.text}")
        body = {"count": len(self.calls) * self.step, "query": call.pairs, "body": call.text}
        return Answer(200, json.dumps(body), {"Content-Type": "application/json"}, gzip=call.path == "/zipped")

    def state(self) -> dict[str, Any]:
        return {"calls": self.calls, "now": self.clock().isoformat()}

    def settings(self) -> Mapping[str, Any]:
        return {"step": self.step}

    def change_settings(self, values: Mapping[str, Any]) -> None:
        if not values.keys() <= {"step"}:
            raise Refused("there is only step")
        self.step = values.get("step", self.step)

    def operations(self) -> Mapping[str, str]:
        return {"add": "Adds a call."}

    def operate(self, name: str, body: Mapping[str, Any]) -> Any:
        if name != "add":
            raise Refused(f"no operation {name}")
        self.calls.append(str(body["call"]))
        return len(self.calls)

    def contents(self) -> object:
        return [self.calls, self.step]

    def refill(self, contents: Any) -> None:
        self.calls, self.step = contents

    def secrets(self) -> Sequence[str]:
        return ["open-sesame"]


@pytest.fixture(scope="session")
def shell_url() -> Iterator[str]:
    with running(Server(Simulator("counter", Counter))) as url:
        yield url


@pytest.fixture
def control(shell_url: str) -> Control:
    control = Control(shell_url)
    control.reset()
    return control


@pytest.fixture
def caller(shell_url: str, control: Control) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shell_url) as client:
        yield client
