"""The same over real connections, to the simulator as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.world import World, command, line, payload


@pytest.fixture
def remote(cinx: Simulated) -> Iterator[World]:
    world = World(url=cinx.url, advance=cinx.advance)
    yield world
    world.close()


LOST: list[dict[str, Any]] = [
    {"kind": "apply_and_drop"},
    {"kind": "half_body"},
    {"kind": "wrong_json"},
    {"kind": "html", "status": 502, "apply": True},
    {"kind": "status", "status": 408, "apply": True},
    {"kind": "apply_late", "seconds": 0},
]
NEVER_APPLIED: list[dict[str, Any]] = [
    {"kind": "drop_before"},
    {"kind": "reset"},
    {"kind": "html", "status": 502},
    {"kind": "status", "status": 500, "body": '{"response": {"status_code": 500, "message": "x"}, "rows": []}'},
]


def named(fault: dict[str, Any]) -> str:
    return f"{fault['kind']}{fault.get('status', '')}"


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_a_lost_answer_doubles_nothing(remote: World, cinx: Simulated, fault: dict[str, Any]) -> None:
    options = {name: value for name, value in fault.items() if name != "kind"}
    cinx.fault(fault["kind"], {"method": "POST", "path": "json-poco-import"}, **options)
    one = command()
    (end,) = remote.run(one)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    (poco,) = cinx.state()["pocos"]
    assert remote.entry(one).remote["poco_guid"] == poco["cinx_guid"]


@pytest.mark.parametrize("fault", NEVER_APPLIED, ids=named)
def test_what_never_arrived_is_a_persons_business(remote: World, cinx: Simulated, fault: dict[str, Any]) -> None:
    options = {name: value for name, value in fault.items() if name != "kind"}
    cinx.fault(fault["kind"], {"method": "POST", "path": "json-poco-import"}, **options)
    (end,) = remote.run(command())
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.in_doubt")
    assert (cinx.state()["pocos"], len(cinx.history(method="POST"))) == ([], 1)


def test_a_request_to_wait_is_followed_and_ends_no_change_order(remote: World, cinx: Simulated) -> None:
    cinx.fault("status", {"method": "POST"}, status=429, headers={"Retry-After": "3"})
    (end,) = remote.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert len(cinx.state()["pocos"]) == 1


def test_a_refused_import_is_a_letter_for_that_change_order_alone(remote: World, cinx: Simulated) -> None:
    body = '{"response": {"status_code": 406, "message": "Auto-Number (po) no pattern"}, "rows": []}'
    cinx.fault("status", {"method": "POST"}, status=406, body=body)
    ends = remote.run(command("1"), command("2", payload(line("1", "5"), description="Another")))
    assert sorted(end.kind.value for end in ends) == ["applied", "rejected"]
    assert "Auto-Number" in remote.letter().remote_answer
