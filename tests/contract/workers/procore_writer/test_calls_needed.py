"""How many requests a change order takes, and that none is saved where somebody else may have written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.commands import ProcoreCommand, ProcoreRules
from relay.domain.ledger_facts import ProcoreFact
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote

READ_OF_CONTRACT = 3
"""The contract, its change orders and its packages, once an hour for all of its change orders."""
READ_OF_TIERS = 1
"""Where the contract was empty, the first row that we have made shows its tiers; with one tier the package does."""
MOST = {
    (1, "none", "pending"): 4,
    (1, "none", "approved"): 5,
    (1, "per_change_order", "pending"): 4,
    (1, "per_change_order", "approved"): 5,
    (2, "none", "pending"): 2,
    (2, "none", "approved"): 3,
    (2, "per_change_order", "pending"): 2,
    (2, "per_change_order", "approved"): 5,
    (3, "none", "pending"): 2,
    (3, "none", "approved"): 3,
    (3, "per_change_order", "pending"): 2,
    (3, "per_change_order", "approved"): 7,
}
"""Requests for a change order with lines, alone, by tiers, rule for packages and status; logins are not counted."""

MARKED = {
    "origin_data": json.dumps({"installation": "elsewhere", "idempotency_key": "k", "sequence": 9, "content": "c"})
}


def order(name: str, tiers: int, package: str = "none", status: str = "approved", **more: Any) -> ProcoreCommand:
    content = payload(line("1", "100"), line("2", "50"), title=f"Change {name}", number=name, status=status, **more)
    rules = ProcoreRules(package=package, approved_change="reopen")
    return command(name, content, destination=replace(WORK_ORDER, tiers=tiers), rules=rules)


def with_tiers(remote: Remote, tiers: int) -> None:
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)


@pytest.mark.parametrize(("tiers", "package", "status"), MOST, ids=str)
def test_a_change_order_takes_no_more_requests_than_it_needs(
    driver: Driver, remote: Remote, tiers: int, package: str, status: str
) -> None:
    with_tiers(remote, tiers)
    most = MOST[tiers, package, status]
    assert driver.one(order("1", tiers, package, status)) == Done()
    assert remote.requests() <= most + READ_OF_CONTRACT + (READ_OF_TIERS if tiers > 1 else 0)
    remote.sandbox.forget()
    assert driver.one(order("2", tiers, package, status)) == Done()
    assert remote.requests() <= most, remote.writes()


@pytest.mark.parametrize("tiers", [1, 2, 3])
def test_an_approval_that_comes_later_takes_one_request(driver: Driver, remote: Remote, tiers: int) -> None:
    with_tiers(remote, tiers)
    driver.one(order("1", tiers, "none", "pending"))
    remote.sandbox.forget()
    assert driver.one(replace(order("1", tiers), sequence=2)) == Done()
    assert remote.requests() == 1


# -- the look at what Procore has made for a package


@pytest.fixture
def one_tier(driver: Driver, remote: Remote) -> Remote:
    """One tier, and a contract that is known already."""
    with_tiers(remote, 1)
    driver.one(order("0", 1))
    remote.sandbox.forget()
    return remote


def hidden(remote: Remote) -> dict[str, Any]:
    """The hidden change order of the newest package."""
    newest: dict[str, Any] = max(remote.orders(), key=lambda row: int(row["id"]))
    return newest


def looks(remote: Remote) -> list[str]:
    rows = remote.sandbox.history()
    shown = [row["path"] for row in rows if row["method"] == "GET" and "potential_change_orders/" in row["path"]]
    return [path.rpartition("/")[2] for path in shown]


def until(driver: Driver, given: ProcoreCommand, fact: str) -> None:
    """Makes calls until the ledger knows this of the change order."""
    while given.origin_id not in driver.entries or fact not in driver.entries[given.origin_id].remote:
        assert driver.step(given)


def test_what_procore_has_just_made_for_our_package_is_not_looked_at(driver: Driver, one_tier: Remote) -> None:
    given = order("1", 1)
    assert driver.one(given) == Done()
    assert looks(one_tier) == []
    assert hidden(one_tier)["origin_id"] == given.origin_id


@pytest.mark.parametrize("written", ["origin_id", "description"])
def test_one_that_somebody_has_written_to_since_is_looked_at(driver: Driver, one_tier: Remote, written: str) -> None:
    given = order("1", 1)
    until(driver, given, ProcoreFact.PACKAGE)
    one_tier.sandbox.advance(1)
    theirs = hidden(one_tier)
    one_tier.sandbox.people("edit", kind="pco", id=theirs["id"], set={written: "ERP-17"})
    end = driver.one(given)
    assert looks(one_tier) == [str(theirs["id"])]
    assert hidden(one_tier)[written] == "ERP-17"
    if written == "origin_id":
        assert isinstance(end, Reject)
        assert end.reason == "procore.origin_id_owned"
        assert not [path for path in one_tier.writes() if path == f"PATCH potential_change_orders/{theirs['id']}"]
    else:
        assert end == Done()


def test_one_that_was_found_long_ago_is_looked_at(one_tier: Remote) -> None:
    now = [0.0]
    later = Driver(new_adapter(one_tier.sandbox.url, clock=lambda: now[0]))
    given = order("1", 1)
    until(later, given, ProcoreFact.PCO)
    one_tier.sandbox.people("edit", kind="pco", id=hidden(one_tier)["id"], set={"origin_id": "ERP-17"})
    now[0] += later.adapter.cache.ages.untouched + 1
    end = later.one(given)
    later.adapter.close()
    assert isinstance(end, Reject)
    assert hidden(one_tier)["origin_id"] == "ERP-17"


@pytest.mark.parametrize("owner", ["another system", "another installation"])
def test_a_successor_looks_at_what_it_has_not_made_itself(driver: Driver, one_tier: Remote, owner: str) -> None:
    given = order("1", 1)
    until(driver, given, ProcoreFact.PCO)
    theirs = {"origin_id": "ERP-17"} if owner == "another system" else MARKED | {"origin_id": given.origin_id}
    one_tier.sandbox.people("edit", kind="pco", id=hidden(one_tier)["id"], set=theirs)
    successor = Driver(new_adapter(one_tier.sandbox.url), driver.entries, driver.intents)
    end = successor.one(given)
    successor.adapter.close()
    assert isinstance(end, Reject)
    assert end.reason == "procore.origin_id_owned"
    assert theirs.items() <= hidden(one_tier).items()


def test_the_order_of_a_package_that_others_have_made_is_looked_at(driver: Driver, one_tier: Remote) -> None:
    given = order("1", 1)
    made = one_tier.sandbox.people("create_package", contract=44021, title="Change 1")
    theirs = hidden(one_tier)
    assert theirs["package_id"] == made["id"]
    adopting = replace(given, rules=replace(given.rules, existing="adopt"))
    driver.adapter.cache.views.clear()
    assert driver.one(adopting) == Done()
    assert "claim_package" in driver.steps()
    assert str(theirs["id"]) in looks(one_tier)
