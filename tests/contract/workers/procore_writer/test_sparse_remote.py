"""A Procore that serves only what its reference names beyond doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreRules
from relay.engine.writer.adapter import Done, Reject
from tests.contract.workers.procore_writer.harness import WORK_ORDER, Driver, command, line, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.procore_shows import Members, shown_as, without_lines
from workers.procore_writer.calls import hidden

PAGES = ("/projects/315$", "_contracts/")
CONTRACTS = ("/projects/315$", "_contracts", "/prime_contract")


def unserved(procore: Simulated, *paths: str) -> None:
    for path in paths:
        procore.fault("status", {"method": "GET", "path": path}, status=404, body='{"errors": "Not found"}', times=0)


@pytest.mark.parametrize("missing", [PAGES, CONTRACTS], ids=["no pages", "no contracts"])
def test_a_contract_need_not_be_shown_to_be_written_to(
    procore: Simulated, driver: Driver, remote: Remote, missing: tuple[str, ...]
) -> None:
    unserved(procore, *missing)
    assert driver.one(command(content=payload(line("1", "12.50")))) == Done()
    assert remote.order()["title"] == "Footing rebar C4"


def test_a_contract_that_a_list_lacks_is_not_written_to(procore: Simulated, driver: Driver, remote: Remote) -> None:
    unserved(procore, *PAGES)
    procore.fault("status", {"path": "/work_order_contracts$"}, status=200, body="[]", times=0)
    end = driver.one(command(content=payload(line("1", "12.50"))))
    assert isinstance(end, Reject)
    assert end.reason == "procore.contract_unknown"
    assert remote.orders() == []


ONE_TIER = replace(WORK_ORDER, tiers=1)


@pytest.mark.parametrize("kind", ["not served", "no link"])
def test_a_hidden_change_order_is_found_without_the_newer_lists(
    procore: Simulated, driver: Driver, remote: Remote, kind: str
) -> None:
    procore.people("set_tiers", project=315, side="commitment", tiers=1)
    if kind == "not served":
        unserved(procore, "/commitment_change_orders")
    else:
        procore.fault("status", {"path": "/commitment_change_orders"}, status=200, body="[]", times=0)
    procore.people("create_pco", contract=44021, title="Somebody's", number="8")
    first = command(content=payload(line("1", "12.50")), destination=ONE_TIER)
    assert driver.one(first) == Done()
    (order,) = [row for row in remote.orders() if row["origin_id"] == first.origin_id]
    assert remote.amounts(order["id"]) == {"12.50": 1}


def test_alike_packages_are_not_confused_without_the_newer_lists(
    procore: Simulated, driver: Driver, remote: Remote
) -> None:
    procore.people("set_tiers", project=315, side="commitment", tiers=1)
    unserved(procore, "/commitment_change_orders")
    several = [
        command(str(one), payload(line("1", f"{one + 1}"), number=str(one)), destination=ONE_TIER) for one in range(3)
    ]
    ends = [driver.one(one) for one in several]
    for one, end in zip(several, ends, strict=True):
        found = [row for row in remote.orders() if row["origin_id"] == one.origin_id]
        assert (end == Done()) is (len(found) == 1)
        for order in found:
            assert one.payload is not None
            assert remote.amounts(order["id"]) == {f"{one.payload.lines[0].amount:.2f}": 1}


def test_a_line_with_a_unit_is_written_without_the_list_of_units(
    procore: Simulated, driver: Driver, remote: Remote
) -> None:
    unserved(procore, "/uoms$")
    unit = line("1", "100", quantity=Decimal(4), unit_cost=Decimal(25), unit="ea")
    assert driver.one(command(content=payload(unit))) == Done()
    (written,) = remote.lines()
    assert written["uom"] == "ea"
    wrong = line("1", "100", quantity=Decimal(4), unit_cost=Decimal(25), unit="fathom")
    end = driver.one(command(content=payload(wrong), sequence=2))
    assert isinstance(end, Reject)
    assert end.reason == "procore.unit_unknown"


@pytest.mark.parametrize("otherwise", [without_lines, lambda shown: shown | {"line_items": None}])
def test_a_record_that_does_not_tell_its_lines_is_adopted_with_those_that_are_listed(
    driver: Driver, remote: Remote, monkeypatch: pytest.MonkeyPatch, otherwise: Callable[[Members], Members]
) -> None:
    typed = [{"description": f"Item {number}", "amount": amount} for number, amount in ((1, "100.00"), (2, "50.00"))]
    remote.sandbox.people("create_pco", contract=44021, title="Footing rebar C4", number="007", lines=typed)
    shown_as(monkeypatch, otherwise)
    given = command(content=payload(line("1", "100"), line("2", "50")), rules=ProcoreRules(existing="adopt"))
    assert driver.one(given) == Done()
    assert remote.amounts() == {"100.00": 1, "50.00": 1}


def test_what_procore_made_for_a_package_is_told_from_others_by_listed_lines(
    procore: Simulated, driver: Driver, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    procore.people("set_tiers", project=315, side="commitment", tiers=1)
    unserved(procore, "/commitment_change_orders")
    typed = [{"description": "Rebar", "amount": "5.00"}]
    procore.people("create_pco", contract=44021, title="Somebody's", number="8", lines=typed)
    shown_as(monkeypatch, without_lines)
    monkeypatch.setattr(hidden, "_is_like", lambda row, package: True)
    first = command(content=payload(line("1", "12.50")), destination=ONE_TIER)
    assert driver.one(first) == Done()
    (order,) = [row for row in remote.orders() if row["origin_id"] == first.origin_id]
    assert remote.amounts(order["id"]) == {"12.50": 1}
