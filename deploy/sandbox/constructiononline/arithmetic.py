"""The amounts the product calculates: cost, markup, sales tax, client price.

Source: ConstructionOnline developers, "Change Orders Overview", checked against its samples
(850 + 170 + 0 = 1020; 2380 + 385 + 0 = 2765).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from .properties import Record

CENT: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)

TAX_THEN_MARKUP, MARKUP_THEN_TAX, SEPARATE = 1, 2, 3
"""TAX_METHOD. The product has these three; which number is which is not documented (3 is seen)."""

CLASSIFICATION_MARKUP: Final = {1: 20, 2: 35, 3: 10, 4: 15, 5: 12, 6: 0}
"""Percent per CLASSIFICATION, applied where LINE_ITEM_MARKUP_TYPE is 4."""


def cents(amount: Decimal) -> Decimal:
    """``amount`` rounded to whole cents, half away from zero, as accounting does."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def item_markup(item: Record, base: Decimal) -> Decimal:
    """The calculated markup of an item over ``base``; type 0 acts as percent, as in the sample."""
    kind = item["LINE_ITEM_MARKUP_TYPE"]
    entered = Decimal(item["LINE_ITEM_MARKUP"] or "0")
    if kind == 2:
        return cents(entered)
    if kind == 3:
        return cents(entered * item["RATE_QTY"])
    if kind == 4:
        entered = Decimal(CLASSIFICATION_MARKUP.get(item["CLASSIFICATION"], 0))
    return cents(base * entered / HUNDRED)


def calculate_item(item: Record) -> None:
    """Fills cost, markup, tax and client price of an item from what was entered."""
    cost = cents(item["RATE"] * item["RATE_QTY"])
    rate = item["TAX_PERCENT"] / HUNDRED
    if item["TAX_METHOD"] == TAX_THEN_MARKUP:
        tax = cents(cost * rate)
        markup = item_markup(item, cost + tax)
    else:
        markup = item_markup(item, cost)
        tax = cents((cost + markup if item["TAX_METHOD"] == MARKUP_THEN_TAX else cost) * rate)
    item.update(COST_ESTIMATE=cost, MARKUP=markup, SALES_TAX=tax, CLIENT_PRICE=cost + markup + tax)


def calculate_lump_sum(order: Record) -> None:
    """Fills the amounts of a change order without items; its MARKUP is kept as entered."""
    cost = cents(order["PRICE"] * order["QTY"])
    base = cost + order["MARKUP"] if order["TAX_METHOD"] == MARKUP_THEN_TAX else cost
    tax = cents(base * order["TAX_PERCENT"] / HUNDRED)
    order.update(COST_MONEY=cost, SALES_TAX=tax, CLIENT_PRICE=cost + order["MARKUP"] + tax)


def calculate_detailed(order: Record, items: Iterable[Record], fee: Decimal, fee_as: str) -> None:
    """Fills the totals of a change order from its items.

    A ``fee`` of the change order itself makes the totals differ from the sum of the items; it
    counts as ``cost`` or as ``markup``.
    """
    rows = list(items)
    cost = sum((row["COST_ESTIMATE"] for row in rows), Decimal("0.00"))
    markup = sum((row["MARKUP"] for row in rows), Decimal("0.00"))
    tax = sum((row["SALES_TAX"] for row in rows), Decimal("0.00"))
    if fee_as == "cost":
        cost += fee
    else:
        markup += fee
    order.update(COST_MONEY=cost, MARKUP=markup, SALES_TAX=tax, CLIENT_PRICE=cost + markup + tax)
