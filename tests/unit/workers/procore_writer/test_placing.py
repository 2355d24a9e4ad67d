"""Which contract and rules hold for a command about a record of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay.domain.commands import ContractKind, Operation, ProcoreRules
from relay.domain.ledger import LedgerEntry
from relay.engine.writer.adapter import Task
from tests.contract.workers.procore_writer.harness import MAPPED_AT, WORK_ORDER, command, line, payload
from workers.procore_writer.cache.cache import RemappedCommand
from workers.procore_writer.plan.destination import resolved

MINE = replace(WORK_ORDER, contract_id=44022, contract=ContractKind.PURCHASE_ORDER)
RULES = ProcoreRules(person_edit="overwrite")
ROUTE = RemappedCommand(command=command(content=payload(line("1", "1")), destination=MINE, rules=RULES))
DECISIONS = pytest.mark.parametrize("operation", [Operation.ADOPT, Operation.RESUBMIT])


def task(operation: Operation, **more: Any) -> Any:
    given = command(operation=operation, **more)
    entry = LedgerEntry(
        origin_id=given.origin_id,
        change_order_key=given.change_order_key,
        destination="315/44022",
        seen_sequence=1,
        seen_mapped_at=MAPPED_AT,
        parts={},
        remote={},
    )
    return Task(command=given, entry=entry)


@pytest.mark.parametrize("operation", [Operation.VERIFY, Operation.ADOPT, Operation.RESUBMIT])
def test_the_route_tells_contract_and_rules_but_the_command_stays(operation: Operation) -> None:
    given = task(operation)
    planned = resolved(given, ROUTE).command
    assert (planned.destination, planned.rules) == (MINE, RULES)
    assert replace(planned, destination=given.command.destination, rules=given.command.rules) == given.command


@pytest.mark.parametrize("again", [None, RemappedCommand()])
def test_without_a_route_a_look_goes_where_the_ledger_says(again: RemappedCommand | None) -> None:
    planned = resolved(task(Operation.VERIFY), again).command
    assert (planned.destination, planned.rules) == (replace(WORK_ORDER, contract_id=44022), ProcoreRules())


def test_a_look_goes_where_the_ledger_says_though_its_route_has_moved() -> None:
    moved = RemappedCommand(command=command(content=payload(), destination=WORK_ORDER, rules=RULES))
    planned = resolved(task(Operation.VERIFY), moved).command
    assert (planned.destination.name, planned.rules) == ("315/44022", RULES)


@DECISIONS
def test_a_decision_waits_for_its_route_and_follows_it(operation: Operation) -> None:
    assert resolved(task(operation), None) == task(operation)
    assert resolved(task(operation), RemappedCommand()).command.destination.name == "315/44022"
    moved = RemappedCommand(command=command(content=payload(), destination=WORK_ORDER))
    assert resolved(task(operation, destination=MINE), moved).command.destination == WORK_ORDER


@pytest.mark.parametrize("operation", list(Operation))
def test_what_has_content_of_its_own_has_its_own_route(operation: Operation) -> None:
    given = task(operation, content=payload())
    assert resolved(given, ROUTE) is given


@pytest.mark.parametrize("operation", [Operation.APPLY, Operation.WITHDRAW])
def test_a_wish_of_the_source_has_its_own_route(operation: Operation) -> None:
    given = task(operation)
    assert resolved(given, ROUTE) is given
