"""What writes add up to: all of them, however many are shown."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import text

from operations.reports.home import Money
from operations.reports.tables import ReadTables
from workers.views.amounts import decimal_of
from workers.views.shares import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEffects:
    """What writes of one side did to the money, as far as it is known."""

    approved: Money = field(default_factory=lambda: defaultdict(Decimal))
    pending: Money = field(default_factory=lambda: defaultdict(Decimal))


@dataclass(frozen=True, slots=True, kw_only=True)
class WritesTotal:
    """``unknown`` of them have an amount that is not known; ``effects`` by the name of the side."""

    count: int
    unknown: int
    effects: dict[str, WrittenEffects]


def sum_writes(tables: ReadTables, condition: str, **values: object) -> WritesTotal:
    """Of those that fit. ``condition``: of our own words, over the columns of the view ``writes``."""
    query = f"""
        SELECT side, currency, COUNT(*) AS writes,
               SUM(CASE WHEN amount_before IS NULL OR amount_after IS NULL THEN 1 ELSE 0 END) AS unknown,
               SUM(approved_effect) AS approved, SUM(pending_effect) AS pending
        FROM writes WHERE {condition} GROUP BY side, currency
    """  # noqa: S608 - of our own words
    rows = tables.rows(text(query), **values)
    effects = {side.value: WrittenEffects() for side in Side}
    for row in rows:
        effects[row.side].approved[row.currency] += decimal_of(row.approved) or Decimal(0)
        effects[row.side].pending[row.currency] += decimal_of(row.pending) or Decimal(0)
    return WritesTotal(
        count=sum(row.writes for row in rows), unknown=sum(int(row.unknown) for row in rows), effects=effects
    )
