"""CINX's purchase orders and their change orders, each beside the bytes that it was read from.

Old and new spellings of a field read alike, numbers and booleans may be written as text, missing
dates are ``null`` or empty ("PO Change Orders" of 2019 and later, "Purchase Orders"). Statuses are
in capital letters, whatever the answer uses. Only the guid is certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from relay.clients.native_json.records import NativeRecord
from relay.clients.native_json.values import Members


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalReference:
    """An id of another system, kept by CINX under its type."""

    type: str
    description: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another record, as one names it."""

    guid: str | None
    number: str | None
    name: str | None

    @classmethod
    def read(cls, members: Members, guid: str = "cinx_guid") -> Self:
        """Never raises."""
        return cls(guid=guid_of(members, guid), number=members.text("number"), name=members.text("name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCost:
    """Where a line's cost belongs; guids or names may be missing."""

    phase_guid: str | None
    phase: str | None
    cost_code_guid: str | None
    cost_code: str | None
    category_guid: str | None
    category: str | None

    @classmethod
    def read(cls, members: Members) -> Self:
        """Never raises. Imports name the cost code otherwise than answers do."""
        return cls(
            phase_guid=guid_of(members, "cinx_phase_guid"),
            phase=members.text("phase_name"),
            cost_code_guid=guid_of(members, "cinx_material_cost_code_guid"),
            cost_code=members.text("material_cost_code", "material_cost_code_name", "cost_code"),
            category_guid=guid_of(members, "cinx_category_guid"),
            category=members.text("category_name"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRow:
    """A row of the list of purchase orders."""

    guid: str
    number: str | None
    name: str | None
    description: str | None
    workflow_status: str | None
    procurement_status: str | None
    erp_status: str | None
    project_number: str | None
    vendor_number: str | None
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
            project_number=row.text("project_number"),
            vendor_number=row.text("vendor_number"),
            item_count=row.number("item_count"),
            references=references_of(row),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderLine:
    """A line of a purchase order; ``guid`` is what a change order refers to."""

    guid: str | None
    sequence: int | None
    description: str | None
    unit_price: Decimal | None
    price_uom: str | None
    currency: str | None
    procurement_status: str | None
    ordered: Decimal | None
    hph_code: str | None
    org_item_id: str | None
    mfr_part_number: str | None
    upc: str | None
    job_cost: JobCost

    @classmethod
    def read(cls, line: Members) -> Self:
        """Never raises."""
        return cls(
            guid=guid_of(line, "cinx_guid", "cinx_quid"),
            sequence=line.number("sequence"),
            description=line.text("description"),
            unit_price=line.decimal("unit_price"),
            price_uom=line.text("price_uom"),
            currency=line.text("currency"),
            procurement_status=status_of(line, "procurement_status"),
            ordered=line.inner("quantities").decimal("ordered"),
            hph_code=line.text("hph_code"),
            org_item_id=line.text("org_item_id"),
            mfr_part_number=line.text("mfr_part_number"),
            upc=line.text("upc"),
            job_cost=JobCost.read(line.inner("job_cost")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder:
    """A purchase order with its lines. ``locked`` is ``None`` where the answer does not say."""

    guid: str
    number: str | None
    name: str | None
    locked: bool | None
    workflow_status: str | None
    procurement_status: str | None
    erp_status: str | None
    project: Link
    vendor: Link
    references: tuple[ExternalReference, ...]
    lines: tuple[PurchaseOrderLine, ...]
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a guid."""
        record = Members(native.data)
        return cls(
            guid=required_guid(record),
            number=record.text("number", "numer"),
            name=record.text("name"),
            locked=record.truth("locked"),
            workflow_status=status_of(record, "workflow_status", "status"),
            procurement_status=status_of(record, "procurement_status"),
            erp_status=status_of(record, "erp_status"),
            project=Link.read(record.inner("project")),
            vendor=Link.read(record.inner("vendor"), "cinx_commerce_guid"),
            references=references_of(record),
            lines=tuple(PurchaseOrderLine.read(line) for line in record.each("items")),
            native=native,
        )


def guid_of(members: Members, *names: str) -> str | None:
    """A guid in small letters, as CINX compares them."""
    found = members.text(*names)
    return found.strip().lower() if found else None


def required_guid(members: Members) -> str:
    """The record's own guid; ``cinx_quid`` is a slip of the samples. Raises ``ValueError``."""
    found = guid_of(members, "cinx_guid", "cinx_quid")
    if not found:
        raise ValueError("a record without a readable cinx_guid")
    return found


def status_of(members: Members, *names: str) -> str | None:
    """A status in capital letters."""
    found = members.text(*names)
    return found.strip().upper() if found else None


def references_of(members: Members) -> tuple[ExternalReference, ...]:
    """External references; until September 2019 their name was ``links``."""
    entries = members.each("external_references") or members.each("links")
    found = ((one.text("type"), one.text("description"), one.text("value")) for one in entries)
    return tuple(
        ExternalReference(type=kind, description=words, value=value) for kind, words, value in found if kind and value
    )


def reference_values(references: tuple[ExternalReference, ...]) -> Mapping[str, str]:
    """Values by type; CINX keeps one of each."""
    return {one.type: one.value for one in references}
