"""Contracts, projects and the lists that a change order refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from relay.clients.native_json.declared import Declared, Id, Instant, NativeDeclared, Number, Text, Truth, Whole, ids_at
from relay.clients.procore.records import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(NativeDeclared):
    """A prime, work order or purchase order contract. Its statuses are words in title case.

    Commitments and prime contracts name their amounts differently ("Show Work Order Contract", "Show Prime Contract").
    ``vendor``: its company's name; a prime contract has none.
    """

    id: Id
    number: Text
    title: Text
    status: Text
    origin_id: Text
    origin_code: Text
    accounting_method: Text
    executed: Truth
    vendor: Annotated[Text, "vendor.name", "vendor.company"]
    currency: Currency
    original_amount: Annotated[Number, "grand_total"]
    approved_changes: Annotated[Number, "approved_change_orders", "approved_change_orders_amount"]
    pending_changes: Annotated[Number, "pending_change_orders", "pending_change_orders_amount"]
    revised_amount: Annotated[Number, "revised_contract", "revised_contract_amount"]
    updated_at: Instant
    deleted_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(NativeDeclared):
    """A project of the company. ``time_zone`` is Procore's own name of it."""

    id: Id
    name: Text
    display_name: Text
    number: Annotated[Text, "project_number"]
    active: Truth
    origin_id: Text
    time_zone: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItemType(Declared):
    """What kind of cost a line is: a cost type."""

    id: Id
    name: Text
    code: Text
    base_type: Text
    origin_id: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCode(Declared):
    """``code`` is its own piece (``210``), ``full_code`` with its parents' (``03-210``)."""

    id: Id
    code: Text
    full_code: Text
    name: Text
    origin_id: Text
    budgeted: Truth
    deleted_at: Instant
    line_item_type_ids: Annotated[frozenset[int], ids_at("id"), "line_item_types"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfMeasure(Declared):
    """A unit of the company's list; a line's ``uom`` must be one of their names."""

    id: Id
    name: Text
    description: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReason(Declared):
    """A reason of the company's list; ``offered`` says whether people can still choose it."""

    id: Id
    reason: Annotated[Text, "change_reason"]
    offered: Annotated[Truth, "show_in_select"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Declared):
    """Whom the credentials stand for."""

    id: Whole
    login: Text
    name: Text
