"""CINX's purchase orders and what their records share with PO change orders.

Old and new spellings of a field read alike, numbers and booleans may be written as text, missing
dates are ``null`` or empty ("PO Change Orders" of 2019 and later, "Purchase Orders"). Statuses are
in capital letters, whatever the answer uses. Only the guid is certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from relay.clients.native_json.declared import (
    Declared,
    Label,
    NativeDeclared,
    Number,
    Reader,
    Text,
    Truth,
    Whole,
    each,
    label_or_none,
    nested,
    objects_of,
    text_or_none,
)
from relay.domain.sources.native_values import text_of

LONGEST_ID = 255
"""Characters of an id that is believed: a guid has 36."""


def guid_of(value: object) -> str | None:
    """A guid in small letters, as CINX compares them; ``None`` where there is none, or what is there is too long."""
    guid = (text_of(value) or "").strip().lower()
    return guid if 0 < len(guid) <= LONGEST_ID else None


def status_of(value: object) -> str | None:
    """A status in capital letters; ``None`` where there is none."""
    status = label_or_none(value)
    return status.strip().upper() if status else None


Guid = Annotated[str | None, Reader(guid_of)]
RecordGuid = Annotated[str, Reader(guid_of, required=True), "cinx_guid", "cinx_quid"]
"""The record's own guid; ``cinx_quid`` is a slip of the samples."""
LineGuid = Annotated[Guid, "cinx_guid", "cinx_quid"]
RecordNumber = Annotated[Label, "number", "numer"]
"""``numer`` is a slip of the samples."""
Status = Annotated[str | None, Reader(status_of)]
WorkflowStatus = Annotated[Status, "workflow_status", "status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalReference:
    """An id of another system, kept by CINX under its type."""

    type: str
    description: str | None
    value: str


def references_of(value: object) -> tuple[ExternalReference, ...]:
    """The external references of a list; those without type or value are passed over."""
    references = []
    for entry in objects_of(value):
        type_, text = text_or_none(entry.get("type")), text_or_none(entry.get("value"))
        if type_ and text:
            description = text_or_none(entry.get("description"))
            references.append(ExternalReference(type=type_, description=description, value=text))
    return tuple(references)


References = Annotated[tuple[ExternalReference, ...], Reader(references_of), "external_references", "links"]
"""Until September 2019 their name was ``links``."""


def reference_values(references: tuple[ExternalReference, ...]) -> Mapping[str, str]:
    """Values by type; CINX keeps one of each."""
    return {reference.type: reference.value for reference in references}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Declared):
    """A project or purchase order, as another record names it."""

    guid: Annotated[Guid, "cinx_guid"]
    number: Text
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorLink(Declared):
    """A vendor, as another record names it."""

    guid: Annotated[Guid, "cinx_commerce_guid"]
    number: Text
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCost(Declared):
    """Where a line's cost belongs; guids or names may be missing. Imports name the cost code otherwise than answers."""

    phase_guid: Annotated[Guid, "cinx_phase_guid"]
    phase: Annotated[Text, "phase_name"]
    cost_code_guid: Annotated[Guid, "cinx_material_cost_code_guid"]
    cost_code: Annotated[Text, "material_cost_code", "material_cost_code_name", "cost_code"]
    category_guid: Annotated[Guid, "cinx_category_guid"]
    category: Annotated[Text, "category_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow(Declared):
    """A row of the list of projects ("Projects"); ``status`` is in capital letters."""

    guid: RecordGuid
    number: Text
    name: Text
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRow(NativeDeclared):
    """A row of the list of purchase orders."""

    guid: RecordGuid
    number: RecordNumber
    name: Text
    description: Text
    workflow_status: WorkflowStatus
    procurement_status: Status
    erp_status: Status
    project_number: Text
    project_name: Text
    vendor_number: Text
    vendor_name: Text
    item_count: Whole
    references: References


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderLine(Declared):
    """A line of a purchase order; ``guid`` is what a change order refers to."""

    guid: LineGuid
    sequence: Whole
    description: Text
    unit_price: Number
    price_uom: Text
    currency: Text
    procurement_status: Status
    ordered: Annotated[Number, "quantities.ordered"]
    hph_code: Text
    org_item_id: Text
    mfr_part_number: Text
    upc: Text
    job_cost: Annotated[JobCost, nested(JobCost)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder(NativeDeclared):
    """A purchase order with its lines. ``locked`` is ``None`` where the answer does not say."""

    guid: RecordGuid
    number: RecordNumber
    name: Text
    locked: Truth
    workflow_status: WorkflowStatus
    procurement_status: Status
    erp_status: Status
    project: Annotated[Link, nested(Link)]
    vendor: Annotated[VendorLink, nested(VendorLink)]
    references: References
    lines: Annotated[tuple[PurchaseOrderLine, ...], each(PurchaseOrderLine), "items"]
