"""The believable company: what a reader of the API has to be prepared for."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from deploy.sandbox.process import Simulated

CENT = Decimal("0.01")


@pytest.fixture
def company(constructiononline: Simulated) -> dict[str, Any]:
    made = constructiononline.people("load_company", project_ids=[2001, 2002, 2003], change_orders=300)
    assert made["change_orders"] == 300
    return constructiononline.state()


def item_counts(state: dict[str, Any]) -> Counter[int]:
    return Counter(item["CHANGE_ORDER_ID"] for item in state["items"])


def test_it_is_spread_over_the_projects_that_are_named(company: dict[str, Any]) -> None:
    assert Counter(order["PRJ_ID"] for order in company["change_orders"]).keys() == {2001, 2002, 2003}
    assert [project["ID"] for project in company["projects"]] == [2001, 2002, 2003]


def test_all_statuses_occur(company: dict[str, Any]) -> None:
    assert {order["CONDITION"] for order in company["change_orders"]} == {0, 1, 2, 3}


def test_lump_sums_and_detailed_ones_up_to_some_hundred_items(company: dict[str, Any]) -> None:
    counts = item_counts(company)
    lump_sums = [order for order in company["change_orders"] if order["ID"] not in counts]
    assert len(lump_sums) > 50
    assert len(counts) > 150
    assert 100 <= max(counts.values()) <= 300


def test_amounts_of_all_signs(company: dict[str, Any]) -> None:
    amounts = [order["COST_MONEY"] for order in company["change_orders"]]
    assert min(amounts) < 0 < max(amounts)
    assert 0 in amounts


def test_numbers_are_empty_repeated_or_padded(company: dict[str, Any]) -> None:
    numbers = Counter((order["PRJ_ID"], order["NUMBER"]) for order in company["change_orders"])
    assert any(number == "" for _, number in numbers)
    assert any(count > 1 for (_, number), count in numbers.items() if number)
    assert any(number != number.strip() for _, number in numbers)


def test_texts_go_beyond_ascii(company: dict[str, Any]) -> None:
    assert any(not order["NAME"].isascii() for order in company["change_orders"])
    assert any("\n" in item["DESCRIPTION"] for item in company["items"])


def test_the_arithmetic_holds(company: dict[str, Any]) -> None:
    counts = item_counts(company)
    sums: Counter[int] = Counter()
    for item in company["items"]:
        assert item["CLIENT_PRICE"] == item["COST_ESTIMATE"] + item["MARKUP"] + item["SALES_TAX"]
        sums[item["CHANGE_ORDER_ID"]] += item["COST_ESTIMATE"]
    for order in company["change_orders"]:
        assert order["CLIENT_PRICE"] == order["COST_MONEY"] + order["MARKUP"] + order["SALES_TAX"]
        expected = sums[order["ID"]] if order["ID"] in counts else order["PRICE"] * order["QTY"]
        assert abs(order["COST_MONEY"] - expected) <= CENT


def test_items_have_the_status_of_their_change_order(company: dict[str, Any]) -> None:
    conditions = {order["ID"]: order["CONDITION"] for order in company["change_orders"]}
    assert all(item["STATUS"] == conditions[item["CHANGE_ORDER_ID"]] for item in company["items"])


def test_the_same_seed_makes_the_same_company(constructiononline: Simulated) -> None:
    def made(seed: int) -> list[tuple[Any, ...]]:
        constructiononline.reset()
        constructiononline.people("load_company", seed=seed, change_orders=30)
        return [(o["NAME"], o["NUMBER"], o["COST_MONEY"]) for o in constructiononline.state()["change_orders"]]

    assert made(5) == made(5)
    assert made(5) != made(6)


def test_fees_part_totals_from_items(constructiononline: Simulated) -> None:
    constructiononline.people("load_company", change_orders=100, fees=True, max_items=5)
    state = constructiononline.state()
    markups: Counter[int] = Counter()
    for item in state["items"]:
        markups[item["CHANGE_ORDER_ID"]] += item["MARKUP"]
    apart = [o for o in state["change_orders"] if o["ID"] in markups and o["MARKUP"] != markups[o["ID"]]]
    assert apart


def test_it_joins_what_is_there(constructiononline: Simulated) -> None:
    constructiononline.people("load_samples")
    constructiononline.people("load_company", project_ids=[1321036], change_orders=10)
    state = constructiononline.state()
    assert len(state["projects"]) == 1
    assert len(state["change_orders"]) == 12
