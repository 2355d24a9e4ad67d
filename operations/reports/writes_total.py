"""What writes add up to: all of them, however many are shown."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from operations.reports.log_sums import Contracts
from operations.reports.money import Money
from operations.reports.tables import ReadTables
from relay.domain.side import Side
from workers.views.amounts import decimal_of, milliseconds
from workers.views.tables import SLOT


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


_SUMS: Final = text("""
SELECT w.system AS target_system, w.account AS target_account, w.contract, w.currency, SUM(w.writes) AS writes,
       SUM(w.unknown) AS unknown, SUM(w.approved) AS approved, SUM(w.pending) AS pending,
       (SELECT MAX(s.side) FROM shares s WHERE s.system = w.system AND s.account = w.account
        AND s.contract = w.contract AND s.target = w.target) AS side
FROM write_sums w WHERE w.slot >= :first AND w.slot < :until
GROUP BY w.system, w.account, w.contract, w.target, w.currency
""")


def sum_writes(tables: ReadTables, first: datetime, until: datetime) -> WritesTotal:
    """Of those from ``first`` and before ``until``, both to a quarter of an hour."""
    limits = {name: (milliseconds(at) or 0) // SLOT for name, at in (("first", first), ("until", until))}
    rows = tables.rows(_SUMS, **limits)
    contracts = Contracts(tables)
    effects = {side.value: WrittenEffects() for side in Side}
    for row in rows:
        side = contracts.side(row)
        effects[side].approved[row.currency] += decimal_of(int(row.approved)) or Decimal(0)
        effects[side].pending[row.currency] += decimal_of(int(row.pending)) or Decimal(0)
    return WritesTotal(
        count=sum(int(row.writes) for row in rows), unknown=sum(int(row.unknown) for row in rows), effects=effects
    )
