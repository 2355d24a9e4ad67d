"""The records that group potential change orders, and the newer view of the same orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from relay.clients.native_json.declared import (
    Day,
    Id,
    Instant,
    Label,
    NativeDeclared,
    Number,
    Text,
    Truth,
    Whole,
    ids_at,
)
from relay.clients.procore.records import Currency, OriginData, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Package(NativeDeclared):
    """A change order package: a commitment or prime contract change order.

    ``number`` is the remote's own and cannot be set. ``holder_ids`` are the ids of the potential
    change orders that hold its lines; only show, create and update fill them and ``description``.
    """

    id: Id
    contract_id: Whole
    origin_id: Text
    origin_code: Text
    origin_data: OriginData
    number: Label
    title: Text
    status: Status
    kind: Annotated[Text, "type"]
    description: Text
    due_date: Day
    executed: Truth
    grand_total: Number
    currency: Currency
    holder_ids: Annotated[frozenset[int], ids_at("holder.id"), "line_items"]
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrderRequest(NativeDeclared):
    """A change order request (3-tier). List rows have neither origin id nor contract."""

    id: Id
    contract_id: Annotated[Whole, "contract_id", "contract.id"]
    package_id: Annotated[Whole, "change_order_package_id", "batch.id"]
    origin_id: Text
    origin_data: OriginData
    number: Label
    title: Text
    status: Status
    description: Text
    due_date: Day
    schedule_days: Annotated[Whole, "schedule_impact_amount"]
    grand_total: Number
    currency: Currency
    updated_at: Instant
    deleted_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChangeOrder(NativeDeclared):
    """A commitment or prime change order of the newer endpoints; it cannot carry an origin id.

    ``legacy_package_id`` is the id of its package, ``batch_id`` that of its batch; they are not
    known to be equal ("Show All Commitment Change Orders").
    """

    id: Id
    contract_id: Whole
    batch_id: Whole
    legacy_package_id: Whole
    legacy_request_id: Whole
    kind: Annotated[Text, "type"]
    number: Label
    title: Text
    status: Status
    grand_total: Number
    created_at: Instant
    updated_at: Instant

    @property
    def is_as_created(self) -> bool:
        """Whether nobody has written to it since it was made, to the second, which is how finely times are told
        ("Working with Dates and Times"). False where a time is missing.
        """
        return self.created_at is not None and self.created_at == self.updated_at
