"""The writes tell what Procore has accepted: each record once, with what it did to the money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from relay.domain.commands import Operation, ProcoreCommand, ProcoreRules
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import LedgerFact
from relay.domain.writes.ledger_fold import LedgerFold
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.told_writes import effects_are_what_is_held, what_was_made_is_told_once

RULES = ProcoreRules(package="per_change_order", approved_change="reopen", on_withdraw="void")


def judge(driver: Driver, remote: Remote) -> Sequence[RemoteWrite]:
    state = remote.sandbox.state()
    what_was_made_is_told_once(state, driver.writes)
    effects_are_what_is_held(state, driver.writes)
    return driver.writes


def folded(driver: Driver) -> LedgerEntry:
    """The one entry as the writes tell it, but for what outcomes tell."""
    fold = LedgerFold("procore", "procore-writer", {})
    for write in driver.writes:
        fold.write(write)
    ((_, entry, _),) = fold.entries(())
    (kept,) = driver.entries.values()
    del entry.remote[LedgerFact.REBUILT]
    return replace(entry, sent_payload_hash=kept.sent_payload_hash, changed=kept.changed)


def story() -> list[ProcoreCommand]:
    """A change order that grows, loses a line, is approved, reopened and voided."""
    return [
        command(content=payload(line("1", "100", cost_code="03-210"), line("2", "50.25")), rules=RULES),
        command(content=payload(line("1", "120"), line("3", "-10")), sequence=2, rules=RULES),
        command(content=payload(line("1", "120"), line("3", "-10"), status="approved"), sequence=3, rules=RULES),
        command(content=payload(line("1", "130"), status="approved"), sequence=4, rules=RULES),
        command(sequence=5, operation=Operation.WITHDRAW, rules=RULES),
    ]


@pytest.mark.parametrize("tiers", [1, 2, 3])
@pytest.mark.parametrize("commands", range(1, 6))
def test_the_effects_of_a_story_add_up_to_what_procore_holds(
    driver: Driver, remote: Remote, tiers: int, commands: int
) -> None:
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)
    for given in story()[:commands]:
        driver.one(replace(given, destination=replace(WORK_ORDER, tiers=tiers)))
    judge(driver, remote)
    (entry,) = driver.entries.values()
    assert folded(driver) == entry, "a ledger can be folded from the writes"


def test_each_change_of_amount_or_status_has_one_write(driver: Driver, remote: Remote) -> None:
    for given in story()[:3]:
        driver.one(given)
    effects = [
        (write.step, write.approved_effect, write.pending_effect)
        for write in judge(driver, remote)
        if write.approved_effect is not None or write.pending_effect is not None
    ]
    assert effects == [
        ("lines", None, Decimal("150.25")),
        ("lines", None, Decimal(10)),
        ("remove_line", None, Decimal("-50.25")),
        ("header", Decimal(110), Decimal(-110)),
    ]


def test_what_was_sent_and_what_had_been_read_stand_there(driver: Driver, remote: Remote) -> None:
    for given in story()[:3]:
        driver.one(given)
    header, lines = driver.writes[0], driver.writes[1]
    (record,) = header.records
    assert (record.operation, record.kind) == (WriteOperation.CREATED, "potential_change_order")
    assert (record.remote_id, record.number) == (str(remote.order()["id"]), "007")
    assert {field.name for field in record.fields} >= {"title", "number", "status", "origin_id"}
    assert "origin_data" not in {field.name for field in record.fields}
    assert header.path == "/rest/v1.0/potential_change_orders/sync"
    first = lines.records[0]
    assert (first.parts, first.amount_before, first.amount_after) == (
        {"line:1": driver.writes[1].records[0].parts["line:1"]},
        None,
        Decimal(100),
    )
    assert all(first.parts.values())
    status = next(write for write in reversed(driver.writes) if write.step == "header")
    (field,) = (field for field in status.records[0].fields if field.name == "status")
    assert (field.sent, field.before, field.known) == ("approved", "pending", True)


@pytest.mark.parametrize("path", ["potential_change_orders/sync", "line_items/sync", "change_order_packages$"])
@pytest.mark.parametrize("kind", ["drop_before", "apply_and_drop", "half_body"])
def test_an_answer_that_was_lost_is_told_once_and_as_what_it_did(
    driver: Driver, remote: Remote, path: str, kind: str
) -> None:
    """The second answer describes a change that is there already."""
    method = "POST" if path.endswith("$") else "PATCH"
    remote.sandbox.fault(kind, {"method": method, "path": path})
    for given in story()[:3]:
        driver.one(given)
    assert remote.took_hold()
    is_found = any(write.found_again for write in judge(driver, remote))
    assert is_found == ((kind, method) != ("drop_before", "POST"))  # A package that is not there is created anew.


@pytest.mark.parametrize("calls", range(1, 9))
def test_a_takeover_tells_what_its_predecessor_did(driver: Driver, remote: Remote, calls: int) -> None:
    """The answer of the nth call is lost together with its owner."""
    approved = story()[2]
    while len(driver.calls) < calls - 1 and driver.step(approved):
        pass
    remote.sandbox.fault("apply_and_drop", {"path": "potential_change_orders/|change_order_packages", "body": "{"})
    driver.step(approved)
    successor = Driver(new_adapter(remote.sandbox.url), driver.entries, driver.intents)
    successor.one(approved)
    successor.adapter.close()
    successor.writes[:0] = driver.writes
    judge(successor, remote)


@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_line_that_is_gone_is_deleted_by_us_only_where_our_deletion_was_in_doubt(
    driver: Driver,
    remote: Remote,
    in_doubt: bool,  # noqa: FBT001 - a case
) -> None:
    first, second = story()[:2]
    driver.one(first)
    (line_id,) = [row["id"] for row in remote.lines() if row["origin_id"].endswith(":2")]
    if in_doubt:
        remote.sandbox.fault("apply_and_drop", {"method": "DELETE"})
    else:
        remote.sandbox.people("delete_line", line=line_id)
    driver.one(second)
    deleted = [write for write in driver.writes if write.step == "remove_line"]
    told = [record.remote_id for write in deleted for record in write.records]
    assert told == ([str(line_id)] if in_doubt else [])
    assert sum(write.pending_effect or 0 for write in deleted) == Decimal("-50.25")
    effects_are_what_is_held(remote.sandbox.state(), driver.writes)


def test_a_lost_ledger_tells_nothing_a_second_time(driver: Driver, remote: Remote) -> None:
    first, second = story()[:2]
    driver.one(first)
    successor = Driver(new_adapter(remote.sandbox.url))
    successor.one(first)
    assert successor.writes == []
    successor.one(second)
    successor.adapter.close()
    successor.writes[:0] = driver.writes
    judge(successor, remote)
