"""What one call has made without a word is found before the refusal of its repetition ends the change order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from relay.domain.commands import ContractKind, ProcorePayload
from relay.domain.ledger_facts import LedgerFact
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.harness import PRIME, WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.told_writes import effects_are_what_is_held, what_was_made_is_told_once

LINES = (line("1", "100"), line("2", "50"))
CONTENT = payload(*LINES, status="pending", title="As it is")
WHERES = {ContractKind.WORK_ORDER: WORK_ORDER, ContractKind.PRIME: PRIME}


def judge(driver: Driver, remote: Remote) -> None:
    assert not any(LedgerFact.DOUBTED in entry.remote for entry in driver.entries.values())
    what_was_made_is_told_once(remote.sandbox.state(), driver.writes)
    effects_are_what_is_held(remote.sandbox.state(), driver.writes)


def mislaid_then_refused(remote: Remote, origin_id: str, times: int = 1) -> None:
    """The next element of a sync is stored and named nowhere; the ones after it are refused."""
    remote.sandbox.people("spoil", origin_id=origin_id, how="mislaid")
    remote.sandbox.people("spoil", origin_id=origin_id, how="rejected", times=times)


@pytest.mark.parametrize("others", [0, 30])
@pytest.mark.parametrize("where", WHERES)
def test_a_change_order_that_was_made_is_gone_on_with(
    driver: Driver, remote: Remote, where: ContractKind, others: int
) -> None:
    """In a long contract, too, where no record is looked at but those that carry our origin id."""
    destination = WHERES[where]
    for number in range(others):
        remote.sandbox.people(
            "create_pco", contract=destination.contract_id, title=f"By hand {number}", number=str(number)
        )
    one = command(content=CONTENT, destination=destination)
    mislaid_then_refused(remote, one.origin_id)
    assert driver.one(one) == Done()
    (order,) = [row for row in remote.orders() if row["origin_id"] == one.origin_id]
    assert remote.amounts(order["id"]) == Counter({"100.00": 1, "50.00": 1})
    (found,) = [write for write in driver.writes if write.step == "recognise"]
    assert (found.method, found.found_again) == ("PATCH", True)
    judge(driver, remote)


@pytest.mark.parametrize(
    "changed",
    [
        replace(CONTENT, title="As it is now"),
        replace(CONTENT, status="approved"),
        replace(CONTENT, number="008"),
    ],
    ids=["title", "status", "number"],
)
def test_a_change_that_was_taken_is_found(driver: Driver, remote: Remote, changed: ProcorePayload) -> None:
    one = command(content=CONTENT)
    driver.one(one)
    mislaid_then_refused(remote, one.origin_id)
    assert driver.one(replace(one, payload=changed, sequence=2)) == Done()
    order = remote.order()
    assert (order["title"], order["status"], order["number"]) == (changed.title, changed.status, changed.number)
    judge(driver, remote)


def test_what_was_not_taken_is_sent_again_and_then_told(driver: Driver, remote: Remote) -> None:
    one = command(content=CONTENT)
    remote.sandbox.people("spoil", origin_id=one.origin_id, how="skipped")
    remote.sandbox.people("spoil", origin_id=one.origin_id, how="rejected", times=2)
    end = driver.one(one)
    assert isinstance(end, Reject)
    assert "cannot be saved" in end.sentence
    assert remote.orders() == []
    assert driver.one(replace(one, sequence=2)) == Done()
    judge(driver, remote)
