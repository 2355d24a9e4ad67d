"""An empty contract does not show its tiers: what the route says is followed until Procore shows otherwise."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from relay.domain.commands import Operation, ProcoreDestination, ProcoreRules
from relay.engine.writer.adapter import Done, NeedsReview, Reject
from tests.contract.workers.procore_writer.harness import (
    PRIME,
    WORK_ORDER,
    Driver,
    command,
    line,
    new_adapter,
    payload,
)
from tests.contract.workers.procore_writer.state import Remote

FIRST = payload(line("1", "100"), line("2", "50"))
SECOND = payload(line("1", "120"), title="Changed", status="approved")
PACKAGES = ProcoreRules(package="per_change_order")
RULES = pytest.mark.parametrize("rules", [ProcoreRules(), PACKAGES], ids=["no package", "package"])
PLACES = pytest.mark.parametrize("where", [WORK_ORDER, PRIME], ids=["commitment", "prime"])


def has(remote: Remote, tiers: int, where: ProcoreDestination = WORK_ORDER) -> None:
    side = "prime" if where.contract.value == "prime" else "commitment"
    remote.sandbox.people("set_tiers", project=315, side=side, tiers=tiers)


def told(end: object, shown: int) -> None:
    assert isinstance(end, Done)
    assert f"Procore works with {shown}" in (end.sentence or "")


@PLACES
@RULES
@pytest.mark.parametrize("stated", [2, 3])
def test_one_tier_shows_itself_once_something_was_written(
    driver: Driver, remote: Remote, rules: ProcoreRules, where: ProcoreDestination, stated: int
) -> None:
    """The package that Procore has made for it becomes ours; there is no second one."""
    has(remote, 1, where)
    remote.sandbox.settings(single_tier_pco="create_package")
    there = replace(where, tiers=stated)
    first = command(content=FIRST, destination=there, rules=rules)
    told(driver.one(first), 1)
    assert remote.order()["origin_id"] == first.origin_id
    assert remote.package()["origin_id"] == f"{first.origin_id}:package"
    assert remote.package()["status"] == "pending"
    told(driver.one(command(content=SECOND, sequence=2, destination=there, rules=rules)), 1)
    assert (remote.package()["status"], remote.package()["title"]) == ("approved", "Changed")
    assert remote.amounts(remote.order()["id"]) == Counter({"120.00": 1})


@RULES
def test_one_tier_without_a_package_is_a_letter_and_nothing_is_written_twice(
    driver: Driver, remote: Remote, rules: ProcoreRules
) -> None:
    has(remote, 1)
    remote.sandbox.settings(single_tier_pco="alone")
    for sequence, content in ((1, FIRST), (2, SECOND)):
        end = driver.one(command(content=content, sequence=sequence, rules=rules))
        assert isinstance(end, NeedsReview)
        assert end.reason == "procore.tiers"
        assert len(remote.orders()) == 1
        assert remote.packages() == []
    remote.sandbox.people("delete", id=remote.order()["id"])
    right = command(content=SECOND, sequence=2, rules=rules, destination=replace(WORK_ORDER, tiers=1))
    assert driver.one(replace(right, operation=Operation.RESUBMIT, command_id="decided")) == Done()
    assert remote.package()["status"] == "approved"
    assert remote.amounts(remote.order()["id"]) == Counter({"120.00": 1})


def test_one_tier_that_refuses_is_a_letter(driver: Driver, remote: Remote) -> None:
    has(remote, 1)
    end = driver.one(command(content=FIRST))
    assert isinstance(end, Reject)
    assert end.reason == "procore.tiers"
    assert driver.one(command(content=FIRST, destination=replace(WORK_ORDER, tiers=1))) == Done()


@RULES
@pytest.mark.parametrize(("stated", "shown"), [(2, 3), (3, 2)])
def test_two_and_three_tiers_are_followed_as_they_show(
    driver: Driver, remote: Remote, rules: ProcoreRules, stated: int, shown: int
) -> None:
    has(remote, shown)
    there = replace(WORK_ORDER, tiers=stated)
    told(driver.one(command(content=FIRST, destination=there, rules=rules)), shown)
    told(driver.one(command(content=SECOND, sequence=2, destination=there, rules=rules)), shown)
    assert remote.order()["status"] == "approved"
    assert len(remote.packages()) == (1 if rules is PACKAGES else 0)


def test_two_tiers_where_the_route_says_one_wait_for_the_corrected_route(driver: Driver, remote: Remote) -> None:
    has(remote, 2)
    end = driver.one(command(content=FIRST, destination=replace(WORK_ORDER, tiers=1), rules=PACKAGES))
    assert isinstance(end, Reject)
    assert end.reason == "procore.hidden_order_missing"
    assert driver.one(command(content=SECOND, sequence=2, rules=PACKAGES)) == Done()
    assert len(remote.orders()) == len(remote.packages()) == 1


def test_what_was_met_outlives_the_process(driver: Driver, remote: Remote) -> None:
    assert driver.one(command(content=payload())) == Done()
    driver.adapter.close()
    again = Driver(new_adapter(remote.sandbox.url), driver.entries)
    remote.sandbox.forget()
    assert again.one(command(content=payload(), sequence=2)) == Done()
    assert remote.requests() == 0
    again.adapter.close()


# -- tiers that are raised under a record that is there

RAISED = ProcoreRules(package="per_change_order", approved_change="reopen", on_withdraw="void", on_delete="void")


def raised(remote: Remote, tiers: int) -> None:
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=tiers)


@pytest.mark.parametrize("restarted", [True, False])
def test_an_approval_follows_a_third_tier(driver: Driver, remote: Remote, *, restarted: bool) -> None:
    """A process that knows the contract from just now is told by the refusal of the link."""
    raised(remote, 2)
    driver.one(command(content=payload(line("1", "100")), rules=RAISED))
    raised(remote, 3)
    with closing(new_adapter(remote.sandbox.url)) as successor:
        if restarted:
            driver.adapter = successor
        approved = command(content=payload(line("1", "100"), status="approved"), sequence=2, rules=RAISED)
        assert isinstance(driver.one(approved), Done)
        (request,) = remote.change_order_requests()
        assert {remote.order()["status"], request["status"], remote.package()["status"]} == {"approved"}


@pytest.mark.parametrize("package", ["none", "per_change_order"])
def test_an_approval_and_a_withdrawal_follow_a_second_tier(driver: Driver, remote: Remote, package: str) -> None:
    """The package that one tier asked for stays with its change order, whatever the rule says of packages."""
    rules = replace(RAISED, package=package)
    raised(remote, 1)
    one_tier = replace(WORK_ORDER, tiers=1)
    driver.one(command(content=payload(line("1", "100")), destination=one_tier, rules=rules))
    raised(remote, 2)
    with closing(new_adapter(remote.sandbox.url)) as successor:
        driver.adapter = successor
        content = payload(line("1", "150"), status="approved")
        assert isinstance(driver.one(command(content=content, sequence=2, destination=one_tier, rules=rules)), Done)
        assert {remote.order()["status"], remote.package()["status"]} == {"approved"}
        taken_back = command(sequence=3, operation=Operation.WITHDRAW, destination=one_tier, rules=rules)
        assert isinstance(driver.one(taken_back), Done)
        assert {remote.order()["status"], remote.package()["status"]} == {"void"}
