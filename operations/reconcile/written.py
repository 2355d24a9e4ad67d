"""What was written of each change order at each place: all its writes together, as they were told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from operations.reconcile.amounts import Amounts
from operations.reconcile.books import OurHolding, WrittenLine
from workers.views.amounts import decimal_of, time_of

_STATUS_OF: Final = "potential_change_order"
_LINE: Final = "line_item"
_RECORDS: Final = frozenset({"potential_change_order", "poco"})


@dataclass(slots=True)
class _Sum:
    row: Any = None
    approved: Decimal = Decimal(0)
    pending: Decimal = Decimal(0)
    status: str | None = None
    currency: str | None = None
    lines: dict[str, WrittenLine] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    record_ids: set[str] = field(default_factory=set)


def written_by_origin(rows: Iterable[Any]) -> dict[str, OurHolding]:
    """By origin id; ``rows`` of one origin id in the order of their times."""
    sums: dict[str, _Sum] = {}
    for row in rows:
        _add(sums.setdefault(row.origin_id, _Sum()), row)
    return {origin_id: _written(origin_id, one) for origin_id, one in sums.items()}


def _add(one: _Sum, row: Any) -> None:
    one.row = row
    one.approved += decimal_of(row.approved_effect) or Decimal(0)
    one.pending += decimal_of(row.pending_effect) or Decimal(0)
    one.currency = row.currency or one.currency
    if row.system == "cinx":
        one.status = "approved"
    for record in json.loads(row.records):
        _take(one, record)


def _take(one: _Sum, record: dict[str, Any]) -> None:
    kind, remote_id = record.get("kind"), record.get("remote_id")
    fields = {item["name"]: item.get("sent") for item in record.get("fields", ())}
    if kind == _STATUS_OF and fields.get("status"):
        one.status = fields["status"]
    if kind in _RECORDS and remote_id:
        one.record_ids.add(remote_id)
    if kind == _LINE and remote_id:
        _take_line(one, record, remote_id, fields)


def _take_line(one: _Sum, record: dict[str, Any], remote_id: str, fields: dict[str, Any]) -> None:
    if record.get("operation") == "deleted":
        one.lines.pop(remote_id, None)
        return
    name = one.names[remote_id] = fields.get("description") or one.names.get(remote_id, "")
    if record.get("amount_after") is not None:
        one.lines[remote_id] = WrittenLine(name=name, amount=Decimal(record["amount_after"]))


def _written(origin_id: str, one: _Sum) -> OurHolding:
    row = one.row
    at = time_of(row.at)
    if at is None:
        raise ValueError(f"write {row.write_id} without a time")
    return OurHolding(
        origin_id=origin_id,
        key=row.change_order_key,
        target=row.target,
        system=row.system,
        account=row.account,
        project=row.project_id or "",
        contract=row.contract or "",
        held=Amounts(approved=one.approved, pending=one.pending),
        total=decimal_of(row.amount_after),
        status=one.status,
        currency=one.currency,
        at=at,
        lines=one.lines,
        record_ids=frozenset(one.record_ids),
    )
