"""A change order in canonical form: what every source system's native record is read into.

Amounts are ``Decimal`` with at most four places. Dates that the source gives without a zone are
kept as text, as received. ``None`` always means that the source said nothing (readable).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """Only the source's status field decides; a closing date proves nothing."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"
    UNKNOWN = "unknown"


class Classification(StrEnum):
    """What an item is made of. A lump-sum change order is one item that is ``unclassified``."""

    MATERIAL = "material"
    LABOR = "labor"
    SUBCONTRACTOR = "subcontractor"
    EQUIPMENT = "equipment"
    OTHER = "other"
    UNCLASSIFIED = "unclassified"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a change order. ``cost`` excludes tax and markup; ``client_price`` includes both."""

    item_id: str
    position: int | None = None
    name: str | None = None
    description: str | None = None
    classification: Classification = Classification.UNCLASSIFIED
    classification_raw: str | None = None
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    cost: Decimal | None = None
    markup: Decimal | None = None
    tax: Decimal | None = None
    client_price: Decimal | None = None
    cost_code: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrder:
    """One change order of one source system.

    ``quantity`` and ``unit_cost`` belong to a lump-sum change order, which has no items.
    ``currency`` is ISO 4217, or ``None`` where the source states none. ``decided_on`` is the source's
    closing date, which decides nothing: it stays when a decision is taken back.
    """

    change_order_id: str
    project: str | None = None
    project_name: str | None = None
    number: str | None = None
    title: str | None = None
    subtitle: str | None = None
    description: str | None = None
    notes: str | None = None
    reference: str | None = None
    status: Status = Status.UNKNOWN
    status_raw: str | None = None
    currency: str | None = None
    cost: Decimal | None = None
    markup: Decimal | None = None
    tax: Decimal | None = None
    client_price: Decimal | None = None
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    schedule_days: int | None = None
    created_on: str | None = None
    submitted_on: str | None = None
    due_on: str | None = None
    decided_on: str | None = None
    purchase_order: str | None = None
    items: tuple[Item, ...] = ()

    @property
    def is_lump_sum(self) -> bool:
        """Whether the amount stands on the change order itself."""
        return not self.items
