"""Answers that leave out members, or show that something was passed over: unknown is not lost, and lost is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from relay.clients.http.messages import Request, Response
from relay.clients.http.remote import RemoteHttp
from relay.clients.http.terms import CallTerms
from relay.clients.procore.change_orders import PotentialChangeOrders
from relay.domain.commands import Operation, ProcoreRules
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote

PACKAGED = ProcoreRules(package="per_change_order", approved_change="reopen")
COUNTED = line("1", "100", quantity=Decimal(4), unit_cost=Decimal(25), unit="ea", cost_code="03-210")

Answers = Callable[[str, Callable[[Any], Any]], None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Has the JSON of the answers to an operation changed."""
    real = RemoteHttp._exchange_once

    def arrange(operation: str, change: Callable[[Any], Any]) -> None:
        def exchange(remote: RemoteHttp, call: Request, terms: CallTerms) -> Response:
            answer = real(remote, call, terms)
            if call.operation != operation:
                return answer
            return replace(answer, body=json.dumps(change(json.loads(answer.body))).encode())

        monkeypatch.setattr(RemoteHttp, "_exchange_once", exchange)

    return arrange


def without(*names: str) -> Callable[[Any], Any]:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: strip(member) for name, member in value.items() if name not in names}
        return [strip(each) for each in value] if isinstance(value, list) else value

    return strip


def test_a_package_that_is_not_shown_whole_has_lost_nothing(driver: Driver, remote: Remote, answers: Answers) -> None:
    remote.sandbox.fault("status", {"method": "GET", "path": r"change_order_packages/\d+"}, status=503, times=0)
    answers("create_change_order_package", without("description"))
    one = command(content=payload(line("1", "100"), status="approved", description="Words"), rules=PACKAGED)
    assert driver.one(one) == Done()
    assert (remote.order()["status"], remote.package()["status"]) == ("approved", "approved")


@pytest.mark.parametrize("flat", [True, False])
def test_a_line_whose_cost_code_is_not_shown_as_an_object_is_kept(
    driver: Driver, remote: Remote, answers: Answers, *, flat: bool
) -> None:
    def changed(body: Any) -> Any:
        for entity in body["entities"]:
            code = entity.pop("cost_code")
            if flat:
                entity["cost_code_id"] = code["id"]
        return body

    answers("sync_line_items", changed)
    assert driver.one(command(content=payload(COUNTED))) == Done()


@pytest.mark.parametrize("name", ["due_date", "number", "status", "title"])
def test_a_member_that_a_sync_does_not_answer_is_not_lost(
    driver: Driver, remote: Remote, answers: Answers, name: str
) -> None:
    answers("sync_potential_change_orders", without(name))
    one = command(content=payload(line("1", "100"), due_date="2026-05-01"))
    assert driver.one(one) == Done()
    assert remote.order()["number"] == "007"
    assert driver.entries[one.origin_id].remote["number"] == "007"


def test_a_line_whose_kind_a_list_does_not_tell_is_no_persons_edit(
    driver: Driver, remote: Remote, answers: Answers
) -> None:
    driver.one(command(content=payload(COUNTED)))
    answers("list_line_items", without("extended_type"))
    end = driver.one(command(operation=Operation.VERIFY, sequence=2))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.UNCHANGED


@pytest.mark.parametrize("tiers", [2, 3])
def test_a_link_that_is_passed_over_is_told_before_the_package_is_approved(
    driver: Driver, remote: Remote, monkeypatch: pytest.MonkeyPatch, tiers: int
) -> None:
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)
    real = PotentialChangeOrders.sync

    def passed_over(orders: PotentialChangeOrders, project: int, contract: int, elements: Any, **more: Any) -> Any:
        links = ("change_order_request", "change_order_request_id")
        left = [{name: value for name, value in element.items() if name not in links} for element in elements]
        return real(orders, project, contract, left, **more)

    monkeypatch.setattr(PotentialChangeOrders, "sync", passed_over)
    content = payload(line("1", "100"), status="approved")
    end = driver.one(command(content=content, destination=replace(WORK_ORDER, tiers=tiers), rules=PACKAGED))
    assert isinstance(end, Reject)
    assert end.reason == "procore.not_kept"
    assert remote.package()["status"] != "approved"


def test_a_link_that_only_the_package_shows_is_there(driver: Driver, remote: Remote, answers: Answers) -> None:
    def hidden(body: Any) -> Any:
        return {**body, "entities": [{**entity, "change_order_request_id": None} for entity in body["entities"]]}

    answers("sync_potential_change_orders", hidden)
    assert driver.one(command(content=payload(line("1", "100"), status="approved"), rules=PACKAGED)) == Done()
    assert remote.package()["status"] == "approved"
