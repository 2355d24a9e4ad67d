"""Records that people typed in before the relay, and keys that belong to others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from relay.domain import identity
from relay.domain.commands import Operation, ProcoreRules
from relay.domain.procore_content import Mark
from relay.engine.writer.adapter import Done, NeedsReview, PlannedCall, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote

ADOPT = ProcoreRules(existing="adopt")
REOPEN = ProcoreRules(existing="adopt", approved_change="reopen")


def typed_in(remote: Remote, *lines: dict[str, str], **more: Any) -> int:
    about = {"contract": 44021, "title": "Footing rebar C4", "number": "007"} | more
    row = remote.sandbox.people("create_pco", **about, lines=list(lines))
    return int(row["id"])


def typed_line(description: str, amount: str) -> dict[str, str]:
    return {"description": description, "amount": amount}


@pytest.mark.parametrize(
    "same",
    [
        {"number": "007", "title": "Otherwise"},
        {"number": "\uff10\uff10\uff17", "title": "Otherwise"},
        {"number": "9", "title": "  footing REBAR c4 "},
        {"number": "9", "title": "Footing\u00a0rebar C4\u200b"},
    ],
)
def test_a_record_with_the_same_number_or_title_is_asked_about(
    driver: Driver, remote: Remote, same: dict[str, str]
) -> None:
    typed_in(remote, **same)
    end = driver.one(command(content=payload(line("1", "100"))))
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.existing_record"
    assert len(remote.orders()) == 1
    assert driver.steps() == []


@pytest.mark.parametrize("text", ["Item 1", "ITEM\u00a01\u200b", "Item \uff11"])
def test_adoption_doubles_neither_the_record_nor_its_lines(driver: Driver, remote: Remote, text: str) -> None:
    pco_id = typed_in(remote, typed_line(text, "100.00"), typed_line("by hand", "50.00"), status="pending")
    given = command(content=payload(line("1", "100"), line("2", "50")), rules=ADOPT)
    before = {row["id"] for row in remote.lines()}
    assert driver.one(given) == Done()
    order = remote.order()
    assert (order["id"], order["origin_id"]) == (pco_id, given.origin_id)
    assert {row["id"] for row in remote.lines()} == before
    assert {row["origin_id"] for row in remote.lines()} == {f"{given.origin_id}:item:{n}" for n in (1, 2)}
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})
    driver.calls.clear()
    assert driver.one(given) == Done()
    assert driver.calls == []


def test_lines_of_one_amount_are_told_apart_by_their_words_however_they_are_written(
    driver: Driver, remote: Remote
) -> None:
    typed_in(remote, typed_line("Item \uff12", "100.00"), typed_line("item\u00a01\u200b", "100.00"), status="pending")
    assert driver.one(command(content=payload(line("1", "100"), line("2", "100")), rules=ADOPT)) == Done()
    adopted = {row["origin_id"].rpartition(":")[2]: row["id"] for row in remote.lines()}
    assert adopted["1"] > adopted["2"], "the second that was typed is the first item"


def test_of_two_that_are_alike_the_one_with_number_and_title_is_taken_however_they_are_written(
    driver: Driver, remote: Remote
) -> None:
    typed_in(remote, typed_line("Item 1", "100.00"), number="9", status="pending")
    both = typed_in(remote, typed_line("Item 1", "100.00"), title="footing rebar C4\u200b", status="pending")
    assert driver.one(command(content=payload(line("1", "100")), rules=ADOPT)) == Done()
    owned = {row["id"]: row["origin_id"] for row in remote.orders()}
    assert owned[both] is not None
    assert list(owned.values()).count(None) == 1


def test_lump_sums_are_replaced_where_the_total_agrees(driver: Driver, remote: Remote) -> None:
    typed_in(remote, typed_line("all of it", "150.00"), status="pending")
    assert driver.one(command(content=payload(line("1", "100"), line("2", "50")), rules=ADOPT)) == Done()
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})


def test_lines_that_the_source_lacks_are_asked_about_where_the_total_differs(driver: Driver, remote: Remote) -> None:
    typed_in(remote, typed_line("Item 1", "100.00"), typed_line("extra", "70.00"), status="pending")
    end = driver.one(command(content=payload(line("1", "100")), rules=ADOPT))
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.existing_lines"
    assert len(remote.lines()) == 2


def test_an_approved_record_with_the_right_total_is_taken_over_untouched(driver: Driver, remote: Remote) -> None:
    pco_id = typed_in(remote, typed_line("all of it", "150.00"), status="approved", title="Typed", number="007")
    content = payload(line("1", "100"), line("2", "50"), status="approved")
    given = command(content=content, rules=REOPEN)
    assert driver.one(given) == Done()
    order = remote.order()
    assert (order["id"], order["title"], order["status"]) == (pco_id, "Typed", "approved")
    assert remote.amounts() == Counter({"150.00": 1})
    later = payload(line("1", "100"), line("2", "80"), status="approved")
    assert driver.one(command(content=later, rules=REOPEN, sequence=2)) == Done()
    assert remote.amounts() == Counter({"100.00": 1, "80.00": 1})
    assert remote.order()["status"] == "approved"


def test_an_approved_record_with_another_total_is_asked_about(driver: Driver, remote: Remote) -> None:
    typed_in(remote, typed_line("all of it", "170.00"), status="approved")
    end = driver.one(command(content=payload(line("1", "100"), status="approved"), rules=ADOPT))
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.existing_approved"


def test_creating_beside_it_leaves_it_alone(driver: Driver, remote: Remote) -> None:
    pco_id = typed_in(remote, typed_line("by hand", "50.00"))
    end = driver.one(command(content=payload(line("1", "100")), rules=ProcoreRules(existing="create")))
    assert end == Done()
    assert len(remote.orders()) == 2
    assert remote.amounts(pco_id) == Counter({"50.00": 1})


@pytest.mark.parametrize("rule", ["letter", "adopt"])
def test_a_key_of_another_system_is_never_overwritten(driver: Driver, remote: Remote, rule: str) -> None:
    pco_id = typed_in(remote)
    remote.sandbox.people("edit", id=pco_id, set={"origin_id": "ERP-CO-417"})
    end = driver.one(command(content=payload(line("1", "100")), rules=ProcoreRules(existing=rule)))
    assert isinstance(end, Reject)
    assert end.reason == "procore.origin_id_owned"
    assert "'ERP-CO-417'" in end.sentence
    assert remote.order()["origin_id"] == "ERP-CO-417"


def test_another_installations_record_is_never_overwritten(driver: Driver, remote: Remote) -> None:
    given = command(content=payload(line("1", "100")))
    pco_id = typed_in(remote)
    mark = Mark(installation="the other one", idempotency_key="k", sequence=1, content="c").text()
    remote.sandbox.people("edit", id=pco_id, set={"origin_id": given.origin_id, "origin_data": mark})
    end = driver.one(given)
    assert isinstance(end, Reject)
    assert end.reason == "procore.origin_id_owned"
    assert "'the other one'" in end.sentence


def test_our_own_record_is_found_again_after_the_ledger_is_lost(driver: Driver, remote: Remote) -> None:
    rules = ProcoreRules(package="per_change_order")
    given = command(content=payload(line("1", "100"), status="approved"), rules=rules)
    driver.one(given)
    driver.entries.clear()
    driver.adapter.cache.views.clear()
    end = driver.one(given)
    assert isinstance(end, Reject | Done)
    assert len(remote.orders()) == 1
    assert len(remote.packages()) == 1
    assert len(remote.lines()) == 1


def test_a_person_says_which_record_it_is(driver: Driver, remote: Remote) -> None:
    pco_id = typed_in(remote, typed_line("all of it", "99.00"), status="pending")
    content = payload(line("1", "100"))
    assert isinstance(driver.one(command(content=content)), NeedsReview)
    adopt = command(content=content, operation=Operation.ADOPT, adopt_remote_id=str(pco_id))
    assert isinstance(driver.one(adopt), Done)
    assert remote.order()["id"] == pco_id
    assert remote.amounts() == Counter({"100.00": 1})


def test_a_record_that_came_after_the_contract_was_listed_can_be_adopted(driver: Driver, remote: Remote) -> None:
    driver.one(command("1", payload(title="Another", number="1")))
    pco_id = typed_in(remote, typed_line("all of it", "100.00"), title="Made by hand", status="pending")
    adopt = command(content=payload(line("1", "100")), operation=Operation.ADOPT, adopt_remote_id=str(pco_id))
    assert isinstance(driver.one(adopt), Done)
    assert pco_id in {row["id"] for row in remote.orders() if row["origin_id"] == adopt.origin_id}


@pytest.mark.parametrize("named", ["12", "no id", ""])
def test_a_record_that_is_not_there_cannot_be_adopted(driver: Driver, remote: Remote, named: str) -> None:
    end = driver.one(command(content=payload(), operation=Operation.ADOPT, adopt_remote_id=named))
    assert isinstance(end, Reject)
    assert end.reason == "procore.adopt_not_found"


def test_two_change_orders_with_one_title_are_two_records(driver: Driver, remote: Remote) -> None:
    commands = [command(str(n), payload(title="Extra work", number=str(n))) for n in range(2)]
    assert driver.run(*commands) == [Done()] * 2
    driver.adapter.cache.views.clear()
    assert driver.one(command("3", payload(title="Extra work", number="3"))) == Done()
    assert len(remote.orders()) == 3


def test_one_tier_adopts_the_package(driver: Driver, remote: Remote) -> None:
    remote.sandbox.people("set_tiers", project=315, side="commitment", tiers=1)
    typed_in(remote, typed_line("Item 1", "100.00"), number="31")
    package = remote.package()
    given = command(content=payload(line("1", "100")), rules=ADOPT, destination=replace(WORK_ORDER, tiers=1))
    assert driver.one(given) == Done()
    assert remote.package()["id"] == package["id"]
    assert remote.package()["origin_id"] == identity.package_origin_id(given.origin_id)
    assert remote.order()["origin_id"] == given.origin_id
    assert remote.amounts() == Counter({"100.00": 1})


def test_a_first_load_into_a_retyped_company_doubles_nothing(driver: Driver, remote: Remote) -> None:
    remote.sandbox.settings(spike_limit=10_000)
    remote.sandbox.people("load_typed_in", contract=44021, count=30, seed=3)
    typed = {row["id"]: row for row in remote.orders()}
    commands = [
        command(
            str(n),
            payload(*_lines_of(remote, row), title=row["title"], number=row["number"], status=row["status"]),
            rules=replace(REOPEN, person_edit="keep_theirs"),
        )
        for n, row in enumerate(typed.values())
    ]
    ends = driver.run(*commands)
    assert [end for end in ends if not isinstance(end, Done)] == []
    assert {row["id"] for row in remote.orders()} == typed.keys()
    assert all(row["origin_id"] for row in remote.orders())
    assert sum(remote.amounts().values()) == sum(len(row["line_items"]) for row in typed.values())


def _lines_of(remote: Remote, row: dict[str, Any]) -> list[Any]:
    found = remote.lines(row["id"])
    return [line(str(n), str(one["amount"]), description=one["description"]) for n, one in enumerate(found)]


def test_what_another_took_meanwhile_is_not_overwritten(driver: Driver, remote: Remote) -> None:
    """Two change orders fit one record; the second was planned before the first had adopted it."""
    typed_in(remote, status="pending")
    first, second = (command(n, payload(title="Footing rebar C4", number="007"), rules=ADOPT) for n in ("1", "2"))
    stale = driver.adapter.plan(driver.task(second))
    while isinstance(stale, PlannedCall) and stale.step != "claim":
        driver.step(second)
        stale = driver.adapter.plan(driver.task(second))
    assert driver.one(first) == Done()
    driver.carry(second, stale)
    assert driver.one(second) == Done()
    assert {row["origin_id"] for row in remote.orders()} == {first.origin_id, second.origin_id}
