"""Contracts, projects and the lists that a change order refers to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from relay.clients.native_json.records import NativeRecord
from relay.clients.native_json.values import Members
from relay.clients.procore.records import currency_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A prime, work order or purchase order contract. Its statuses are words in title case."""

    id: int
    number: str | None
    title: str | None
    status: str | None
    origin_id: str | None
    origin_code: str | None
    accounting_method: str | None
    executed: bool | None
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
            number=record.text("number"),
            title=record.text("title"),
            status=record.text("status"),
            origin_id=record.text("origin_id"),
            origin_code=record.text("origin_code"),
            accounting_method=record.text("accounting_method"),
            executed=record.truth("executed"),
            currency=currency_of(record),
            updated_at=record.instant("updated_at"),
            deleted_at=record.instant("deleted_at"),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of the company. ``time_zone`` is Procore's own name of it."""

    id: int
    name: str | None
    display_name: str | None
    number: str | None
    active: bool | None
    origin_id: str | None
    time_zone: str | None
    native: NativeRecord

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(
            id=record.required_id(),
            name=record.text("name"),
            display_name=record.text("display_name"),
            number=record.text("project_number"),
            active=record.truth("active"),
            origin_id=record.text("origin_id"),
            time_zone=record.text("time_zone"),
            native=native,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItemType:
    """What kind of cost a line is: a cost type."""

    id: int
    name: str | None
    code: str | None
    base_type: str | None
    origin_id: str | None

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(
            id=record.required_id(),
            name=record.text("name"),
            code=record.text("code"),
            base_type=record.text("base_type"),
            origin_id=record.text("origin_id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCode:
    """``code`` is its own piece (``210``), ``full_code`` with its parents' (``03-210``)."""

    id: int
    code: str | None
    full_code: str | None
    name: str | None
    origin_id: str | None
    budgeted: bool | None
    deleted_at: datetime | None
    line_item_type_ids: frozenset[int]

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        types = (one.number("id") for one in record.each("line_item_types"))
        return cls(
            id=record.required_id(),
            code=record.text("code"),
            full_code=record.text("full_code"),
            name=record.text("name"),
            origin_id=record.text("origin_id"),
            budgeted=record.truth("budgeted"),
            deleted_at=record.instant("deleted_at"),
            line_item_type_ids=frozenset(one for one in types if one is not None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfMeasure:
    """A unit of the company's list; a line's ``uom`` must be one of their names."""

    id: int
    name: str | None
    description: str | None

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(id=record.required_id(), name=record.text("name"), description=record.text("description"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReason:
    """A reason of the company's list; ``offered`` says whether people can still choose it."""

    id: int
    reason: str | None
    offered: bool | None

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a readable id."""
        record = Members(native.data)
        return cls(
            id=record.required_id(),
            reason=record.text("change_reason"),
            offered=record.truth("show_in_select"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Whom the credentials stand for."""

    id: int | None
    login: str | None
    name: str | None

    @classmethod
    def read(cls, record: Members) -> Self:
        """Never raises."""
        return cls(id=record.number("id"), login=record.text("login"), name=record.text("name"))
