"""After a lost ledger our own marks say what was written, so that nothing is written that is there already."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from relay.domain.commands import Operation, ProcoreCommand, ProcoreDestination, ProcoreRules
from relay.domain.ledger_facts import LedgerFact
from relay.domain.outcomes import OutcomeKind
from relay.domain.writes.ledger_fold import LedgerFold
from relay.engine.writer.adapter import Done, NeedsReview, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.told_writes import effects_are_what_is_held, what_was_made_is_told_once

LINES = (line("1", "100"), line("2", "112.38", quantity=Decimal("12.5"), unit_cost=Decimal("8.99")))
FILLED = {"description": "Added rebar", "due_date": "2026-03-20T00:00:00Z", "schedule_days": 2}


def tiers(remote: Remote, count: int) -> ProcoreDestination:
    if count != 2:
        remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=count)
    return replace(WORK_ORDER, tiers=count)


def lost(driver: Driver, remote: Remote) -> int:
    """The ledger and all that was cached are gone; the number of writes so far."""
    driver.entries.clear()
    driver.calls.clear()
    driver.adapter.cache.__post_init__()
    return len(remote.writes())


def given(remote: Remote, count: int, package: str = "none", status: str = "pending", **more: object) -> ProcoreCommand:
    content = payload(*LINES, status=status, **(FILLED | more))
    return command(content=content, destination=tiers(remote, count), rules=ProcoreRules(package=package))


@pytest.mark.parametrize("status", ["pending", "approved", "void"])
@pytest.mark.parametrize(
    ("count", "package"), [(1, "none"), (2, "none"), (2, "per_change_order"), (3, "per_change_order")]
)
def test_what_is_as_it_was_written_is_unchanged(
    driver: Driver, remote: Remote, count: int, package: str, status: str
) -> None:
    one = given(remote, count, package, status)
    assert isinstance(driver.one(one), Done)
    entry = driver.entries[one.origin_id]
    before = lost(driver, remote)
    end = driver.one(one)
    assert isinstance(end, Done), end
    assert remote.writes()[before:] == []
    again = driver.entries[one.origin_id]
    assert again.parts == entry.parts
    assert again.remote == entry.remote


def test_what_the_source_has_changed_since_is_written(driver: Driver, remote: Remote) -> None:
    one = given(remote, 2)
    driver.one(one)
    lost(driver, remote)
    later = command(content=payload(LINES[0], line("2", "60"), status="pending", **FILLED), sequence=2)
    assert isinstance(driver.one(later), Done)
    assert driver.steps() == ["lines"]


@pytest.mark.parametrize("count", [1, 2])
def test_of_an_approved_one_that_the_source_has_changed_both_sides_are_shown(
    driver: Driver, remote: Remote, count: int
) -> None:
    one = given(remote, count, status="approved")
    driver.one(one)
    before = lost(driver, remote)
    later = replace(one, payload=payload(LINES[0], line("2", "60"), status="approved", **FILLED), sequence=2)
    end = driver.one(later)
    assert isinstance(end, Reject)
    assert "the source has changed since" in end.sentence
    ours, theirs = end.sides
    assert ('"160"' in ours, "212.38" in theirs) == (True, True)
    assert remote.writes()[before:] == []


def test_what_a_person_has_changed_is_not_laid_at_the_source_s_door(driver: Driver, remote: Remote) -> None:
    one = given(remote, 2, status="approved")
    driver.one(one)
    remote.sandbox.people("edit", id=remote.order()["id"], set={"title": "By hand"})
    before = lost(driver, remote)
    end = driver.one(one)
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.person_edit"
    assert len(end.sides) == 2
    assert "By hand" in end.sides[1]
    kept = replace(one, rules=ProcoreRules(person_edit="keep_theirs"))
    assert isinstance(driver.one(kept), Done)
    overwritten = driver.one(replace(one, rules=ProcoreRules(person_edit="overwrite")))
    assert isinstance(overwritten, Reject)
    assert "somebody has changed it there since" in overwritten.sentence
    assert remote.writes()[before:] == []


# -- with a ledger that was rebuilt


def rebuilt(driver: Driver, remote: Remote, one: ProcoreCommand, *, told: bool = True) -> int:
    """The ledger was lost and is folded from the writes; not ``told``: from those of an earlier release."""
    fold = LedgerFold("procore", "procore-writer", {})
    for write in driver.writes:
        fold.write(write if told else replace(write, parts=None, facts=None))
    fold.received(one)
    before = lost(driver, remote)
    driver.entries.update({folded.entry.origin_id: folded.entry for folded in fold.entries(())})
    return before


@pytest.mark.parametrize("told", [True, False], ids=["folded", "read"])
@pytest.mark.parametrize(
    ("count", "package"), [(1, "none"), (2, "none"), (2, "per_change_order"), (3, "per_change_order")]
)
def test_a_rebuilt_ledger_says_what_was_written(
    driver: Driver, remote: Remote, count: int, package: str, *, told: bool
) -> None:
    one = given(remote, count, package, "approved")
    driver.one(one)
    entry = driver.entries[one.origin_id]
    before = rebuilt(driver, remote, one, told=told)
    calls = len(remote.sandbox.history())
    assert isinstance(driver.one(one), Done)
    assert remote.writes()[before:] == []
    again = driver.entries[one.origin_id]
    assert again.parts == entry.parts
    assert {**again.remote, **entry.remote} == again.remote
    assert (LedgerFact.REBUILT in again.remote, len(remote.sandbox.history()) == calls) == (told, told)


@pytest.mark.parametrize("count", [1, 2])
def test_before_anything_is_written_over_it_is_looked_for_what_people_have_edited(
    driver: Driver, remote: Remote, count: int
) -> None:
    one = given(remote, count)
    driver.one(one)
    kind = {"kind": "package", "id": remote.package()["id"]} if count == 1 else {"id": remote.order()["id"]}
    remote.sandbox.people("edit", **kind, set={"title": "By hand"})
    before = rebuilt(driver, remote, one)
    end = driver.one(command(content=payload(*LINES, title="Anew", status="pending", **FILLED), sequence=2,
                             destination=one.destination))  # fmt: skip
    assert isinstance(end, NeedsReview), end
    assert end.reason == "procore.person_edit"
    assert remote.writes()[before:] == []


def test_what_nobody_has_edited_is_written_once_that_is_known(driver: Driver, remote: Remote) -> None:
    one = given(remote, 2)
    driver.one(one)
    rebuilt(driver, remote, one)
    later = command(content=payload(LINES[0], line("2", "60"), status="pending", **FILLED), sequence=2)
    assert isinstance(driver.one(later), Done)
    assert driver.steps() == ["lines"]
    assert LedgerFact.REBUILT not in driver.entries[one.origin_id].remote


def test_a_look_whose_commit_was_lost_is_made_again(driver: Driver, remote: Remote) -> None:
    one = given(remote, 2)
    driver.one(one)
    rebuilt(driver, remote, one)
    later = command(content=payload(LINES[0], line("2", "60"), status="pending", **FILLED), sequence=2)
    before = dict(driver.entries)
    while LedgerFact.REBUILT in driver.entries[one.origin_id].remote:
        assert driver.step(later)
    driver.entries = before
    end = driver.one(later)
    assert isinstance(end, Done), end
    assert driver.steps() == ["lines"]


@pytest.mark.parametrize("deleted", [False, True])
def test_before_a_record_is_voided_it_is_looked_at(driver: Driver, remote: Remote, *, deleted: bool) -> None:
    one = given(remote, 2)
    driver.one(one)
    rebuilt(driver, remote, one)
    if deleted:
        remote.sandbox.people("delete", id=remote.order()["id"])
    withdrawal = command(
        sequence=2, operation=Operation.WITHDRAW, destination=one.destination, rules=ProcoreRules(on_withdraw="void")
    )
    looked = False
    while driver.step(withdrawal) and not driver.steps():
        looked = LedgerFact.REBUILT not in driver.entries[one.origin_id].remote
    assert (driver.steps(), looked) == (([], False) if deleted else (["header"], True))
    end = driver.one(withdrawal)
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN


@pytest.mark.parametrize("told", [True, False], ids=["folded", "read"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_withdrawn_after_the_loss_is_found_and_voided(
    driver: Driver, remote: Remote, count: int, *, told: bool
) -> None:
    one = given(remote, count)
    driver.one(one)
    rebuilt(driver, remote, one, told=told)
    withdrawal = command(
        sequence=2,
        operation=Operation.WITHDRAW,
        destination=one.destination,
        rules=ProcoreRules(on_withdraw="void"),
    )
    end = driver.one(withdrawal)
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    assert (remote.package() if count == 1 else remote.order())["status"] == "void"


# -- with a call under way when the ledger was lost


def under_way(driver: Driver, remote: Remote, one: ProcoreCommand, step: str) -> None:
    """The answer to the first such call is lost with the ledger, and its intent stands."""
    remote.sandbox.fault("apply_and_drop", {"method": "POST" if step == "package" else "PATCH", "path": _PATHS[step]})
    while step not in driver.steps():
        assert driver.step(one)
    assert remote.took_hold()
    rebuilt(driver, remote, one)


_PATHS = {"header": "potential_change_orders/sync", "lines": "line_items/sync", "package": "change_order_packages"}


@pytest.mark.parametrize("step", _PATHS)
def test_what_was_under_way_is_told_once(driver: Driver, remote: Remote, step: str) -> None:
    """A reading that only tells the tiers ends no intent."""
    one = given(remote, 2, "per_change_order", "approved")
    under_way(driver, remote, one, step)
    assert isinstance(driver.one(one), Done)
    what_was_made_is_told_once(remote.sandbox.state(), driver.writes)
    effects_are_what_is_held(remote.sandbox.state(), driver.writes)
