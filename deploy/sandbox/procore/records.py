"""The records of a company as it stores them; how they are sent is the views' matter.

Sources: the published endpoint reference for potential change orders, change order requests, change order
packages and their line items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

Side = Literal["commitment", "prime"]
"""The two tools that have their own tier setting and their own change orders."""
ContractKind = Literal["work_order", "purchase_order", "prime"]

STATUSES: Final = (
    "draft",
    "not_pricing",
    "pricing",
    "pending",
    "revised",
    "proceeding",
    "not_proceeding",
    "no_charge",
    "approved",
    "rejected",
    "void",
)
PENDING_BILLABLE: Final = "pending_billable"
"""Packages of one tier only."""
ZERO: Final = Decimal("0.0")


@dataclass(kw_only=True)
class Project:
    """A project; ``permitted`` for the service account, ``writable`` if it has more than reading rights there."""

    id: int
    name: str
    number: str
    tiers: dict[Side, int]
    permitted: bool = True
    writable: bool = True
    active: bool = True
    created_at: datetime
    updated_at: datetime


@dataclass(kw_only=True)
class Contract:
    """A work order, purchase order or prime contract; statuses in title case, unlike change orders."""

    id: int
    project_id: int
    kind: ContractKind
    number: str
    title: str
    status: str = "Approved"
    vendor_id: int | None = None
    accounting_method: str = "amount"
    description: str | None = None
    executed: bool = False
    origin_id: str | None = None
    origin_code: str | None = None
    origin_data: str | None = None
    grand_total: Decimal = ZERO
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @property
    def side(self) -> Side:
        """The tool that it belongs to."""
        return "prime" if self.kind == "prime" else "commitment"


@dataclass(kw_only=True)
class Document:
    """What the three levels of a change order have in common."""

    id: int
    project_id: int
    contract_id: int
    number: str
    position: int
    created_at: datetime
    updated_at: datetime
    created_by: int
    title: str | None = None
    description: str | None = None
    status: str = "draft"
    due_date: datetime | None = None
    invoiced_date: date | None = None
    paid_date: date | None = None
    schedule_impact_amount: int | None = None
    origin_id: str | None = None
    origin_data: str | None = None
    revision: int = 0
    private: bool = False
    executed: bool = False
    reviewed_at: datetime | None = None
    deleted_at: datetime | None = None
    parent_id: int | None = None
    """The request of a PCO, the package of a request; a package has none."""
    stated_total: Decimal | None = None
    """``grand_total`` as submitted; it counts while there are no line items."""
    held_by: str = ""
    """``workflow``: only the status cannot be written; ``erp``: nothing can."""


@dataclass(kw_only=True)
class Pco(Document):
    """A potential change order, which is a commitment or prime change order under another name."""

    prime_change_event_id: int | None = None
    commitment_change_event_id: int | None = None
    currency_exchange_rate: Decimal | None = None
    change_order_change_reason_id: int | None = None
    location_id: int | None = None
    received_from_id: int | None = None
    designated_reviewer_id: int | None = None
    reference: str | None = None
    reason: str | None = None
    field_change: bool = False
    paid: bool = False
    signature_required: bool = False
    enable_ssov: bool = False
    signed_change_order_received_date: date | None = None


@dataclass(kw_only=True)
class Request(Document):
    """A change order request: visible with three tiers, a silent link with fewer."""


@dataclass(kw_only=True)
class Package(Document):
    """A change order package, which is a batch under another name."""

    origin_code: str | None = None
    signed_change_order_received_date: date | None = None


@dataclass(kw_only=True)
class Line:
    """A line item of a PCO."""

    id: int
    pco_id: int
    position: int
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    quantity: Decimal = ZERO
    unit_cost: Decimal = ZERO
    amount: Decimal = ZERO
    uom: str | None = None
    extended_type: str = "manual"
    cost_code_id: int | None = None
    line_item_type_id: int | None = None
    tax_code_id: int | None = None
    origin_id: str | None = None
    origin_data: str | None = None


@dataclass(frozen=True, kw_only=True)
class CostCode:
    """A cost code of one project; ``code`` is its last segment."""

    id: int
    project_id: int
    full_code: str
    name: str
    parent_id: int | None
    created_at: datetime
    origin_id: str | None = None

    @property
    def code(self) -> str:
        """The last segment of the full code."""
        return self.full_code.rpartition("-")[2]


@dataclass(frozen=True, kw_only=True)
class LineItemType:
    """A cost type of the company."""

    id: int
    name: str
    code: str
    base_type: str
    origin_id: str | None = None


@dataclass(frozen=True)
class Person:
    """Someone who can be named as creator, reviewer or sender."""

    id: int
    login: str
    name: str


@dataclass
class Catalog:
    """What the company defines for all its projects."""

    line_item_types: dict[int, LineItemType] = field(default_factory=dict)
    uoms: dict[int, str] = field(default_factory=dict)
    change_reasons: dict[int, str] = field(default_factory=dict)
    vendors: dict[int, str] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    tax_codes: set[int] = field(default_factory=set)
    display_statuses: list[dict[str, object]] = field(default_factory=list)
