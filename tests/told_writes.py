"""Whether the writes tell what a simulated Procore has accepted: each record that was made once, and the money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from relay.domain.change_order import Status
from relay.domain.sources.procore import STATUSES
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation

Row = Mapping[str, Any]
_KINDS = {
    "potential_change_order": "potential_change_orders",
    "change_order_package": "change_order_packages",
    "change_order_request": "change_order_requests",
}


def what_was_made_is_told_once(state: Row, writes: Sequence[RemoteWrite]) -> None:
    """By the ids that Procore gave, also of lines that were deleted since. Records that a person typed are none."""
    assert len({write.write_id for write in writes}) == len(writes)
    for kind, rows in _KINDS.items():
        if kind == "potential_change_order" and _is_one_tier(state):
            continue
        told = _told(writes, kind, WriteOperation.CREATED)
        ours = {str(row["id"]) for row in state[rows] if row.get("origin_id") and row.get("created_by") != "person"}
        assert all(count == 1 for count in told.values()), f"told twice: {told}"
        adopted = set(_told(writes, kind, WriteOperation.ADOPTED))
        assert ours - adopted == set(told), f"{kind} made and not told: {ours - adopted}; told: {told}"
    lines = _told(writes, "line_item", WriteOperation.CREATED)
    assert all(count == 1 for count in lines.values()), f"told twice: {lines}"
    there = {str(row["id"]) for row in state["line_items"] if row.get("origin_id")}
    gone = set(_told(writes, "line_item", WriteOperation.DELETED))
    adopted = set(_told(writes, "line_item", WriteOperation.ADOPTED))
    assert there - adopted == set(lines) - gone, "lines that are there and those that were told differ"


def effects_are_what_is_held(state: Row, writes: Sequence[RemoteWrite]) -> None:
    """For each change order whose amount is known: what its writes add up to is what Procore holds of it, by status."""
    for order in state["potential_change_orders"]:
        origin_id = order.get("origin_id")
        if not origin_id or order.get("deleted_at"):
            continue
        amounts = (Decimal(line["amount"]) for line in state["line_items"] if line["pco_id"] == order["id"])
        held, status = sum(amounts, Decimal(0)), _status(state, order)
        of_order = [write for write in writes if write.origin_id == origin_id]
        assert of_order, f"{origin_id} is there, and no write tells of it"
        if of_order[-1].amount_after is None:
            continue
        approved = _sum(write.approved_effect for write in of_order)
        pending = _sum(write.pending_effect for write in of_order)
        assert approved == (held if status is Status.APPROVED else 0), f"{origin_id}: approved {approved}, held {held}"
        assert pending == (held if status is Status.PENDING else 0), f"{origin_id}: pending {pending}, held {held}"
        assert of_order[-1].amount_after == held


def _status(state: Row, order: Row) -> Status:
    packages = {row["id"]: row for row in state["change_order_packages"]}
    package = packages.get(order.get("package_id"))
    return STATUSES[package["status"] if package is not None and _is_one_tier(state) else order["status"]]


def _is_one_tier(state: Row) -> bool:
    """Then Procore makes a hidden change order for each package."""
    return any(1 in project["tiers"].values() for project in state["projects"])


def _told(writes: Iterable[RemoteWrite], kind: str, operation: WriteOperation) -> Counter[str]:
    records = (record for write in writes for record in write.records)
    return Counter(
        record.remote_id or "" for record in records if record.kind == kind and record.operation is operation
    )


def _sum(effects: Iterable[Decimal | None]) -> Decimal:
    return sum((effect for effect in effects if effect is not None), Decimal(0))
