"""ConstructionOnline's native change orders and items in canonical form.

Sources: ConstructionOnline developers, "Change Orders Overview" (properties, codes, samples) and "Get a
Change Order"; ConstructionOnline help, "Change Order Status: Draft vs. Pending". Where the table of
properties and its own samples disagree the samples are followed: ``RATE`` is the unit cost and
``RATE_QTY`` the quantity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.sources import native_json
from relay.domain.sources.native_fields import NativeFields
from relay.domain.sources.reading import Reading

SYSTEM = "constructiononline"

STATUSES = {0: Status.PENDING, 1: Status.APPROVED, 2: Status.REJECTED, 3: Status.DRAFT}
"""``CONDITION`` of a change order. The items' ``STATUS`` repeats it and decides nothing."""

CLASSIFICATIONS = {
    1: Classification.MATERIAL,
    2: Classification.LABOR,
    3: Classification.SUBCONTRACTOR,
    4: Classification.EQUIPMENT,
    5: Classification.OTHER,
    6: Classification.UNCLASSIFIED,
}
"""``CLASSIFICATION`` of an item."""

_LAST = 2**62
NativeObject = Mapping[str, Any]


def record_id(data: NativeObject) -> str | None:
    """The id of a native object as text, or ``None`` where it has none that can be used."""
    return _positive(data, "ID")


def parent_id(item: NativeObject) -> str | None:
    """The id of the change order that an item belongs to."""
    return _positive(item, "CHANGE_ORDER_ID")


def project_id(data: NativeObject) -> str | None:
    """The project that a native object belongs to."""
    return _positive(data, "PRJ_ID")


def project_name(data: NativeObject) -> str | None:
    """What the project of a native change order is called."""
    return NativeFields(data, []).text("PROJECTNAME")


def modified_at(data: NativeObject) -> str | None:
    """``DATE_MODIFIED`` as received, where it is a date."""
    return NativeFields(data, []).moment("DATE_MODIFIED")


def read(change_order: NativeObject, items: Sequence[NativeObject]) -> Reading:
    """A change order with all its items. Raises ``ValueError`` only for one without an id."""
    number = record_id(change_order)
    if number is None:
        raise ValueError("a change order without an ID cannot be told from others")
    defects: list[str] = []
    fields = NativeFields(change_order, defects)
    order = _in_order(items)
    read_items = tuple(_item(items[at], defects) for at in order)
    header = _header(number, fields)
    if not read_items:
        header = replace(header, quantity=fields.amount("QTY"), unit_cost=fields.amount("PRICE"))
    return Reading(
        change_order=replace(header, items=read_items),
        defects=tuple(defects),
        modified_at=fields.moment("DATE_MODIFIED"),
        item_order=tuple(order),
    )


def read_raw(raw: bytes) -> Reading:
    """The same from the ``raw`` of an event. Raises ``ValueError`` where it is none of this source."""
    return read(*native_json.parse(raw))


def _header(number: str, fields: NativeFields) -> ChangeOrder:
    return ChangeOrder(
        change_order_id=number,
        project=_code(fields, "PRJ_ID"),
        project_name=fields.text("PROJECTNAME"),
        number=fields.text("NUMBER"),
        title=fields.text("NAME"),
        subtitle=fields.text("SUBTITLE"),
        description=fields.text("DETAILS"),
        notes=fields.text("NOTES"),
        reference=fields.text("GCCO"),
        status=_status(fields),
        status_raw=fields.raw("CONDITION"),
        cost=fields.amount("COST_MONEY"),
        markup=fields.amount("MARKUP"),
        tax=fields.amount("SALES_TAX"),
        client_price=fields.amount("CLIENT_PRICE"),
        schedule_days=fields.whole("COST_TIME"),
        created_on=fields.moment("DATE_CREATED"),
        submitted_on=fields.moment("DATE_SUBMITTED"),
        decided_on=fields.moment("DATE_CLOSED"),
    )


def _status(fields: NativeFields) -> Status:
    if not fields.has("CONDITION"):
        fields.defect("CONDITION", "is missing, so the status is unknown")
        return Status.UNKNOWN
    code = fields.whole("CONDITION")
    if code is not None and code not in STATUSES:
        fields.defect("CONDITION", f"{code} is no known status")
    return STATUSES.get(code, Status.UNKNOWN) if code is not None else Status.UNKNOWN


def _item(data: NativeObject, defects: list[str]) -> Item:
    number = record_id(data)
    fields = NativeFields(data, defects, f"items[{number or '?'}].")
    if number is None:
        fields.defect("ID", "is missing, so the item cannot be told from others")
    return Item(
        item_id=number or "?",
        position=fields.whole("ROW_NUMBER"),
        name=fields.text("NAME"),
        description=fields.text("DESCRIPTION"),
        classification=_classification(fields),
        classification_raw=fields.raw("CLASSIFICATION"),
        quantity=fields.amount("RATE_QTY"),
        unit_cost=fields.amount("RATE"),
        cost=fields.amount("COST_ESTIMATE"),
        markup=fields.amount("MARKUP"),
        tax=fields.amount("SALES_TAX"),
        client_price=fields.amount("CLIENT_PRICE"),
        cost_code=_code(fields, "COST_CODE_ID"),
        unit=fields.text("UNIT_NAME"),
    )


def _classification(fields: NativeFields) -> Classification:
    if not fields.has("CLASSIFICATION"):
        return Classification.UNCLASSIFIED
    code = fields.whole("CLASSIFICATION")
    if code is not None and code not in CLASSIFICATIONS:
        fields.defect("CLASSIFICATION", f"{code} is no known class")
    return CLASSIFICATIONS.get(code, Classification.UNKNOWN) if code is not None else Classification.UNKNOWN


def _code(fields: NativeFields, name: str) -> str | None:
    """An id that refers to something else; 0 refers to nothing."""
    found = fields.whole(name)
    return str(found) if found else None


def _positive(data: NativeObject, name: str) -> str | None:
    found = NativeFields(data, []).whole(name)
    return str(found) if found is not None and found > 0 else None


def _in_order(items: Sequence[NativeObject]) -> list[int]:
    """By row number, then id: the order of a listing is not documented and must not matter."""
    return sorted(range(len(items)), key=lambda at: _rank(items[at]))


def _rank(item: NativeObject) -> tuple[int, int, str]:
    fields = NativeFields(item, [])
    row, number = fields.whole("ROW_NUMBER"), fields.whole("ID")
    if number is None:
        return (_LAST if row is None else row, _LAST, str(sorted(item.items(), key=str)))
    return (_LAST if row is None else row, number, "")
