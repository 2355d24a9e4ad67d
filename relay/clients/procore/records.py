"""Procore's records, each beside the bytes that it was read from.

Only ``id`` is certain. Everything else is ``None`` where the remote left it out, sent ``null``, an
empty text, or something of another type. Statuses are Procore's own words, unknown ones included; a known one
that is shown in title case, as contracts and ERP events show theirs, is in the form that is written.
Dates are ``YYYY-MM-DD`` whichever form the endpoint uses ("Working with Dates and Times").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from relay.clients.native_json import json_text
from relay.clients.native_json.records import NativeRecord
from relay.clients.native_json.values import Members, text_of

_STATUSES = frozenset(
    ("draft", "not_pricing", "pricing", "pending", "revised", "proceeding", "not_proceeding", "no_charge", "approved",
     "rejected", "void", "pending_billable")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialChangeOrderRow:
    """A row of the list. It has no origin id and no description ("List Potential Change Orders").

    ``tiers`` is the only place that tells a project's change order tiers (1 to 3).
    ``*_acronym_number`` are ``None`` where the tier hides that level.
    """

    id: int
    contract_id: int | None
    number: str | None
    title: str | None
    status: str | None
    due_date: str | None
    schedule_days: int | None
    change_reason: str | None
    change_order_request_id: int | None
    package_title: str | None
    grand_total: Decimal | None
    currency: str | None
    tiers: int | None
    pco_acronym_number: str | None
    request_acronym_number: str | None
    package_acronym_number: str | None
    created_at: datetime | None
    updated_at: datetime | None
    deleted_at: datetime | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        row = Members(native.data)
        return cls(
            id=row.required_id(),
            contract_id=row.number("contract_id"),
            number=row.text("number"),
            title=row.text("title"),
            status=status_of(row),
            due_date=row.day("due_date"),
            schedule_days=row.number("schedule_impact_amount"),
            change_reason=row.text("change_reason"),
            change_order_request_id=row.number("change_order_request_id"),
            package_title=row.text("change_order_package_title"),
            grand_total=row.decimal("grand_total"),
            currency=currency_of(row),
            tiers=row.number("change_order_tiers"),
            pco_acronym_number=row.text("potential_change_order_acronym_number"),
            request_acronym_number=row.text("change_order_request_acronym_number"),
            package_acronym_number=row.text("change_order_package_acronym_number"),
            created_at=row.instant("created_at"),
            updated_at=row.instant("updated_at"),
            deleted_at=row.instant("deleted_at"),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedLine:
    """A line inside a change order. It has no origin id; the line item list has."""

    id: int | None
    position: int | None
    description: str | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    uom: str | None
    amount: Decimal | None
    cost_code_id: int | None
    line_item_type_id: int | None

    @classmethod
    def read(cls, line: Members) -> Self:
        """Never raises."""
        code = line.inner("cost_code").number("id")
        return cls(
            id=line.number("id"),
            position=line.number("position"),
            description=line.text("description"),
            quantity=line.decimal("quantity"),
            unit_cost=line.decimal("unit_cost"),
            uom=line.text("uom"),
            amount=line.first_decimal("total_amount", "extended_amount"),
            cost_code_id=line.number("cost_code_id") or code,
            line_item_type_id=line.inner("line_item_type").number("id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialChangeOrder:
    """The whole record, as show and sync answer it ("Show Potential Change Order").

    The id of its package is not in it.
    """

    id: int
    contract_id: int | None
    origin_id: str | None
    origin_data: str | None
    number: str | None
    title: str | None
    status: str | None
    description: str | None
    due_date: str | None
    schedule_days: int | None
    change_reason_id: int | None
    change_order_request_id: int | None
    grand_total: Decimal | None
    currency: str | None
    lines: tuple[EmbeddedLine, ...]
    created_at: datetime | None
    updated_at: datetime | None
    deleted_at: datetime | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(
            id=record.required_id(),
            contract_id=record.number("contract_id"),
            origin_id=record.text("origin_id"),
            origin_data=origin_data_of(native),
            number=record.text("number"),
            title=record.text("title"),
            status=status_of(record),
            description=record.text("description"),
            due_date=record.day("due_date"),
            schedule_days=record.number("schedule_impact_amount"),
            change_reason_id=record.number("change_order_change_reason_id"),
            change_order_request_id=record.number("change_order_request_id"),
            grand_total=record.decimal("grand_total"),
            currency=currency_of(record),
            lines=tuple(EmbeddedLine.read(line) for line in record.each("line_items")),
            created_at=record.instant("created_at"),
            updated_at=record.instant("updated_at"),
            deleted_at=record.instant("deleted_at"),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A line of a potential change order, as its own endpoints answer it, with its origin id."""

    id: int
    origin_id: str | None
    origin_data: str | None
    position: int | None
    description: str | None
    extended_type: str | None
    amount: Decimal | None
    quantity: Decimal | None
    unit_cost: Decimal | None
    uom: str | None
    cost_code_id: int | None
    line_item_type_id: int | None
    wbs_code_id: int | None
    tax_code_id: int | None
    holder_id: int | None
    updated_at: datetime | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        line = Members(native.data)
        return cls(
            id=line.required_id(),
            origin_id=line.text("origin_id"),
            origin_data=origin_data_of(native),
            position=line.number("position"),
            description=line.text("description"),
            extended_type=line.text("extended_type"),
            amount=line.first_decimal("amount", "extended_amount", "total_amount"),
            quantity=line.decimal("quantity"),
            unit_cost=line.decimal("unit_cost"),
            uom=line.text("uom"),
            cost_code_id=line.inner("cost_code").number("id"),
            line_item_type_id=line.inner("line_item_type").number("id"),
            wbs_code_id=line.inner("wbs_code").number("id"),
            tax_code_id=line.number("tax_code_id"),
            holder_id=line.inner("holder").number("id"),
            updated_at=line.instant("updated_at"),
            native=native,
        )


def currency_of(record: Members) -> str | None:
    """The record's ISO 4217 currency, where the company has one configured."""
    return record.inner("currency_configuration").text("currency_iso_code")


def status_of(record: Members) -> str | None:
    """The status of a change order, package or request."""
    word = record.text("status")
    known = "_".join(word.lower().split()) if word else None
    return known if known in _STATUSES else word


def origin_data_of(native: NativeRecord) -> str | None:
    """The free text that the API stores with a record; JSON in it counts the same where it comes back taken apart."""
    value = native.data.get("origin_data")
    return json_text.render(value).decode() if isinstance(value, dict) else text_of(value) or None
