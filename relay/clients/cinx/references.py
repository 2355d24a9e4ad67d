"""The job costing lists of a company."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from relay.clients.cinx.records import Guid, RecordGuid
from relay.clients.native_json.declared import Declared, Number, Text


class CostList(StrEnum):
    """The last part of ``org/job-costing/…`` ("Job Costing Setup")."""

    PHASES = "phases"
    MATERIAL_COST_CODES = "material-cost-codes"
    CATEGORIES = "categories"
    TAX_GROUPS = "tax-groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEntry(Declared):
    """A phase, cost code, category or tax group. ``reference_id`` is another system's code for it.

    ``parent_guid`` is a cost code's category or a phase's cost code; ``rate`` belongs to tax groups.
    """

    guid: RecordGuid
    name: Text
    description: Text
    reference_id: Text
    status: Text
    parent_guid: Annotated[Guid, "category_guid", "material_cost_code_guid"]
    rate: Number
