"""One tier: packages with a hidden change order. Three tiers: requests in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.commands import Operation, ProcoreRules
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Done, NeedsReview, Reject
from tests.contract.workers.procore_writer.harness import PRIME, WORK_ORDER, Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote

ONE = replace(WORK_ORDER, tiers=1)
THREE = replace(WORK_ORDER, tiers=3)
RULES = ProcoreRules(package="per_change_order", approved_change="reopen", on_withdraw="void")


@pytest.fixture
def one_tier(remote: Remote) -> Remote:
    for side in ("commitment", "prime"):
        remote.sandbox.people("set_tiers", project=315, side=side, tiers=1)
    return remote


@pytest.fixture
def three_tiers(remote: Remote) -> Remote:
    for side in ("commitment", "prime"):
        remote.sandbox.people("set_tiers", project=315, side=side, tiers=3)
    return remote


def one(content: Any, sequence: int = 1, **more: Any) -> Any:
    return command(content=content, sequence=sequence, destination=more.pop("destination", ONE), rules=RULES, **more)


def three(content: Any, sequence: int = 1, **more: Any) -> Any:
    return command(content=content, sequence=sequence, destination=THREE, rules=RULES, **more)


@pytest.mark.parametrize("destination", [ONE, replace(PRIME, tiers=1)], ids=["commitment", "prime"])
def test_one_tier_writes_the_package_and_lines_on_its_hidden_order(
    driver: Driver, one_tier: Remote, destination: Any
) -> None:
    given = one(payload(line("1", "100"), line("2", "50"), status="approved"), destination=destination)
    assert driver.one(given) == Done()
    package, hidden = one_tier.package(), one_tier.order()
    assert (package["origin_id"], hidden["origin_id"]) == (f"{given.origin_id}:package", given.origin_id)
    assert (package["status"], package["title"], package["origin_code"]) == ("approved", "Footing rebar C4", "007")
    assert hidden["package_id"] == package["id"]
    assert one_tier.amounts(hidden["id"]) == Counter({"100.00": 1, "50.00": 1})


def test_one_tier_needs_one_call_for_an_edit_and_none_for_a_replay(driver: Driver, one_tier: Remote) -> None:
    driver.one(one(payload(line("1", "100"))))
    one_tier.sandbox.forget()
    edit = one(payload(line("1", "100"), title="Another"), 2)
    assert driver.one(edit) == Done()
    assert one_tier.requests() == 1
    fresh = Driver(new_adapter(one_tier.sandbox.url), driver.entries)
    assert fresh.one(edit) == Done()
    assert one_tier.requests() == 1
    fresh.adapter.close()


def test_one_tier_reopens_and_voids(driver: Driver, one_tier: Remote) -> None:
    driver.one(one(payload(line("1", "100"), status="approved")))
    assert driver.one(one(payload(line("1", "150"), line("2", "1"), status="approved"), 2)) == Done()
    assert one_tier.package()["status"] == "approved"
    assert one_tier.amounts() == Counter({"150.00": 1, "1.00": 1})
    end = driver.one(one(None, 3, operation=Operation.WITHDRAW))
    assert isinstance(end, Done)
    assert one_tier.package()["status"] == "void"


@pytest.mark.parametrize("kind", ["apply_and_drop", "drop_before"])
def test_one_tier_makes_one_package_whatever_is_lost(driver: Driver, one_tier: Remote, kind: str) -> None:
    for path in ("change_order_packages$", "potential_change_orders/", r"change_order_packages/\d"):
        one_tier.sandbox.fault(kind, {"path": path, "body": "{"})
    assert driver.one(one(payload(line("1", "100"), status="approved"))) == Done()
    assert one_tier.took_hold()
    assert one_tier.package()["status"] == "approved"
    assert one_tier.amounts() == Counter({"100.00": 1})


def test_a_route_that_states_too_many_tiers_is_told(driver: Driver, one_tier: Remote) -> None:
    end = driver.one(command(content=payload(line("1", "100"))))
    assert isinstance(end, Reject)
    assert end.reason == "procore.tiers"


def test_the_tiers_that_procore_shows_are_followed(driver: Driver, one_tier: Remote) -> None:
    one_tier.sandbox.people("create_pco", contract=44021, title="Typed in")
    end = driver.one(command(content=payload(line("1", "100")), rules=RULES))
    assert isinstance(end, Done)
    assert end.sentence is not None
    assert "states 2 tiers" in end.sentence
    assert len(one_tier.packages()) == 2


def test_three_tiers_link_the_order_by_a_request(driver: Driver, three_tiers: Remote) -> None:
    given = three(payload(line("1", "100"), line("2", "50"), status="approved"))
    assert driver.one(given) == Done()
    (request,) = three_tiers.rows("change_order_requests")
    order, package = three_tiers.order(), three_tiers.package()
    assert request["origin_id"] == f"{given.origin_id}:cor"
    assert (order["parent_id"], request["parent_id"]) == (request["id"], package["id"])
    assert [row["status"] for row in (order, request, package)] == ["approved"] * 3
    assert three_tiers.amounts() == Counter({"100.00": 1, "50.00": 1})
    assert driver.steps() == ["header", "lines", "package", "request", "header", "request", "update_package"]


def test_three_tiers_reopen_from_the_outside_in_and_void(driver: Driver, three_tiers: Remote) -> None:
    driver.one(three(payload(line("1", "100"), status="approved")))
    assert driver.one(three(payload(line("1", "150"), status="approved"), 2)) == Done()
    assert three_tiers.amounts() == Counter({"150.00": 1})
    assert isinstance(driver.one(three(None, 3, operation=Operation.WITHDRAW)), Done)
    statuses = [three_tiers.order()["status"], three_tiers.package()["status"]]
    statuses += [row["status"] for row in three_tiers.rows("change_order_requests")]
    assert statuses == ["void"] * 3


def test_a_pending_change_order_of_three_tiers_has_no_request_yet(driver: Driver, three_tiers: Remote) -> None:
    assert driver.one(three(payload(line("1", "100")))) == Done()
    assert not three_tiers.rows("change_order_requests")


def test_a_tier_raised_in_mid_project_is_followed(driver: Driver, remote: Remote) -> None:
    two = replace(THREE, tiers=2)
    linked = command("1", payload(line("1", "100"), status="approved", number="1"), destination=two, rules=RULES)
    assert driver.one(linked) == Done()
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=3)
    driver.adapter.cache.views.clear()
    later = command("2", payload(line("1", "7"), status="approved", number="2"), destination=two, rules=RULES)
    assert isinstance(driver.one(later), Done)
    assert len([row for row in remote.rows("change_order_requests") if row["origin_id"]]) == 1
    content = payload(line("1", "120"), status="approved", number="1")
    again = command("1", content, sequence=2, destination=two, rules=RULES)
    assert isinstance(driver.one(again), Done)
    assert len(remote.packages()) == 2
    assert remote.amounts() == Counter({"120.00": 1, "7.00": 1})


@pytest.mark.parametrize("kind", ["apply_and_drop", "drop_before"])
@pytest.mark.parametrize("calls", range(1, 8))
def test_three_tiers_in_doubt_double_nothing(driver: Driver, three_tiers: Remote, calls: int, kind: str) -> None:
    given = three(payload(line("1", "100"), status="approved"))
    while len(driver.calls) < calls - 1:
        driver.step(given)
    three_tiers.sandbox.fault(kind, {"path": "potential_change|change_order_", "body": "{"})
    successor = Driver(new_adapter(three_tiers.sandbox.url), driver.entries, driver.intents)
    assert successor.one(given) == Done()
    successor.adapter.close()
    assert three_tiers.took_hold()
    (request,) = [row for row in three_tiers.rows("change_order_requests") if row["origin_id"]]
    assert [three_tiers.order()["status"], request["status"], three_tiers.package()["status"]] == ["approved"] * 3
    assert three_tiers.amounts() == Counter({"100.00": 1})


def test_one_tier_notices_a_persons_edit(driver: Driver, one_tier: Remote) -> None:
    driver.one(one(payload(line("1", "100"), description="words", schedule_days=3)))
    look = one(None, 2, operation=Operation.VERIFY)
    assert driver.one(look) == Done(kind=OutcomeKind.UNCHANGED)
    one_tier.sandbox.people("edit", kind="package", id=one_tier.package()["id"], set={"title": "By hand"})
    driver.adapter.cache.comparisons.clear()
    end = driver.one(look)
    assert isinstance(end, NeedsReview)
    assert "package" in end.sentence


def test_a_change_reason_is_written_by_its_words(driver: Driver, remote: Remote) -> None:
    content = payload(line("1", "100"), status="approved", change_reason="owner request")
    assert driver.one(command(content=content, rules=RULES)) == Done()
    assert remote.order()["change_order_change_reason_id"] is not None
    assert driver.steps()[:3] == ["header", "lines", "reason"]
    end = driver.one(command("2", payload(title="B", number="8", change_reason="No such reason")))
    assert isinstance(end, Reject)
    assert end.reason == "procore.change_reason_unknown"


def test_with_one_tier_the_letter_about_a_line_names_the_package(driver: Driver, one_tier: Remote) -> None:
    driver.one(one(payload(status="approved")))
    lines = payload(line("1", "5", cost_code="99-999"), status="approved")
    end = driver.one(replace(one(lines), sequence=2))
    assert isinstance(end, Reject)
    name = f"change order package {one_tier.package()['number']}"
    assert end.sentence.endswith(f"Until then {name} stands in Procore without lines.")
