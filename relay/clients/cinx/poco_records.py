"""PO change orders (POCO), as CINX's lists and its detail call answer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from relay.clients.cinx.records import (
    Guid,
    JobCost,
    LineGuid,
    Link,
    RecordGuid,
    RecordNumber,
    References,
    Status,
    VendorLink,
    WorkflowStatus,
)
from relay.clients.native_json.declared import (
    Day,
    Declared,
    NativeDeclared,
    Number,
    Reader,
    Text,
    Truth,
    Whole,
    each,
    nested,
    objects_of,
    text_or_none,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PocoRow(NativeDeclared):
    """A row of a list. ``number`` may be the suffix alone (``-01``); there is no purchase order guid."""

    guid: RecordGuid
    number: RecordNumber
    name: Text
    description: Text
    workflow_status: WorkflowStatus
    procurement_status: Status
    erp_status: Status
    po_number: Text
    po_name: Text
    project_number: Text
    vendor_number: Text
    submitted_on: Annotated[Day, "date_submitted"]
    need_by: Annotated[Day, "date_need_by", "date_deliver_by"]
    submitter: Annotated[Text, "submitter", "submitted_by"]
    phase: Text
    cost_code: Annotated[Text, "material_cost_code", "cost_code"]
    category: Text
    item_count: Whole
    references: References


def attributes_of(value: object) -> tuple[tuple[str, str], ...]:
    """Names and values of a line's attributes; those without either are passed over.

    Texts call an attribute's keys TYPE and VALUE, templates name and value.
    """
    pairs = (
        (text_or_none(entry.get("name")) or text_or_none(entry.get("type")), text_or_none(entry.get("value")))
        for entry in objects_of(value)
    )
    return tuple((name, text) for name, text in pairs if name and text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PocoLine(Declared):
    """A line of a POCO, and of the current purchase order line what the answer shows beside it.

    Whether ``quantity`` is the new total or the difference is not documented.
    """

    guid: LineGuid
    sequence: Whole
    description: Text
    quantity: Number
    unit_price: Number
    price_uom: Text
    currency: Text
    po_line_guid: Annotated[Guid, "cinx_po_item_guid", "purchase_order.cinx_po_item_guid"]
    po_unit_price: Annotated[Number, "purchase_order.unit_price"]
    po_ordered: Annotated[Number, "purchase_order.quantities.ordered"]
    job_cost: Annotated[JobCost, nested(JobCost)]
    attributes: Annotated[tuple[tuple[str, str], ...], Reader(attributes_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poco(NativeDeclared):
    """A PO change order with its lines. ``number`` is CINX's own and full here."""

    guid: RecordGuid
    number: RecordNumber
    name: Text
    description: Text
    comment: Annotated[Text, "user_comment"]
    locked: Truth
    workflow_status: WorkflowStatus
    procurement_status: Status
    erp_status: Status
    purchase_order: Annotated[Link, nested(Link)]
    project: Annotated[Link, nested(Link)]
    vendor: Annotated[VendorLink, nested(VendorLink)]
    submitter_email: Annotated[Text, "submitter.email"]
    created_on: Annotated[Day, "dates.created"]
    modified_on: Annotated[Day, "dates.last_modified"]
    submitted_on: Annotated[Day, "dates.submitted"]
    received_on: Annotated[Day, "dates.received"]
    job_cost: Annotated[JobCost, nested(JobCost), "job_cost_defaults"]
    references: References
    charge_count: Annotated[Whole, "counts.charges"]
    credit_count: Annotated[Whole, "counts.credits"]
    item_count: Annotated[Whole, "counts.items"]
    lines: Annotated[tuple[PocoLine, ...], each(PocoLine), "items"]
