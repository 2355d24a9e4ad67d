"""CINX's PO change orders (POCO) in canonical form.

Sources: CINX API docs, "PO Change Orders" (list, detail, enumerations), "Purchase Orders" (charges and
credits), "Introduction" (External Refs). Only the detail call shows lines; it shows them inside the POCO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.cinx_content import ContentLine, lines_hash, read_cinx_mark
from relay.domain.ledger_facts import CinxFact
from relay.domain.sources import native_json
from relay.domain.sources.native_fields import LARGEST, PLACES, NativeFields
from relay.domain.sources.native_values import label_of
from relay.domain.sources.reading import Own, Reading

SYSTEM = "cinx"

NativeObject = Mapping[str, Any]

IN_PROCESS = "IN-PROCESS"
DECLINED = "DECLINED"

STATUSES = {
    IN_PROCESS: Status.DRAFT,
    "SUBMITTED": Status.PENDING,
    "RECEIVED": Status.PENDING,
    "ACCEPTED": Status.APPROVED,
    DECLINED: Status.REJECTED,
    "ERP PENDING": Status.APPROVED,
    "ERP ACCEPTED": Status.APPROVED,
    "ERP FAILED": Status.APPROVED,
}
"""The workflow status. What comes after the vendor's acceptance takes nothing back from it."""

CANCELLED = "CANCELLED"
"""The procurement status of what will not be delivered."""

CLASSIFICATIONS = {
    "MATERIAL": Classification.MATERIAL,
    "LABOR": Classification.LABOR,
    "EQUIPMENT": Classification.EQUIPMENT,
}
"""``item_type``, of which the documentation shows the first only."""

_EACH = frozenset({"", "E", "EA", "EACH"})
"""Samples show ``E`` only; the other two can mean nothing else."""
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NO_NUMBER = Decimal(0)
_LAST = 2**62
"""The place of lines without a position: behind any that CINX counts."""
_SHOWN = 40
"""Characters of a strange value that a defect shows."""
_ISO_4217 = 3
"""Letters of a currency code."""


def record_id(data: NativeObject) -> str | None:
    """The guid in small letters, or ``None`` where there is none. ``cinx_quid`` is a slip of the samples."""
    for name in ("cinx_guid", "cinx_quid"):
        guid = NativeFields(data, []).text(name)
        if guid is not None:
            return guid.strip().lower()
    return None


def workflow_status(data: NativeObject) -> str | None:
    """The workflow status in capital letters, by its new or its old name."""
    return _capital(data, "workflow_status") or _capital(data, "status")


def status_text(data: NativeObject) -> str | None:
    """All three statuses that CINX keeps: of the workflow, of procurement, and of the ERP system."""
    statuses = (workflow_status(data), _capital(data, "procurement_status"), _capital(data, "erp_status"))
    return " / ".join(status or "?" for status in statuses) if any(statuses) else None


def full_number(data: NativeObject) -> str | None:
    """The POCO's number as people know it."""
    fields = NativeFields(data, [])
    return fields.text("number") or fields.text("numer") or fields.text("name")


def read(poco: NativeObject) -> Reading:
    """A POCO as its detail call shows it. Raises ``ValueError`` only for one without a guid."""
    number = record_id(poco)
    if number is None:
        raise ValueError("a POCO without a cinx_guid cannot be told from others")
    defects: list[str] = []
    lines = sorted(_objects(poco, "items"), key=_rank)
    items = tuple(_item(line, defects) for line in lines)
    return Reading(
        change_order=_header(number, poco, items, defects),
        defects=tuple(defects),
        modified_at=NativeFields(_inner(poco, "dates"), []).moment("last_modified"),
        item_order=(),
        own=own(poco),
    )


def read_raw(raw: bytes) -> Reading:
    """A POCO from the ``raw`` of an event. Raises ``ValueError`` where it is none of this source."""
    return read(native_json.parse(raw)[0])


def own(poco: NativeObject) -> Own | None:
    """Our mark among the external references (until September 2019: ``links``), or ``None``."""
    entries = _objects(poco, "external_references") or _objects(poco, "links")
    references = (NativeFields(entry, []) for entry in entries)
    mark = read_cinx_mark({fields.text("type") or "": fields.text("value") or "" for fields in references})
    if mark is None:
        return None
    return Own(
        origin_id=mark.origin_id,
        echo=mark.content == _lines(poco),
        sequence=NativeFields({"sequence": mark.sequence}, []).whole("sequence"),
        idempotency_key=mark.key,
    )


def observed(poco: NativeObject) -> dict[str, str] | None:
    """The POCO's guid and the hash of its lines by the names of :class:`CinxFact`; ``None`` without a guid."""
    guid = record_id(poco)
    return None if guid is None else {CinxFact.GUID: guid, CinxFact.LINES: _lines(poco)}


def _lines(poco: NativeObject) -> str:
    return lines_hash(_content(line) for line in _objects(poco, "items"))


def _content(line: NativeObject) -> ContentLine:
    fields = NativeFields(line, [])
    return ContentLine(
        description=fields.text("description"),
        quantity=fields.exact("quantity"),
        unit_price=fields.exact("unit_price"),
    )


def _header(number: str, poco: NativeObject, items: Sequence[Item], defects: list[str]) -> ChangeOrder:
    fields = NativeFields(poco, defects)
    project, order = _linked(poco, "project", defects), _linked(poco, "purchase_order", defects)
    dates = NativeFields(_inner(poco, "dates"), defects, "dates.")
    return ChangeOrder(
        change_order_id=number,
        project=record_id(_inner(poco, "project")) or project.text("number"),
        project_name=project.text("name"),
        number=full_number(poco),
        title=fields.text("name"),
        description=fields.text("description"),
        notes=fields.text("user_comment"),
        status=_status(poco, fields),
        status_raw=status_text(poco),
        currency=_currency(poco, defects),
        cost=_total(poco, items, defects),
        created_on=dates.moment("created"),
        submitted_on=dates.moment("submitted"),
        due_on=dates.moment("need_by"),
        purchase_order=order.text("number") or order.text("name"),
        items=tuple(items),
    )


def _status(poco: NativeObject, fields: NativeFields) -> Status:
    workflow = workflow_status(poco)
    if workflow is None:
        fields.defect("workflow_status", "is missing, so the status is unknown")
    elif workflow not in STATUSES:
        fields.defect("workflow_status", f"{workflow[:_SHOWN]} is no known status")
    if _capital(poco, "procurement_status") == CANCELLED:
        return Status.VOID
    return STATUSES.get(workflow or "", Status.UNKNOWN)


def _item(line: NativeObject, defects: list[str]) -> Item:
    guid = record_id(line)
    fields = NativeFields(line, defects, f"items[{guid or '?'}].")
    if guid is None:
        fields.defect("cinx_guid", "is missing, so the item cannot be told from others")
    job_cost = NativeFields(_inner(line, "job_cost"), defects, f"items[{guid or '?'}].job_cost.")
    taxes = NativeFields(_inner(line, "taxes"), defects, f"items[{guid or '?'}].taxes.")
    _note_order(line, fields)
    return Item(
        item_id=guid or "?",
        position=fields.whole("sequence"),
        description=fields.text("description"),
        classification=_classification(fields),
        classification_raw=fields.raw("item_type"),
        quantity=fields.amount("quantity"),
        unit_cost=fields.amount("unit_price"),
        cost=_product(fields),
        tax=taxes.amount("tax_amount"),
        cost_code=job_cost.text("material_cost_code") or job_cost.text("cost_code"),
        unit=fields.text("price_uom"),
    )


def _note_order(line: NativeObject, fields: NativeFields) -> None:
    """Notes a defect of a line that changes one of the purchase order: to what is not documented."""
    quantities = _inner(_inner(line, "purchase_order"), "quantities")
    ordered = NativeFields(quantities, []).exact("ordered")
    if ordered:
        fields.defect(
            "quantity",
            f"changes a line of {ordered.normalize():f} ordered; whether it is the new total or the difference CINX "
            "does not say",
        )


def _product(fields: NativeFields) -> Decimal | None:
    """Quantity times price; ``None`` where one is missing or the price is not for one piece."""
    quantity, price = fields.exact("quantity"), fields.exact("unit_price")
    if quantity is None or price is None:
        return None
    unit = (fields.text("price_uom") or "").strip().upper()
    if unit not in _EACH:
        fields.defect("price_uom", f"{unit[:_SHOWN]} is not one piece, so the amount is not known")
        return None
    return _rounded(fields, "unit_price", _EXACT.multiply(quantity, price))


def _total(poco: NativeObject, items: Sequence[Item], defects: list[str]) -> Decimal | None:
    """The sum of lines and charges less the credits; ``None`` where one of them is not known."""
    amounts = [item.cost for item in items]
    amounts += [_extra(entry, defects, "charges") for entry in _objects(poco, "charges")]
    credits_given = [_extra(entry, defects, "credits") for entry in _objects(poco, "credits")]
    amounts += [None if amount is None else -amount.copy_abs() for amount in credits_given]
    stated = [amount for amount in amounts if amount is not None]
    if not stated or len(stated) < len(amounts):
        return None
    return _rounded(NativeFields(poco, defects), "items", sum(stated, _NO_NUMBER))


def _extra(entry: NativeObject, defects: list[str], place: str) -> Decimal | None:
    return NativeFields(entry, defects, f"{place}[].").amount("unit_price")


def _rounded(fields: NativeFields, name: str, value: Decimal) -> Decimal | None:
    if value.copy_abs() >= LARGEST:
        fields.defect(name, "the amount is larger than an amount can be")
        return None
    return value.quantize(PLACES, context=_EXACT)


def _currency(poco: NativeObject, defects: list[str]) -> str | None:
    codes = sorted({code for line in _objects(poco, "items") if (code := _capital(line, "currency"))})
    if len(codes) > 1:
        NativeFields(poco, defects).defect("items", f"are in several currencies ({', '.join(codes)[:_SHOWN]})")
    return codes[0] if len(codes) == 1 and len(codes[0]) == _ISO_4217 else None


def _classification(fields: NativeFields) -> Classification:
    kind = fields.text("item_type")
    if kind is None:
        return Classification.UNCLASSIFIED
    return CLASSIFICATIONS.get(kind.strip().upper(), Classification.UNKNOWN)


def _linked(data: NativeObject, name: str, defects: list[str]) -> NativeFields:
    return NativeFields(_inner(data, name), defects, f"{name}.")


def _capital(data: NativeObject, name: str) -> str | None:
    text = label_of(NativeFields(data, []).text(name))
    return text.strip().upper() if text is not None else None


def _inner(data: NativeObject, name: str) -> NativeObject:
    member = data.get(name)
    return member if isinstance(member, Mapping) else {}


def _objects(data: NativeObject, name: str) -> list[NativeObject]:
    member = data.get(name)
    return [entry for entry in member if isinstance(entry, Mapping)] if isinstance(member, list) else []


def _rank(line: NativeObject) -> tuple[int, str]:
    position = NativeFields(line, []).whole("sequence")
    return (_LAST if position is None else position, record_id(line) or str(sorted(line.items(), key=str)))
