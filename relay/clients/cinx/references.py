"""The job costing lists of a company."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Self

from relay.clients.cinx.records import guid_of, required_guid
from relay.clients.native_json.records import NativeRecord
from relay.clients.native_json.values import Members


class CostList(StrEnum):
    """The last part of ``org/job-costing/…`` ("Job Costing Setup")."""

    PHASES = "phases"
    MATERIAL_COST_CODES = "material-cost-codes"
    CATEGORIES = "categories"
    TAX_GROUPS = "tax-groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEntry:
    """A phase, cost code, category or tax group. ``reference_id`` is another system's code for it.

    ``parent_guid`` is a cost code's category or a phase's cost code; ``rate`` belongs to tax groups.
    """

    guid: str
    name: str | None
    description: str | None
    reference_id: str | None
    status: str | None
    parent_guid: str | None
    rate: Decimal | None

    @classmethod
    def read(cls, native: NativeRecord) -> Self:
        """Raises ``ValueError`` without a guid."""
        row = Members(native.data)
        return cls(
            guid=required_guid(row),
            name=row.text("name"),
            description=row.text("description"),
            reference_id=row.text("reference_id"),
            status=row.text("status"),
            parent_guid=guid_of(row, "category_guid", "material_cost_code_guid"),
            rate=row.decimal("rate"),
        )
