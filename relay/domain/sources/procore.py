"""Procore's potential change orders and their lines in canonical form.

Sources: Procore docs, "Potential Change Orders" (show), "Potential Change Order Line Items" (list), "Working
with Dates and Times"; Procore support, "What are the default statuses for change orders?". A record of Procore
knows one amount, that of its contract: it is the cost under a commitment and the price under a prime contract,
so it is carried as both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.procore_content import as_written
from relay.domain.sources import native_json
from relay.domain.sources.native_fields import NativeFields
from relay.domain.sources.reading import Reading

SYSTEM = "procore"

NativeObject = Mapping[str, Any]

STATUSES = {
    "draft": Status.DRAFT,
    "not_pricing": Status.PENDING,
    "pricing": Status.PENDING,
    "pending": Status.PENDING,
    "pending_billable": Status.PENDING,
    "revised": Status.PENDING,
    "proceeding": Status.PENDING,
    "not_proceeding": Status.REJECTED,
    "rejected": Status.REJECTED,
    "no_charge": Status.VOID,
    "void": Status.VOID,
    "approved": Status.APPROVED,
}
"""Proceeding is work without an agreed price; no charge is an agreement on none."""

CLASSIFICATIONS = {
    "materials": Classification.MATERIAL,
    "labor": Classification.LABOR,
    "commitment": Classification.SUBCONTRACTOR,
    "equipment": Classification.EQUIPMENT,
    "owner_cost": Classification.OTHER,
    "professional_services": Classification.OTHER,
    "other": Classification.OTHER,
}
"""``base_type`` of a line's type."""

_LAST = 2**62


def record_id(data: NativeObject) -> str | None:
    """The id of a native object as text, or ``None`` where it has none that can be used."""
    number = NativeFields(data, []).whole("id")
    return str(number) if number is not None and number > 0 else None


def read(pco: NativeObject, lines: Sequence[NativeObject], project: str | None = None) -> Reading:
    """A potential change order as show answers it, with its lines as their list does.

    Neither is said by the record: ``project`` is the one that it was asked for in. Raises ``ValueError`` only
    for a record without an id.
    """
    number = record_id(pco)
    if number is None:
        raise ValueError("a potential change order without an id cannot be told from others")
    defects: list[str] = []
    order = sorted(range(len(lines)), key=lambda at: _rank(lines[at]))
    header = _header(number, project or _project_of(lines), NativeFields(pco, defects), _inner(pco, defects))
    items = tuple(_item(lines[at], defects) for at in order)
    return Reading(
        change_order=replace(header, items=items),
        defects=tuple(defects),
        modified_at=NativeFields(pco, []).moment("updated_at"),
        item_order=tuple(order),
    )


def read_raw(raw: bytes) -> Reading:
    """Reads a change order from the ``raw`` of an event. Raises ``ValueError`` where it is none of this source."""
    return read(*native_json.parse(raw))


def _header(number: str, project: str | None, fields: NativeFields, currency: NativeFields) -> ChangeOrder:
    total = fields.amount("grand_total")
    of_lines = fields.amount("line_items_total")
    return ChangeOrder(
        change_order_id=number,
        project=project,
        number=fields.text("number"),
        title=fields.text("title"),
        description=fields.text("description"),
        notes=fields.text("reason"),
        reference=fields.text("reference"),
        status=_status(fields),
        status_raw=fields.raw("status"),
        currency=currency.text("currency_iso_code"),
        cost=total if of_lines is None else of_lines,
        client_price=total,
        schedule_days=fields.whole("schedule_impact_amount"),
        created_on=fields.moment("created_at"),
        due_on=_day(fields, "due_date"),
        decided_on=fields.moment("reviewed_at"),
    )


def _inner(pco: NativeObject, defects: list[str]) -> NativeFields:
    return NativeFields(_object(pco, "currency_configuration"), defects, "currency_configuration.")


def _status(fields: NativeFields) -> Status:
    status = fields.text("status")
    if status is None:
        fields.defect("status", "is missing, so the status is unknown")
        return Status.UNKNOWN
    written = as_written(status)
    if written not in STATUSES:
        fields.defect("status", f"{status[:40]} is no known status")
    return STATUSES.get(written, Status.UNKNOWN)


def _item(line: NativeObject, defects: list[str]) -> Item:
    number = record_id(line)
    fields = NativeFields(line, defects, f"items[{number or '?'}].")
    if number is None:
        fields.defect("id", "is missing, so the item cannot be told from others")
    code = NativeFields(_object(line, "cost_code"), defects, f"items[{number or '?'}].cost_code.")
    kind = NativeFields(_object(line, "line_item_type"), defects, f"items[{number or '?'}].line_item_type.")
    amount = fields.amount("amount") if fields.has("amount") else fields.amount("total_amount")
    price = fields.amount("extended_amount")
    return Item(
        item_id=number or "?",
        position=fields.whole("position"),
        description=fields.text("description"),
        classification=_classification(kind),
        classification_raw=kind.text("base_type") or kind.text("name"),
        quantity=fields.amount("quantity"),
        unit_cost=fields.amount("unit_cost"),
        cost=amount,
        client_price=amount if price is None else price,
        cost_code=code.text("full_code") or code.text("code") or fields.text("cost_code_id"),
        unit=fields.text("uom"),
    )


def _classification(kind: NativeFields) -> Classification:
    base_type = kind.text("base_type")
    if base_type is None:
        return Classification.UNCLASSIFIED
    return CLASSIFICATIONS.get(base_type, Classification.UNKNOWN)


def _day(fields: NativeFields, name: str) -> str | None:
    """A date may come as a moment at midnight UTC; it is never shifted through a zone."""
    moment = fields.moment(name)
    return moment[:10] if moment is not None else None


def _project_of(lines: Sequence[NativeObject]) -> str | None:
    return next((project for line in lines if (project := record_id(_object(line, "project"))) is not None), None)


def _object(data: NativeObject, name: str) -> NativeObject:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _rank(line: NativeObject) -> tuple[int, int, str]:
    fields = NativeFields(line, [])
    position, number = fields.whole("position"), fields.whole("id")
    by_text = "" if number is not None else str(sorted(line.items(), key=str))
    return (_LAST if position is None else position, _LAST if number is None else number, by_text)
