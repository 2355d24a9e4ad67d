"""What is true of the simulators' books, by arithmetic of its own: nothing of the product is imported here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Bucket = tuple[str, str]
"""Side, and ``approved`` or ``pending``."""

SIDES = {44023: "owner", 44021: "cost"}
CONDITIONS = {0: "pending", 1: "approved"}
PENDING = {"pending", "pricing", "not_pricing", "pending_billable", "revised", "proceeding"}
LABOR = 2


def held(state: Mapping[str, Any]) -> dict[tuple[int, str], Decimal]:
    """By PCO and status what Procore holds at the two contracts, deleted ones left out."""
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    totals: dict[int, Decimal] = defaultdict(Decimal)
    for line in state["line_items"]:
        totals[line["pco_id"]] += Decimal(line["amount"])
    for pco in state["potential_change_orders"]:
        if pco["deleted_at"] is None and pco["contract_id"] in SIDES:
            status = "approved" if pco["status"] == "approved" else "pending" if pco["status"] in PENDING else ""
            if status:
                sums[pco["id"], status] += totals[pco["id"]]
    return dict(sums)


def held_by_side(state: Mapping[str, Any]) -> dict[Bucket, Decimal]:
    """The same by side."""
    sides = {pco["id"]: SIDES.get(pco["contract_id"]) for pco in state["potential_change_orders"]}
    sums: dict[Bucket, Decimal] = defaultdict(Decimal)
    for (pco, status), amount in held(state).items():
        sums[sides[pco] or "", status] += amount
    return dict(sums)


def claimed(state: Mapping[str, Any]) -> dict[Bucket, Decimal]:
    """By side and status what the source says: price on the owner's side, cost on the other."""
    sums: dict[Bucket, Decimal] = defaultdict(Decimal)
    for order in state["change_orders"]:
        status = CONDITIONS.get(order["CONDITION"])
        if status:
            sums["owner", status] += Decimal(order["CLIENT_PRICE"])
            sums["cost", status] += Decimal(order["COST_MONEY"])
    return dict(sums)


def claimed_of(state: Mapping[str, Any], number: int, target: str) -> dict[str, Decimal]:
    """By status what of one change order goes to a target."""
    order = next((one for one in state["change_orders"] if one["ID"] == number), None)
    status = CONDITIONS.get(order["CONDITION"]) if order else None
    if order is None or status is None:
        return {}
    items = [item for item in state["items"] if item["CHANGE_ORDER_ID"] == number]
    if target == "labor":
        return {
            status: sum((Decimal(one["COST_ESTIMATE"]) for one in items if one["CLASSIFICATION"] == LABOR), Decimal(0))
        }
    return {status: sum((Decimal(one["CLIENT_PRICE"]) for one in items), Decimal(0))}
