"""The records that a planned call touches, as a write tells of them: what is sent, and what had been read before.

An operation is that of the moment of planning: what has no id yet is created. What was read of a record is told only
where it is newer than our own last writing of it: the status of a change order and what a package shows come with each
answer, a line with the list in which it was met; titles and numbers of change orders come with listings alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from relay.domain.ledger_facts import ProcorePart
from relay.domain.writes.remote_writes import WriteOperation, WrittenRecord
from relay.domain.writes.written_fields import fields_of
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.record_updates import (
    LineRemoval,
    LineUpdates,
    OrderUpdate,
    PackageUpdate,
    RecordUpdate,
)
from workers.procore_writer.situation import PlanContext

ORDER: Final = "potential_change_order"
REQUEST: Final = "change_order_request"
PACKAGE: Final = "change_order_package"
LINE: Final = "line_item"

_SAY_NOTHING = ("id", "origin_data")
"""Our mark says nothing to anybody but us, and an id stands beside the fields."""
_STATUSES = frozenset({ProcorePart.STATUS, ProcorePart.PACKAGE_STATUS, ProcorePart.REQUEST_STATUS})


def element_records(context: PlanContext, kind: str, element: Json, sent: Mapping[str, str]) -> tuple[WrittenRecord]:
    """The one record of an element of a sync, or of a record to be created."""
    operation = _operation(sent) if "id" in element else WriteOperation.CREATED
    read = {} if operation is WriteOperation.CREATED else _read_of_element(context, kind, element)
    return (_record(kind, operation, sent, element, read),)


def update_records(context: PlanContext, update: RecordUpdate, sent: Mapping[str, str]) -> tuple[WrittenRecord, ...]:
    """The records of a call for one change order alone."""
    match update:
        case LineUpdates():
            return _lines(context, update, sent)
        case LineRemoval():
            return (_removed_line(update),)
        case OrderUpdate():
            operation = _operation(sent) if update.has_lines is None else WriteOperation.ADOPTED
            return (_record(ORDER, operation, sent, update.fields, _read_of_order(context, update.pco_id)),)
        case PackageUpdate():
            operation = _operation(sent) if update.has_lines is None else WriteOperation.ADOPTED
            return (_record(PACKAGE, operation, sent, update.fields, _read_of_package(context, update.package_id)),)


def _operation(sent: Collection[str]) -> WriteOperation:
    return WriteOperation.STATUS if sent and _STATUSES.issuperset(sent) else WriteOperation.UPDATED


def _record(
    kind: str, operation: WriteOperation, parts: Collection[str], fields: Json, read: Mapping[str, object]
) -> WrittenRecord:
    return WrittenRecord(
        kind=kind,
        parts=dict.fromkeys(parts, ""),
        operation=operation,
        fields=fields_of(fields, read, without=_SAY_NOTHING),
    )


def _lines(context: PlanContext, update: LineUpdates, sent: Mapping[str, str]) -> tuple[WrittenRecord, ...]:
    return tuple(_line(context, part, element) for part, element in zip(sent, update.updates, strict=True))


def _line(context: PlanContext, part: str, element: Json) -> WrittenRecord:
    """A line of which only a list knows the id is one that a person typed."""
    if context.ledger_fact(part) is not None:
        operation = WriteOperation.UPDATED
    else:
        operation = WriteOperation.ADOPTED if "id" in element else WriteOperation.CREATED
    met = next((line for line in context.facts.lines or () if line.id == element.get("id")), None)
    read = {} if met is None else dict(met.native.data)
    return _record(LINE, operation, [part], element, read)


def _removed_line(removal: LineRemoval) -> WrittenRecord:
    return WrittenRecord(
        kind=LINE,
        parts={removal.part: ""} if removal.part else {},
        operation=WriteOperation.DELETED,
        remote_id=removal.line_id,
    )


# -- what planning had read


def _read_of_element(context: PlanContext, kind: str, element: Json) -> dict[str, object]:
    pco_id = element.get("id")
    return _read_of_order(context, pco_id) if kind == ORDER and isinstance(pco_id, int) else {}


def _read_of_order(context: PlanContext, pco_id: int) -> dict[str, object]:
    view = context.facts.view
    owner, row = (view.owners.get(pco_id), view.rows.get(pco_id)) if view else (None, None)
    read: dict[str, object] = {}
    if row is not None and context.pco_id != pco_id:  # Not ours yet, so that nothing of ours came after the listing.
        read |= {"title": row.title, "number": row.number, "status": row.status}
    if owner is not None:
        read |= {"status": owner.status, "origin_id": owner.origin_id}
    return read


def _read_of_package(context: PlanContext, package_id: int) -> dict[str, object]:
    view = context.facts.view
    row = view.packages.get(package_id) if view else None
    if row is None:
        return {}
    return {"title": row.title, "status": row.status, "number": row.number, "origin_id": row.origin_id}
