"""The records that group potential change orders, and the newer view of the same orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from relay.clients.native_json.records import NativeRecord
from relay.clients.native_json.values import Members
from relay.clients.procore.records import currency_of, origin_data_of, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A change order package: a commitment or prime contract change order.

    ``number`` is the remote's own and cannot be set. ``holder_ids`` are the ids of the potential
    change orders that hold its lines; only show, create and update fill them and ``description``.
    """

    id: int
    contract_id: int | None
    origin_id: str | None
    origin_code: str | None
    origin_data: str | None
    number: str | None
    title: str | None
    status: str | None
    kind: str | None
    description: str | None
    due_date: str | None
    executed: bool | None
    grand_total: Decimal | None
    currency: str | None
    holder_ids: frozenset[int]
    created_at: datetime | None
    updated_at: datetime | None
    deleted_at: datetime | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        holders = (line.inner("holder").number("id") for line in record.each("line_items"))
        return cls(
            id=record.required_id(),
            contract_id=record.number("contract_id"),
            origin_id=record.text("origin_id"),
            origin_code=record.text("origin_code"),
            origin_data=origin_data_of(native),
            number=record.text("number"),
            title=record.text("title"),
            status=status_of(record),
            kind=record.text("type"),
            description=record.text("description"),
            due_date=record.day("due_date"),
            executed=record.truth("executed"),
            grand_total=record.decimal("grand_total"),
            currency=currency_of(record),
            holder_ids=frozenset(one for one in holders if one is not None),
            created_at=record.instant("created_at"),
            updated_at=record.instant("updated_at"),
            deleted_at=record.instant("deleted_at"),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrderRequest:
    """A change order request (3-tier). List rows have neither origin id nor contract."""

    id: int
    contract_id: int | None
    package_id: int | None
    origin_id: str | None
    origin_data: str | None
    number: str | None
    title: str | None
    status: str | None
    description: str | None
    due_date: str | None
    schedule_days: int | None
    grand_total: Decimal | None
    currency: str | None
    updated_at: datetime | None
    deleted_at: datetime | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(
            id=record.required_id(),
            contract_id=record.number("contract_id") or record.inner("contract").number("id"),
            package_id=record.number("change_order_package_id") or record.inner("batch").number("id"),
            origin_id=record.text("origin_id"),
            origin_data=origin_data_of(native),
            number=record.text("number"),
            title=record.text("title"),
            status=status_of(record),
            description=record.text("description"),
            due_date=record.day("due_date"),
            schedule_days=record.number("schedule_impact_amount"),
            grand_total=record.decimal("grand_total"),
            currency=currency_of(record),
            updated_at=record.instant("updated_at"),
            deleted_at=record.instant("deleted_at"),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChangeOrder:
    """A commitment or prime change order of the newer endpoints; it cannot carry an origin id.

    ``legacy_package_id`` is the id of its package, ``batch_id`` that of its batch; they are not
    known to be equal ("Show All Commitment Change Orders").
    """

    id: int
    contract_id: int | None
    batch_id: int | None
    legacy_package_id: int | None
    legacy_request_id: int | None
    kind: str | None
    number: str | None
    title: str | None
    status: str | None
    grand_total: Decimal | None
    updated_at: datetime | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(
            id=record.required_id(),
            contract_id=record.number("contract_id"),
            batch_id=record.number("batch_id"),
            legacy_package_id=record.number("legacy_package_id"),
            legacy_request_id=record.number("legacy_request_id"),
            kind=record.text("type"),
            number=record.text("number"),
            title=record.text("title"),
            status=status_of(record),
            grand_total=record.decimal("grand_total"),
            updated_at=record.instant("updated_at"),
            native=native,
        )
