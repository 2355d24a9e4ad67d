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
SELECT source_system, source_account, source_project, MAX(project_name) AS project_name, side, currency, status_source,
       CASE WHEN target = '' THEN 0 ELSE 1 END AS has_destination,
       COUNT(DISTINCT change_order_key) AS change_orders,
       SUM(amount_source) AS amount_source, SUM(approved_there) AS approved_there,
       SUM(CASE WHEN approved_seen_at >= :month THEN amount_source ELSE 0 END) AS this_month
FROM change_order_log
GROUP BY source_system, source_account, source_project, side, currency, status_source,
         CASE WHEN target = '' THEN 0 ELSE 1 END
""")
_LAST = text("SELECT MAX(written_at) FROM holdings")

Money = dict[str | None, Decimal]
"""By currency; ``None`` where the source states none."""


def _money() -> Money:
    return defaultdict(Decimal)


@dataclass(slots=True, kw_only=True)
class SideSums:
    """Of one side: what the source says is pending and approved, and what of the approved is not there as such."""

    pending: Money = field(default_factory=_money)
    approved: Money = field(default_factory=_money)
    not_carried: Money = field(default_factory=_money)
    this_month: Money = field(default_factory=_money)


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

    def total(self, side: str, what: str) -> Money:
        """The sum of all projects: ``pending``, ``approved``, ``not_carried``."""
        sums = _money()
        for project in self.projects:
            for currency, amount in getattr(project.sides[side], what).items():
                sums[currency] += amount
        return sums


def read_home(tables: ReadTables, now: datetime) -> HomeReport:
    """All projects, those with open items first."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    projects: dict[tuple[str, str, str], ProjectSums] = {}
    for row in tables.rows(_SUMS, month=milliseconds(month)):
        key = (row.source_system, row.source_account, row.source_project or "")
        project = projects.setdefault(key, ProjectSums(key=key, name=row.project_name))
        project.name = project.name or row.project_name
        _add(project.sides[row.side], row)
    items = read_open_items(tables)
    by_place = {key[1:]: project for key, project in projects.items()}
    for item in items:
        account = (item.change_order_key or "::").split(":")[1]
        if found := by_place.get((account, item.source_project or "")):
            found.items.append(item)
    order = sorted(projects.values(), key=lambda project: (-len(project.items), project.name or "", project.key))
    return HomeReport(projects=order, items=items, last_carried=time_of(tables.connection.scalar(_LAST)))


def _add(sums: SideSums, row: Any) -> None:
    amount = decimal_of(row.amount_source) or Decimal(0)
    if row.status_source == Status.PENDING:
        sums.pending[row.currency] += amount
    elif row.status_source == Status.APPROVED:
        sums.approved[row.currency] += amount
        sums.this_month[row.currency] += decimal_of(row.this_month) or Decimal(0)
        if row.has_destination:
            sums.not_carried[row.currency] += amount - (decimal_of(row.approved_there) or Decimal(0))


def amounts_behind(items: Iterable[OpenItem]) -> tuple[Money, int]:
    """The known amounts of open items, and how many are not known."""
    sums, unknown = _money(), 0
    for item in items:
        if item.amount is None:
            unknown += 1
        else:
            sums[item.currency] += item.amount
    return sums, unknown
