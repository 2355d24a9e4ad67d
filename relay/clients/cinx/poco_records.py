"""PO change orders (POCO), as CINX's lists and its detail call answer them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from relay.clients.cinx.records import (
    ExternalReference,
    JobCost,
    Link,
    guid_of,
    references_of,
    required_guid,
    status_of,
)
from relay.clients.native_json.records import NativeRecord
from relay.clients.native_json.values import Members


@dataclass(frozen=True, slots=True, kw_only=True)
class PocoRow:
    """A row of a list. ``number`` may be the suffix alone (``-01``); there is no purchase order guid."""

    guid: str
    number: str | None
    name: str | None
    description: str | None
    workflow_status: str | None
    procurement_status: str | None
    erp_status: str | None
    po_number: str | None
    po_name: str | None
    project_number: str | None
    vendor_number: str | None
    submitted_on: str | None
    need_by: str | None
    submitter: str | None
    phase: str | None
    cost_code: str | None
    category: str | None
    item_count: int | None
    references: tuple[ExternalReference, ...]
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a guid."""
        row = Members(native.data)
        return cls(
            guid=required_guid(row),
            number=row.text("number", "numer"),
            name=row.text("name"),
            description=row.text("description"),
            workflow_status=status_of(row, "workflow_status", "status"),
            procurement_status=status_of(row, "procurement_status"),
            erp_status=status_of(row, "erp_status"),
            po_number=row.text("po_number"),
            po_name=row.text("po_name"),
            project_number=row.text("project_number"),
            vendor_number=row.text("vendor_number"),
            submitted_on=row.day("date_submitted"),
            need_by=row.day("date_need_by", "date_deliver_by"),
            submitter=row.text("submitter", "submitted_by"),
            phase=row.text("phase"),
            cost_code=row.text("material_cost_code", "cost_code"),
            category=row.text("category"),
            item_count=row.number("item_count"),
            references=references_of(row),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PocoLine:
    """A line of a POCO, and of the current purchase order line what the answer shows beside it.

    Whether ``quantity`` is the new total or the difference is not documented.
    """

    guid: str | None
    sequence: int | None
    description: str | None
    quantity: Decimal | None
    unit_price: Decimal | None
    price_uom: str | None
    currency: str | None
    po_line_guid: str | None
    po_unit_price: Decimal | None
    po_ordered: Decimal | None
    job_cost: JobCost
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, line: Members) -> Self:
        """Never raises. Texts call an attribute's keys TYPE and VALUE, templates name and value."""
        order = line.inner("purchase_order")
        pairs = ((one.text("name", "type"), one.text("value")) for one in line.each("attributes"))
        return cls(
            guid=guid_of(line, "cinx_guid", "cinx_quid"),
            sequence=line.number("sequence"),
            description=line.text("description"),
            quantity=line.decimal("quantity"),
            unit_price=line.decimal("unit_price"),
            price_uom=line.text("price_uom"),
            currency=line.text("currency"),
            po_line_guid=guid_of(line, "cinx_po_item_guid") or guid_of(order, "cinx_po_item_guid"),
            po_unit_price=order.decimal("unit_price"),
            po_ordered=order.inner("quantities").decimal("ordered"),
            job_cost=JobCost.read(line.inner("job_cost")),
            attributes=tuple((name, value) for name, value in pairs if name and value),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Poco:
    """A PO change order with its lines. ``number`` is CINX's own and full here."""

    guid: str
    number: str | None
    name: str | None
    description: str | None
    comment: str | None
    locked: bool | None
    workflow_status: str | None
    procurement_status: str | None
    erp_status: str | None
    purchase_order: Link
    project: Link
    vendor: Link
    created_on: str | None
    modified_on: str | None
    submitted_on: str | None
    received_on: str | None
    job_cost: JobCost
    references: tuple[ExternalReference, ...]
    charge_count: int | None
    credit_count: int | None
    item_count: int | None
    lines: tuple[PocoLine, ...]
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a guid."""
        record = Members(native.data)
        dates, counts = record.inner("dates"), record.inner("counts")
        return cls(
            guid=required_guid(record),
            number=record.text("number", "numer"),
            name=record.text("name"),
            description=record.text("description"),
            comment=record.text("user_comment"),
            locked=record.truth("locked"),
            workflow_status=status_of(record, "workflow_status", "status"),
            procurement_status=status_of(record, "procurement_status"),
            erp_status=status_of(record, "erp_status"),
            purchase_order=Link.read(record.inner("purchase_order")),
            project=Link.read(record.inner("project")),
            vendor=Link.read(record.inner("vendor"), "cinx_commerce_guid"),
            created_on=dates.day("created"),
            modified_on=dates.day("last_modified"),
            submitted_on=dates.day("submitted"),
            received_on=dates.day("received"),
            job_cost=JobCost.read(record.inner("job_cost_defaults")),
            references=references_of(record),
            charge_count=counts.number("charges"),
            credit_count=counts.number("credits"),
            item_count=counts.number("items"),
            lines=tuple(PocoLine.read(line) for line in record.each("items")),
            native=native,
        )
