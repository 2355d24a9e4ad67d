"""The demonstration's judgement: what it expects of a source, and that nothing wrong passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.expectation import Expected, Line, Office, deleted, expected, source_says
from deploy.demo.holdings import Held
from deploy.demo.verdict import judge

CONFIGURATION = """
routes:
  - from: {system: constructiononline, account: acme, project: 7}
    mode: live
    cost_codes: {"371": "26-500"}
    targets:
      - {name: owner, system: procore, contract_id: 1, contract: prime, package: per_change_order}
      - {name: sub, system: procore, contract_id: 2, contract: work_order, match: {classifications: [labor]}}
      - {name: order, system: cinx, purchase_order: PO-1, match: {classifications: [material, unclassified]}}
  - from: {system: constructiononline, account: acme, project: 8}
    mode: dry_run
    cost_codes: {}
    targets:
      - {name: owner, system: procore, contract_id: 3, contract: prime}
"""


def order(number: int, condition: int = 1, project: int = 7) -> dict[str, Any]:
    return {
        "ID": number,
        "PRJ_ID": project,
        "NAME": "  Soil \n removal",
        "CONDITION": condition,
        "DATE_CLOSED": None,
        "COST_MONEY": Decimal(100),
        "CLIENT_PRICE": Decimal(120),
    }


def item(number: int, kind: int) -> dict[str, Any]:
    return {
        "ID": number,
        "CHANGE_ORDER_ID": 1,
        "NAME": "Lamp",
        "DESCRIPTION": "brass",
        "CLASSIFICATION": kind,
        "COST_CODE_ID": 371,
        "COST_ESTIMATE": Decimal(10),
        "CLIENT_PRICE": Decimal(12),
    }


@pytest.fixture
def calls(tmp_path: Path) -> Callable[..., dict[str, Expected]]:
    """What the configuration calls for of change orders of the office ``acme``."""
    file = tmp_path / "configuration.yaml"
    file.write_text(CONFIGURATION, encoding="utf-8")

    def called(*orders: dict[str, Any], items: tuple[dict[str, Any], ...] = ()) -> dict[str, Expected]:
        office = Office.of("acme", {"change_orders": orders, "deleted_change_orders": [], "items": items})
        return expected([office], file)

    return called


def test_a_lump_sum_is_one_line_at_each_target_that_takes_it(calls: Callable[..., dict[str, Expected]]) -> None:
    found = calls(order(1))
    assert set(found) == {f"cor:constructiononline:acme:1:{name}" for name in ("owner", "order")}
    assert found["cor:constructiononline:acme:1:owner"].lines == (Line("Soil removal", Decimal(120), None),)
    assert found["cor:constructiononline:acme:1:order"].total == Decimal(100)


def test_items_are_split_by_their_class(calls: Callable[..., dict[str, Expected]]) -> None:
    found = calls(order(1), items=(item(1, 1), item(2, 2), item(3, 5)))
    root = "cor:constructiononline:acme:1"
    assert [len(found[f"{root}:{name}"].lines) for name in ("owner", "sub", "order")] == [3, 1, 1]
    assert found[f"{root}:sub"].lines[0] == Line("Lamp: brass", Decimal(10), "26-500")


@pytest.mark.parametrize(
    ("condition", "targets"), [(0, {"owner"}), (1, {"owner", "order"}), (2, {"owner"}), (3, set())]
)
def test_only_what_is_approved_is_ordered_and_no_draft_is_carried(
    calls: Callable[..., dict[str, Expected]], condition: int, targets: set[str]
) -> None:
    assert {name.rpartition(":")[2] for name in calls(order(1, condition))} == targets


def test_what_is_not_live_or_has_no_route_is_not_called_for(calls: Callable[..., dict[str, Expected]]) -> None:
    assert calls(order(1, project=8), order(2, project=9)) == {}


@pytest.mark.parametrize(
    ("condition", "closed", "expected_package"), [(1, "2026-03-01", True), (0, None, False), (0, "2026-03-01", None)]
)
def test_a_package_is_made_at_approval_and_may_outlive_it(
    calls: Callable[..., dict[str, Expected]], condition: int, closed: str | None, *, expected_package: bool | None
) -> None:
    found = calls({**order(1, condition), "DATE_CLOSED": closed})
    assert found["cor:constructiononline:acme:1:owner"].package is expected_package


def test_a_deleted_change_order_is_to_be_void(tmp_path: Path) -> None:
    file = tmp_path / "configuration.yaml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    office = Office.of("acme", {"change_orders": [], "deleted_change_orders": [order(1)], "items": []})
    assert "cor:constructiononline:acme:1:owner" in deleted([office], file)


def test_a_source_says_what_its_headers_add_up_to_whatever_becomes_of_it() -> None:
    orders = [order(1), order(2), order(3, 0), order(4, 2), order(5, 3), order(6, project=9)]
    office = Office.of("acme", {"change_orders": orders, "deleted_change_orders": [order(7)], "items": []})
    assert source_says([office]) == {
        ("acme", "7", "owner", "approved"): 240,
        ("acme", "7", "cost", "approved"): 200,
        ("acme", "7", "owner", "pending"): 120,
        ("acme", "7", "cost", "pending"): 100,
        ("acme", "9", "owner", "approved"): 120,
        ("acme", "9", "cost", "approved"): 100,
    }


# -- nothing wrong passes

LAMP = Line("Lamp", Decimal("12.00"), "26-500")
WANTED = Expected("x:owner", "procore", "1", "Soil", "approved", (LAMP,), package=True)
RIGHT = Held("x:owner", "procore", "1", "001", "Soil", "approved", (LAMP,), package=True)


def differences(*held: Held, void: frozenset[str] = frozenset()) -> list[str]:
    places = judge({WANTED.origin_id: WANTED}, held, void)
    return [one for place in places.values() for one in place.differences]


def test_what_is_right_is_right() -> None:
    assert differences(RIGHT) == []


@pytest.mark.parametrize(
    "held",
    [
        (),
        (RIGHT, RIGHT),
        (RIGHT, replace(RIGHT, origin_id=None)),
        (RIGHT, replace(RIGHT, origin_id="y:owner")),
        (replace(RIGHT, place="2"),),
        (replace(RIGHT, title="Soil!"),),
        (replace(RIGHT, status="pending"),),
        (replace(RIGHT, package=False),),
        (replace(RIGHT, lines=()),),
        (replace(RIGHT, lines=RIGHT.lines * 2),),
        (replace(RIGHT, lines=(Line("Lamp", Decimal("12.01"), "26-500"),)),),
        (replace(RIGHT, lines=(Line("Lamp", Decimal("12.00"), None),)),),
    ],
    ids=[
        "missing",
        "doubled",
        "doubled without an id",
        "uncalled for",
        "elsewhere",
        "another title",
        "another status",
        "no package",
        "no line",
        "a line twice",
        "a cent more",
        "another cost code",
    ],
)
def test_a_difference_is_found_and_says_what_was_expected(held: tuple[Held, ...]) -> None:
    found = differences(*held)
    assert found
    assert all("expected: " in one and "found: " in one for one in found)


def test_what_was_deleted_at_the_source_must_be_void() -> None:
    gone = replace(RIGHT, origin_id="y:owner", status="void")
    assert differences(RIGHT, gone, void=frozenset({"y:owner"})) == []
    assert differences(RIGHT, replace(gone, status="approved"), void=frozenset({"y:owner"})) != []
