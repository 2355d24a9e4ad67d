"""A revision stays in doubt, it is to be sent once more, and by then another one has come: the record is looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from relay.domain.commands import Operation, ProcoreCommand, ProcorePayload, ProcoreRules
from relay.domain.ledger_facts import LedgerFact
from relay.engine.writer.adapter import Done
from relay.engine.writer.state.ledger_updates import with_doubted
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, new_entry, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.told_writes import effects_are_what_is_held, what_was_made_is_told_once

LINES = (line("1", "100"), line("2", "50"))
BEFORE = payload(*LINES, status="pending", title="As it was")


def left_in_doubt(driver: Driver, remote: Remote, one: ProcoreCommand, path: str, method: str = "PATCH") -> None:
    """A call is applied and its answer lost; then the next revision goes, and nothing of that call is under way."""
    remote.sandbox.fault("apply_and_drop", {"method": method, "path": path})
    while not remote.took_hold():
        assert driver.step(one)
    intent = driver.intents.pop(one.origin_id)
    driver.entries[one.origin_id] = with_doubted(driver.entries[one.origin_id], intent)
    assert LedgerFact.DOUBTED in driver.entries[one.origin_id].remote


def judge(driver: Driver, remote: Remote) -> None:
    assert not any(LedgerFact.DOUBTED in entry.remote for entry in driver.entries.values())
    what_was_made_is_told_once(remote.sandbox.state(), driver.writes)
    effects_are_what_is_held(remote.sandbox.state(), driver.writes)


@pytest.mark.parametrize(
    ("doubted", "path"),
    [
        (replace(BEFORE, title="In doubt"), "potential_change_orders/sync"),
        (replace(BEFORE, lines=(line("1", "70"), *LINES[1:])), "line_items/sync"),
        (replace(BEFORE, lines=(*LINES, line("3", "7"))), "line_items/sync"),
        (replace(BEFORE, number="008"), "potential_change_orders/sync"),
        (replace(BEFORE, status="approved"), "potential_change_orders/sync"),
    ],
    ids=["title", "amount", "new line", "number", "status"],
)
def test_what_goes_back_to_what_it_was_is_written_back(
    driver: Driver, remote: Remote, doubted: ProcorePayload, path: str
) -> None:
    """The ledger says so already: only the record tells that something else is there."""
    rules = ProcoreRules(approved_change="reopen", person_edit="keep_theirs")
    one = command(content=BEFORE, rules=rules)
    driver.one(one)
    left_in_doubt(driver, remote, replace(one, payload=doubted, sequence=2), path)
    assert isinstance(driver.one(replace(one, sequence=3)), Done)
    order = remote.order()
    assert (order["title"], order["status"], order["number"]) == ("As it was", "pending", "007")
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})
    judge(driver, remote)


def test_a_status_in_doubt_is_no_persons(driver: Driver, remote: Remote) -> None:
    """With one tier the package has the status, and its update leaves no mark."""
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=1)
    rules = ProcoreRules(approved_change="reopen", person_edit="keep_theirs")
    one = command(content=BEFORE, destination=replace(WORK_ORDER, tiers=1), rules=rules)
    driver.one(one)
    approved = replace(one, payload=replace(BEFORE, status="approved"), sequence=2)
    left_in_doubt(driver, remote, approved, r"change_order_packages/\d+")
    assert isinstance(driver.one(replace(one, sequence=3)), Done)
    assert remote.package()["status"] == "pending"
    assert not any(LedgerFact.DOUBTED in entry.remote for entry in driver.entries.values())


def test_lines_that_only_the_doubted_revision_had_are_removed(driver: Driver, remote: Remote) -> None:
    """They were never told of, and nothing that follows names them."""
    one = command(content=BEFORE)
    left_in_doubt(driver, remote, one, "line_items/sync")
    assert isinstance(driver.one(replace(one, payload=replace(BEFORE, lines=LINES[:1]), sequence=2)), Done)
    assert remote.amounts() == Counter({"100.00": 1})
    judge(driver, remote)
    (found,) = [write for write in driver.writes if write.step == "look"]
    assert (found.method, found.found_again, len(found.records)) == ("PATCH", True, 2)


def test_a_line_that_the_doubted_revision_deleted_is_made_again(driver: Driver, remote: Remote) -> None:
    """No person has deleted it, so that nobody is asked."""
    one = command(content=BEFORE)
    driver.one(one)
    left_in_doubt(
        driver, remote, replace(one, payload=replace(BEFORE, lines=LINES[:1]), sequence=2), "line_items/", "DELETE"
    )
    assert remote.amounts() == Counter({"100.00": 1})
    assert isinstance(driver.one(replace(one, sequence=3)), Done)
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})
    judge(driver, remote)


@pytest.mark.parametrize("tiers", [1, 2])
@pytest.mark.parametrize("others", [0, 30])
def test_what_a_creation_in_doubt_has_made_is_voided_by_a_withdrawal(
    driver: Driver, remote: Remote, tiers: int, others: int
) -> None:
    """The contract was listed before that call, and in a long one our origin id was searched for then."""
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)
    for number in range(others if tiers == 2 else 0):
        remote.sandbox.people("create_pco", contract=44021, title=f"By hand {number}", number=f"H{number}")
    rules = ProcoreRules(on_withdraw="void", on_delete="void")
    where = replace(WORK_ORDER, tiers=tiers)
    one = command(content=BEFORE, destination=where, rules=rules)
    path, method = ("change_order_packages", "POST") if tiers == 1 else ("potential_change_orders/sync", "PATCH")
    creation_in_doubt(driver, remote, one, path, method)
    end = driver.one(command(sequence=2, operation=Operation.WITHDRAW, destination=where, rules=rules))
    assert isinstance(end, Done)
    assert end.sentence == "What was written is void in Procore."
    assert [row["status"] for row in remote.packages() or remote.orders() if row["title"] == "As it was"] == ["void"]


@pytest.mark.parametrize("fault", ["apply_and_drop", "drop_before"])
def test_a_package_in_doubt_is_voided_by_a_withdrawal_too(driver: Driver, remote: Remote, fault: str) -> None:
    rules = ProcoreRules(package="per_change_order", on_withdraw="void", on_delete="void")
    one = command(content=replace(BEFORE, status="approved"), rules=rules)
    creation_in_doubt(driver, remote, one, "change_order_packages", "POST", fault)
    end = driver.one(command(sequence=2, operation=Operation.WITHDRAW, rules=rules))
    assert isinstance(end, Done)
    assert remote.order()["status"] == "void"
    assert [row["status"] for row in remote.packages()] == (["void"] if fault == "apply_and_drop" else [])
    assert not any(LedgerFact.DOUBTED in entry.remote for entry in driver.entries.values())


def creation_in_doubt(
    driver: Driver, remote: Remote, one: ProcoreCommand, path: str, method: str, fault: str = "apply_and_drop"
) -> None:
    """The answer to the call that makes the first record is lost, and a person is asked."""
    remote.sandbox.fault(fault, {"method": method, "path": path})
    while not remote.took_hold():
        assert driver.step(one)
    intent = driver.intents.pop(one.origin_id)
    before = driver.entries.get(one.origin_id) or new_entry(one)
    driver.entries[one.origin_id] = replace(with_doubted(before, intent), sent_sequence=1)


def test_what_a_revision_in_doubt_has_changed_is_told_before_the_next_is_written(
    driver: Driver, remote: Remote
) -> None:
    """By the look that finds it, and not as a change of the next revision's."""
    one = command(content=BEFORE)
    driver.one(one)
    doubted = replace(one, payload=replace(BEFORE, title="In doubt"), sequence=2)
    left_in_doubt(driver, remote, doubted, "potential_change_orders/sync")
    told = len(driver.writes)
    assert isinstance(driver.one(replace(one, payload=replace(BEFORE, title="As it is now"), sequence=3)), Done)
    assert [(write.step, write.found_again) for write in driver.writes[told:]] == [("look", True), ("header", False)]
