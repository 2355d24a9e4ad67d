"""Writes: each of them once, and for each destination what they add up to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from relay.domain.canonical_text import canonical
from relay.domain.routes import Routing
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation
from workers.views.amounts import milliseconds, summable, ten_thousandths
from workers.views.folds import Decoded
from workers.views.shares import place_of
from workers.views.sums import group_id
from workers.views.tables import HOLDINGS, SLOT, WRITE_SUMS, WRITES, WRITTEN
from workers.views.upserts import NEVER, add_up, insert_once, keep_newest

_GROUPS = {
    "write_offset": ("amount", "currency", "written_at", "project_id", "contract"),
    "status_offset": ("status", "status_at"),
}
_ADDED = ("approved", "pending", "writes", "unknown")
_ADD = (
    update(HOLDINGS)
    .where(HOLDINGS.c.origin_id == bindparam("of"))
    .values({name: HOLDINGS.c[name] + bindparam(f"more_{name}") for name in _ADDED})
)
_APPROVED = "approved"
"""What is ordered at CINX is approved at the source."""


def fold(connection: Connection, read: Sequence[Decoded[RemoteWrite]], routing: Routing) -> None:
    """Takes writes over. A write that comes again changes nothing: its effects were added when it first came."""
    told: dict[str, tuple[RemoteWrite, int]] = {}
    for one in read:
        if one.value is not None:
            told.setdefault(one.value.write_id, (one.value, one.record.offset))
    known = set(connection.scalars(select(WRITES.c.write_id).where(WRITES.c.write_id.in_(told))))
    new = [one for write_id, one in told.items() if write_id not in known]
    if not new:
        return
    insert_once(connection, WRITES, [_write(write) for write, _ in new])
    keep_newest(connection, HOLDINGS, [_holding(write, offset) for write, offset in new], _GROUPS)
    connection.execute(_ADD, _sums(write for write, _ in new))
    _add_to_periods(connection, [write for write, _ in new])


def _add_to_periods(connection: Connection, writes: Iterable[RemoteWrite]) -> None:
    """What a period's writes add up to, without looking at each of them."""
    found: dict[str, dict[str, Any]] = {}
    for write in writes:
        slot = (milliseconds(write.at) or 0) // SLOT
        of = (write.system, write.account, place_of(write.destination)["contract"], write.target, write.currency)
        name = group_id((slot, *of))
        sums = found.setdefault(name, {"group_id": name, "slot": slot, **dict.fromkeys(WRITTEN, 0)})
        sums |= dict(zip(("system", "account", "contract", "target", "currency"), of, strict=True))
        sums["origin_id"] = min(sums.get("origin_id", write.origin_id), write.origin_id)
        sums["writes"] += 1
        sums["unknown"] += _is_unknown(write)
        sums["approved"] += summable(ten_thousandths(write.approved_effect)) or 0
        sums["pending"] += summable(ten_thousandths(write.pending_effect)) or 0
    add_up(
        connection, WRITE_SUMS, sorted(found.values(), key=lambda row: str(row["group_id"])), WRITTEN, ("origin_id",)
    )


def _sums(writes: Iterable[RemoteWrite]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for write in writes:
        sums = found.setdefault(write.origin_id, {"of": write.origin_id, **{f"more_{name}": 0 for name in _ADDED}})
        sums["more_approved"] += summable(ten_thousandths(write.approved_effect)) or 0
        sums["more_pending"] += summable(ten_thousandths(write.pending_effect)) or 0
        sums["more_writes"] += 1
        sums["more_unknown"] += _is_unknown(write)
    return list(found.values())


def _is_unknown(write: RemoteWrite) -> bool:
    """Whether its effect cannot be added up."""
    effects = (ten_thousandths(one) or 0 for one in (write.approved_effect, write.pending_effect))
    return None in (write.amount_before, write.amount_after, *map(summable, effects))


def _holding(write: RemoteWrite, offset: int) -> dict[str, Any]:
    status, at = _status(write), milliseconds(write.at)
    return {
        "origin_id": write.origin_id,
        "change_order_key": write.change_order_key,
        "target": write.target,
        "system": write.system,
        "account": write.account,
        **place_of(write.destination),
        "currency": write.currency,
        "amount": ten_thousandths(write.amount_after),
        "written_at": at,
        "write_offset": offset,
        "status": status,
        "status_at": None if status is None else at,
        "status_offset": NEVER if status is None else offset,
        "approved": 0,
        "pending": 0,
        "writes": 0,
        "unknown": 0,
    }


def _status(write: RemoteWrite) -> str | None:
    """The status that the write has given its record; the change order's own before that of its package."""
    if write.system == "cinx":
        return _APPROVED if write.records else None
    fields = {
        record.kind: field.sent
        for record in write.records
        for field in record.fields
        if field.name == "status" and field.sent
    }
    return fields.get("potential_change_order") or next(iter(fields.values()), None)


def _write(write: RemoteWrite) -> dict[str, Any]:
    records = write.records
    return {
        "write_id": write.write_id,
        "at": milliseconds(write.at),
        "sequence": write.sequence,
        "stage": write.stage,
        "instance": write.instance,
        "system": write.system,
        "account": write.account,
        "destination": write.destination,
        **place_of(write.destination),
        "change_order_key": write.change_order_key,
        "origin_id": write.origin_id,
        "target": write.target,
        "method": write.method,
        "path": write.path,
        "person": write.person,
        "plan_id": write.plan_id,
        "currency": write.currency,
        "amount_before": ten_thousandths(write.amount_before),
        "amount_after": ten_thousandths(write.amount_after),
        "approved_effect": ten_thousandths(write.approved_effect),
        "pending_effect": ten_thousandths(write.pending_effect),
        "found_again": write.found_again,
        "record_kinds": ", ".join(dict.fromkeys(record.kind for record in records)),
        "operations": ", ".join(dict.fromkeys(WriteOperation(record.operation).value for record in records)),
        "fields": ", ".join(dict.fromkeys(field.name for record in records for field in record.fields)),
        "remote_number": next((record.number for record in records if record.number), None),
        "remote_link": next((record.url for record in records if record.url), None),
        "records": json.dumps(canonical(records), sort_keys=True),
    }
