"""How things stand, by project: open items, what is pending, what is approved and not carried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from operations.reports.open_items import OpenItem, read_open_items
from operations.reports.tables import ReadTables
from relay.domain.change_order import Status
from workers.views.amounts import decimal_of, milliseconds, time_of

_SUMS = text("""
SELECT c.system AS source_system, c.account AS source_account, c.project AS source_project,
       MAX(c.project_name) AS project_name, s.side, s.system, s.account, s.contract,
       COALESCE(c.currency, h.currency) AS currency,
       CASE WHEN c.deleted THEN 'deleted' ELSE c.status END AS status_source,
       SUM(s.amount) AS amount_source, SUM(CASE WHEN s.amount IS NULL THEN 1 ELSE 0 END) AS unknown,
       SUM(CASE WHEN s.amount > COALESCE(h.approved, 0) THEN s.amount - COALESCE(h.approved, 0) END) AS less_there,
       SUM(CASE WHEN s.amount < COALESCE(h.approved, 0) THEN COALESCE(h.approved, 0) - s.amount END) AS more_there,
       SUM(CASE WHEN c.approved_seen_at >= :month THEN s.amount END) AS this_month,
       SUM(CASE WHEN c.approved_seen_at >= :month AND s.amount IS NULL THEN 1 ELSE 0 END) AS unknown_this_month
FROM change_orders c
JOIN shares s ON s.change_order_key = c.change_order_key
LEFT JOIN holdings h ON h.origin_id = s.origin_id
WHERE c.status IN ('pending', 'approved') AND NOT c.deleted
GROUP BY c.system, c.account, c.project, s.side, s.system, s.account, s.contract, COALESCE(c.currency, h.currency),
         CASE WHEN c.deleted THEN 'deleted' ELSE c.status END
""")
"""Of tables rather than of the view: it is asked for at once, of all change orders."""
_CURRENCIES = text(
    "SELECT system, account, named, MAX(currency) AS currency FROM directory GROUP BY system, account, named"
)
_LAST = text("SELECT MAX(written_at) FROM holdings")

Money = dict[str | None, Decimal]
"""By currency; ``None`` where the source states none."""


def _money() -> Money:
    return defaultdict(Decimal)


@dataclass(slots=True, kw_only=True)
class KnownSum:
    """What of some amounts is known, and how many are not: those are in no sum, and no zero either."""

    known: Money = field(default_factory=_money)
    unknown: int = 0

    def add(self, currency: str | None, amount: Decimal | None, unknown: int = 0) -> None:
        """``amount``: of those that are known; ``None``: none is."""
        if amount is not None:
            self.known[currency] += amount
        self.unknown += unknown


@dataclass(slots=True, kw_only=True)
class SideSums:
    """Of one side: what the source says is pending and approved, and what of the approved is not there as such.

    ``more_there``: where more is approved there than at the source. It makes up for nothing that is not there.
    """

    pending: KnownSum = field(default_factory=KnownSum)
    approved: KnownSum = field(default_factory=KnownSum)
    not_carried: KnownSum = field(default_factory=KnownSum)
    more_there: KnownSum = field(default_factory=KnownSum)
    this_month: KnownSum = field(default_factory=KnownSum)


@dataclass(slots=True, kw_only=True)
class ProjectSums:
    """A project of a source. ``key``: system, account and id; ``sides`` by name."""

    key: tuple[str, str, str]
    name: str | None
    sides: dict[str, SideSums] = field(default_factory=lambda: {"owner": SideSums(), "cost": SideSums()})
    items: list[OpenItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReport:
    """``last_carried``: when something was last written."""

    projects: list[ProjectSums]
    items: list[OpenItem]
    last_carried: datetime | None

    def total(self, side: str, what: str) -> KnownSum:
        """The sum of all projects: ``pending``, ``approved``, ``not_carried``."""
        total = KnownSum()
        for project in self.projects:
            found: KnownSum = getattr(project.sides[side], what)
            total.unknown += found.unknown
            for currency, amount in found.known.items():
                total.add(currency, amount)
        return total


def read_home(tables: ReadTables, now: datetime) -> HomeReport:
    """All projects, those with open items first."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    projects: dict[tuple[str, str, str], ProjectSums] = {}
    currencies = {(row.system, row.account, row.named): row.currency for row in tables.rows(_CURRENCIES)}
    for row in tables.rows(_SUMS, month=milliseconds(month)):
        key = (row.source_system, row.source_account, row.source_project or "")
        project = projects.setdefault(key, ProjectSums(key=key, name=row.project_name))
        project.name = project.name or row.project_name
        _add(project.sides[row.side], row, row.currency or currencies.get((row.system, row.account, row.contract)))
    items = read_open_items(tables)
    by_place = {(f"{key[0]}:{key[1]}", key[2]): project for key, project in projects.items()}
    for item in items:
        if found := by_place.get((item.source or "", item.source_project or "")):
            found.items.append(item)
    order = sorted(projects.values(), key=lambda project: (-len(project.items), project.name or "", project.key))
    return HomeReport(projects=order, items=items, last_carried=time_of(tables.connection.scalar(_LAST)))


def _add(sums: SideSums, row: Any, currency: str | None) -> None:
    amount, unknown = decimal_of(row.amount_source), int(row.unknown)
    if row.status_source == Status.PENDING:
        sums.pending.add(currency, amount, unknown)
    elif row.status_source == Status.APPROVED:
        sums.approved.add(currency, amount, unknown)
        sums.this_month.add(currency, decimal_of(row.this_month), int(row.unknown_this_month))
        if row.contract is not None:
            sums.not_carried.add(currency, decimal_of(row.less_there), unknown)
            sums.more_there.add(currency, decimal_of(row.more_there))


def amounts_behind(items: Iterable[OpenItem]) -> dict[str | None, KnownSum]:
    """The amounts of open items by side, the owner's first; ``None``: the side is not known, either."""
    found: dict[str | None, KnownSum] = {}
    for item in sorted(items, key=lambda item: item.side or "", reverse=True):
        found.setdefault(item.side, KnownSum()).add(item.currency, item.amount, item.amount is None)
    return found
