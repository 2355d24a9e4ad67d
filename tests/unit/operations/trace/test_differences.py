from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from operations.trace.differences import differences
from relay.domain.change_order import Status
from tests.unit.domain.mapping.samples import change_order, item


def test_fields_are_told_before_and_after_with_money_as_money() -> None:
    before = change_order()
    after = replace(before, status=Status.REJECTED, cost=Decimal("2500.5"), schedule_days=4, description="a\nb")
    assert differences(before, after) == [
        'description: nothing -> "a b"',
        "status: approved -> rejected",
        "cost: 2,380.00 -> 2,500.50",
        "schedule days: nothing -> 4",
    ]


def test_items_are_added_changed_and_removed() -> None:
    before = change_order(item("1", 5), item("2", 6), cost=Decimal(11), client_price=Decimal(11))
    after = replace(before, items=(item("2", 7), item("3", 4, name=None)))
    assert differences(before, after) == [
        'item "Item 2": cost: 6.00 -> 7.00; client price: 6.00 -> 7.00',
        "item added: 3, cost 4.00",
        'item removed: "Item 1", cost 5.00',
    ]


def test_the_source_s_spelling_of_a_status_is_no_difference() -> None:
    before = change_order()
    assert differences(before, replace(before, status_raw="2")) == []
