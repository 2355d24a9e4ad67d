"""Procore's records, each beside the bytes that it was read from.

Only ``id`` is certain. Everything else is ``None`` where the remote left it out, sent ``null``, an
empty text, or something of another type. Statuses are Procore's own words, unknown ones included; a known one
that is shown in title case, as contracts and ERP events show theirs, is in the form that is written.
Dates are ``YYYY-MM-DD`` whichever form the endpoint uses ("Working with Dates and Times").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from relay.clients.native_json import json_text
from relay.clients.native_json.declared import (
    Day,
    Declared,
    Id,
    Instant,
    Label,
    NativeDeclared,
    Number,
    Reader,
    Text,
    Truth,
    Whole,
    label_or_none,
    objects_of,
    text_or_none,
)
from relay.domain.procore_content import as_written


def _status(value: object) -> str | None:
    word = label_or_none(value)
    return as_written(word) if word else None


def _origin_data(value: object) -> str | None:
    """Free text; JSON in it counts the same where it comes back taken apart."""
    return json_text.render(value).decode() if isinstance(value, dict) else text_or_none(value)


def _embedded_lines(value: object) -> tuple[EmbeddedLine, ...] | None:
    lines = objects_of(value)
    is_whole = isinstance(value, list) and len(lines) == len(value)
    return tuple(EmbeddedLine.of(line) for line in lines) if is_whole else None


Status = Annotated[str | None, Reader(_status)]
"""Of a change order, package or request."""

Currency = Annotated[Text, "currency_configuration.currency_iso_code"]
"""ISO 4217; only where the company has one configured."""

OriginData = Annotated[str | None, Reader(_origin_data)]
"""What the API stores with a record beside its origin id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialChangeOrderRow(NativeDeclared):
    """A row of the list. It has no origin id and no description ("List Potential Change Orders").

    ``tiers`` is the only place that tells a project's change order tiers (1 to 3).
    ``*_acronym_number`` are ``None`` where the tier hides that level.
    """

    id: Id
    contract_id: Whole
    number: Label
    title: Text
    status: Status
    due_date: Day
    schedule_days: Annotated[Whole, "schedule_impact_amount"]
    change_reason: Text
    change_order_request_id: Whole
    executed: Truth
    package_title: Annotated[Label, "change_order_package_title"]
    grand_total: Number
    currency: Currency
    tiers: Annotated[Whole, "change_order_tiers"]
    pco_acronym_number: Annotated[Label, "potential_change_order_acronym_number"]
    request_acronym_number: Annotated[Label, "change_order_request_acronym_number"]
    package_acronym_number: Annotated[Label, "change_order_package_acronym_number"]
    created_by_id: Whole
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedLine(Declared):
    """A line inside a change order. It has no origin id; the line item list has."""

    id: Whole
    position: Whole
    description: Text
    quantity: Number
    unit_cost: Number
    uom: Text
    amount: Annotated[Number, "total_amount", "extended_amount"]
    cost_code_id: Annotated[Whole, "cost_code_id", "cost_code.id"]
    line_item_type_id: Annotated[Whole, "line_item_type.id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialChangeOrder(NativeDeclared):
    """The whole record, as show and sync answer it ("Show Potential Change Order").

    The id of its package is not in it. ``lines`` are ``None`` where it does not say which it has: then their own list
    does.
    """

    id: Id
    contract_id: Whole
    origin_id: Text
    origin_data: OriginData
    number: Label
    title: Text
    status: Status
    description: Text
    due_date: Day
    schedule_days: Annotated[Whole, "schedule_impact_amount"]
    change_reason_id: Annotated[Whole, "change_order_change_reason_id"]
    change_order_request_id: Whole
    grand_total: Number
    currency: Currency
    lines: Annotated[tuple[EmbeddedLine, ...] | None, Reader(_embedded_lines), "line_items"]
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem(NativeDeclared):
    """A line of a potential change order, as its own endpoints answer it, with its origin id."""

    id: Id
    origin_id: Text
    origin_data: OriginData
    position: Whole
    description: Text
    extended_type: Text
    amount: Annotated[Number, "amount", "extended_amount", "total_amount"]
    quantity: Number
    unit_cost: Number
    uom: Text
    cost_code_id: Annotated[Whole, "cost_code_id", "cost_code.id"]
    line_item_type_id: Annotated[Whole, "line_item_type_id", "line_item_type.id"]
    wbs_code_id: Annotated[Whole, "wbs_code.id"]
    tax_code_id: Whole
    holder_id: Annotated[Whole, "holder.id"]
    updated_at: Instant
