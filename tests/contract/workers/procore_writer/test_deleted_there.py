"""Records of ours that a person deletes in Procore are not made anew by the next revision."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import (
    ContractKind,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcorePayload,
    ProcoreRules,
)
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, PlannedCall, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, End, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote

FIRST = payload(line("1", "100"), line("2", "50"))
LATER = {
    "header": payload(line("1", "100"), line("2", "50"), title="Changed"),
    "status": payload(line("1", "100"), line("2", "50"), status="rejected"),
    "line": payload(line("1", "100"), line("2", "70")),
    "removed line": payload(line("1", "100")),
}
VOID = ProcoreRules(on_withdraw="void", on_delete="void")
ONE_TIER = replace(WORK_ORDER, contract_id=44022, contract=ContractKind.PURCHASE_ORDER, tiers=1)

later = pytest.mark.parametrize("content", LATER.values(), ids=LATER)
ids = pytest.mark.parametrize("rule", ["accept", "refuse", "refuse_call"])


def deleted(driver: Driver, remote: Remote, first: ProcoreCommand) -> None:
    assert driver.one(first) == Done()
    remote.sandbox.people("delete", id=remote.order()["id"])


def asked(end: End) -> None:
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.deleted_by_person"


@later
@ids
def test_a_later_revision_asks(driver: Driver, remote: Remote, content: ProcorePayload, rule: str) -> None:
    remote.sandbox.settings(sync_id_in_pco=rule)
    deleted(driver, remote, command(content=FIRST))
    for sequence in (2, 3):
        asked(driver.one(command(content=content, sequence=sequence)))
        assert remote.orders() == []
        assert driver.intents == {}


@ids
def test_its_neighbours_in_the_call_go_on(driver: Driver, remote: Remote, rule: str) -> None:
    remote.sandbox.settings(sync_id_in_pco=rule)
    names = [str(one) for one in range(5)]
    firsts = [command(one, payload(line("1", "1"), title=f"CO {one}", number=one)) for one in names]
    assert driver.run(*firsts) == [Done()] * 5
    for row in remote.orders():
        if row["number"] in {"1", "3"}:
            remote.sandbox.people("delete", id=row["id"])
    more = [command(one, payload(line("1", "1"), title=f"New {one}", number=one), sequence=2) for one in [*names, "5"]]
    ends = driver.run(*more)
    assert [isinstance(one, NeedsReview) for one in ends] == [False, True, False, True, False, False]
    assert Counter(row["title"] for row in remote.orders()) == Counter(["New 0", "New 2", "New 4", "New 5"])


@pytest.mark.parametrize("rule", ["accept", "ignore", "refuse", "refuse_call"])
def test_one_that_is_there_is_changed_whatever_ids_mean(driver: Driver, remote: Remote, rule: str) -> None:
    remote.sandbox.settings(sync_id_in_pco=rule)
    for sequence, content in enumerate((FIRST, *LATER.values()), start=1):
        assert driver.one(command(content=content, sequence=sequence)) == Done()
    assert remote.order()["title"] == "Footing rebar C4"
    assert remote.amounts() == Counter({"100.00": 1})


def test_where_ids_mean_nothing_it_is_told_once_and_then_looked_at_before(driver: Driver, remote: Remote) -> None:
    remote.sandbox.settings(sync_id_in_pco="ignore")
    deleted(driver, remote, command(content=FIRST))
    end = driver.one(command(content=LATER["header"], sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.deleted_by_person"
    (made,) = remote.orders()
    assert str(made["id"]) in end.sentence
    assert driver.one(command(content=LATER["header"], sequence=3)) == Done()
    assert remote.amounts(made["id"]) == Counter({"100.00": 1, "50.00": 1})
    remote.sandbox.people("delete", id=made["id"])
    asked(driver.one(command(content=FIRST, sequence=4)))
    assert remote.orders() == []


def test_where_ids_mean_nothing_is_known_to_the_next_process_too(driver: Driver, remote: Remote) -> None:
    remote.sandbox.settings(sync_id_in_pco="ignore")
    deleted(driver, remote, command(content=FIRST))
    driver.one(command(content=LATER["header"], sequence=2))
    (made,) = remote.orders()
    noted = driver.adapter.facts_to_keep("acme")
    with closing(new_adapter(remote.sandbox.url)) as successor:
        successor.restore_facts("acme", noted)
        driver.adapter = successor
        remote.sandbox.people("delete", id=made["id"])
        asked(driver.one(command(content=FIRST, sequence=3)))
    assert remote.orders() == []


@later
def test_a_person_can_have_it_made_anew(driver: Driver, remote: Remote, content: ProcorePayload) -> None:
    deleted(driver, remote, command(content=FIRST))
    again = command(content=content, sequence=2)
    asked(driver.one(again))
    decided = replace(again, operation=Operation.RESUBMIT, command_id="decided")
    assert driver.one(decided) == Done()
    assert again.payload is not None
    assert remote.order()["title"] == again.payload.title
    wanted = Counter(f"{one.amount:.2f}" for one in again.payload.lines)
    assert remote.amounts(remote.order()["id"]) == wanted
    assert driver.one(replace(again, sequence=3, command_id="next")) == Done()


def test_what_is_to_be_sent_once_more_and_is_there_is_not_made_twice(driver: Driver, remote: Remote) -> None:
    assert driver.one(command(content=FIRST)) == Done()
    again = command(content=LATER["line"], sequence=2, operation=Operation.RESUBMIT)
    assert driver.one(again) == Done()
    assert remote.amounts(remote.order()["id"]) == Counter({"100.00": 1, "70.00": 1})


def test_a_restored_one_goes_on_by_itself(driver: Driver, remote: Remote) -> None:
    deleted(driver, remote, command(content=FIRST))
    again = command(content=LATER["header"], sequence=2)
    asked(driver.one(again))
    (row,) = remote.sandbox.state()["potential_change_orders"]
    remote.sandbox.people("restore", id=row["id"])
    assert driver.one(replace(again, command_id="again")) == Done()
    assert remote.order()["title"] == "Changed"


@ids
def test_taken_back_it_is_as_good_as_void(driver: Driver, remote: Remote, rule: str) -> None:
    remote.sandbox.settings(sync_id_in_pco=rule)
    deleted(driver, remote, command(content=FIRST, rules=VOID))
    end = driver.one(command(sequence=2, operation=Operation.WITHDRAW, reason="source.deleted", rules=VOID))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    assert remote.orders() == []


@pytest.mark.parametrize("content", [LATER["header"], LATER["line"]], ids=["header", "line"])
def test_a_deleted_package_of_one_tier_asks(driver: Driver, remote: Remote, content: ProcorePayload) -> None:
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=1)
    first = command(content=FIRST, destination=ONE_TIER)
    assert driver.one(first) == Done()
    remote.sandbox.people("delete", kind="package", id=remote.package()["id"])
    again = command(content=content, sequence=2, destination=ONE_TIER)
    asked(driver.one(again))
    assert remote.packages() == []
    assert driver.one(replace(again, operation=Operation.RESUBMIT, command_id="decided")) == Done()
    assert again.payload is not None
    assert remote.package()["title"] == again.payload.title
    assert remote.amounts(remote.order()["id"]) == Counter(f"{one.amount:.2f}" for one in again.payload.lines)


def test_a_lost_answer_about_what_is_still_there_is_in_doubt(driver: Driver, remote: Remote) -> None:
    deleted(driver, remote, command(content=FIRST))
    again = command(content=LATER["header"], sequence=2)
    remote.sandbox.fault("status", {"method": "GET", "path": "/potential_change_orders$"}, status=500)
    planned = driver.adapter.plan(driver.task(again))
    assert isinstance(planned, PlannedCall)
    driver.step(again)
    assert again.origin_id in driver.intents
    asked(driver.one(again))


def test_a_right_that_is_missing_is_no_deletion(procore: Simulated, driver: Driver, remote: Remote) -> None:
    assert driver.one(command(content=FIRST)) == Done()
    procore.fault("status", {"path": "/line_items/sync$"}, status=403, body='{"errors": "no permission"}')
    end = driver.one(command(content=LATER["line"], sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "Denied"


# -- the package or request of a change order that is there itself

GROUPED = ProcoreRules(package="per_change_order", approved_change="reopen", on_withdraw="void", on_delete="void")
APPROVED = payload(line("1", "100"), status="approved")
groups = pytest.mark.parametrize(("tiers", "kind"), [(2, "package"), (3, "package"), (3, "request")])


def group_deleted(driver: Driver, remote: Remote, tiers: int, kind: str) -> ProcoreDestination:
    """It was approved with what groups it, is pending again, and a person deletes the group."""
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)
    where = replace(WORK_ORDER, tiers=tiers)
    assert driver.one(command(content=APPROVED, destination=where, rules=GROUPED)) == Done()
    pending = replace(APPROVED, status="pending")
    assert driver.one(command(content=pending, sequence=2, destination=where, rules=GROUPED)) == Done()
    groups = remote.packages() if kind == "package" else remote.change_order_requests()
    (group,) = groups
    remote.sandbox.people("delete", kind=kind, id=group["id"])
    return where


@groups
def test_a_withdrawal_voids_what_is_left_of_it(driver: Driver, remote: Remote, tiers: int, kind: str) -> None:
    where = group_deleted(driver, remote, tiers, kind)
    taken_back = command(sequence=3, operation=Operation.WITHDRAW, destination=where, rules=GROUPED)
    end = driver.one(taken_back)
    assert isinstance(end, Done)
    assert (end.kind, end.sentence) == (OutcomeKind.WITHDRAWN, "What was written is void in Procore.")
    left = [*remote.orders(), *remote.packages(), *remote.change_order_requests()]
    assert {row["status"] for row in left} == {"void"}


@groups
def test_the_letter_of_a_later_revision_names_what_is_gone(
    driver: Driver, remote: Remote, tiers: int, kind: str
) -> None:
    where = group_deleted(driver, remote, tiers, kind)
    again = command(content=replace(APPROVED, title="New"), sequence=3, destination=where, rules=GROUPED)
    end = driver.one(again)
    asked(end)
    assert isinstance(end, NeedsReview)
    noun = "package" if kind == "package" else "change order request"
    assert end.sentence.startswith(f"The {noun} ")
    assert "which is there itself" in end.sentence
    decided = replace(again, operation=Operation.RESUBMIT, command_id="decided")
    assert driver.one(decided) == Done()
    (package,) = remote.packages()
    assert (remote.order()["status"], package["status"]) == ("approved", "approved")


def test_a_look_at_what_was_taken_back_and_then_deleted_asks_nobody(driver: Driver, remote: Remote) -> None:
    rules = ProcoreRules(on_withdraw="void", on_delete="void")
    driver.one(command(content=FIRST, rules=rules))
    taken_back = command(sequence=2, operation=Operation.WITHDRAW, rules=rules)
    assert isinstance(driver.one(taken_back), Done)
    driver.entries[taken_back.origin_id] = replace(driver.entries[taken_back.origin_id], withdrawn=True)
    remote.sandbox.people("delete", id=remote.order()["id"])
    look = command(operation=Operation.VERIFY, sequence=2, command_id="look")
    end = driver.one(look)
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.UNCHANGED
