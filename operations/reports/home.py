"""How things stand, by project: open items, what is pending, what is approved and not carried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from operations.letters.filter import project_filter
from operations.reports.log_sums import KeptSum, SourceProject, read_approvals, read_sums
from operations.reports.money import KnownSum
from operations.reports.open_items import OpenItem
from operations.reports.tables import ReadTables
from relay.domain.change_order import Status
from workers.views.amounts import MOST_SUMMED, decimal_of, milliseconds, time_of

_SHOWN: Final = (Status.PENDING.value, Status.APPROVED.value)
_LAST = text("SELECT MAX(written_at) FROM holdings")

_ITEMS: Final = text("""
WITH waiting AS MATERIALIZED (
    SELECT source, source_project, side, currency, amount
    FROM open_items WHERE snoozed_until IS NULL OR snoozed_until <= :now
)
SELECT source, source_project, side, currency, COUNT(*) AS items, SUM(amount) AS amount, COUNT(amount) AS known
FROM (SELECT source, source_project, side, currency, CASE WHEN amount BETWEEN -:most AND :most THEN amount END AS amount
      FROM waiting) summable
GROUP BY source, source_project, side, currency
""")
"""Materialized, since what an amount or a side is found by would be looked up again wherever it is named."""


@dataclass(slots=True, kw_only=True)
class WaitingItems:
    """How many open items are not snoozed, and the amounts behind them by side; ``None``: a side that is not known."""

    count: int = 0
    behind: dict[str | None, KnownSum] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        """A group of them."""
        self.count += int(row.items)
        known = decimal_of(int(row.amount)) if row.known else None
        self.behind.setdefault(row.side, KnownSum()).add(row.currency, known, int(row.items - row.known))
        self.behind = dict(sorted(self.behind.items(), key=lambda one: one[0] or "", reverse=True))


@dataclass(slots=True, kw_only=True)
class SideSums:
    """Of one side: what the source says is pending and approved, and what of the approved is not there as such.

    ``more_there``: where more is approved there than at the source. It makes up for nothing that is not there.
    Of credits both are below zero.
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
    items: WaitingItems = field(default_factory=WaitingItems)

    @property
    def asks(self) -> str:
        """What asks for its open items."""
        return project_filter(f"{self.key[0]}:{self.key[1]}", self.key[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReport:
    """``last_carried``: when something was last written."""

    projects: list[ProjectSums]
    items: WaitingItems
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
    """All projects, those with open items first. The month is that of ``now`` in its own zone."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    projects: dict[tuple[str, str, str], ProjectSums] = {}
    for one in read_sums(tables, statuses=_SHOWN):
        if one.is_routed and (one.status in _SHOWN or one.more_there):
            project = _project(projects, one.project)
            project.name = max(filter(None, (project.name, one.project_name)), default=None)
            _add(project.sides[one.side], one)
    for approved in read_approvals(tables, month):
        sums = _project(projects, approved.project).sides[approved.side].this_month
        sums.add(approved.currency, approved.amount if approved.unknown < approved.rows else None, approved.unknown)
    items = WaitingItems()
    by_place = {(f"{key[0]}:{key[1]}", key[2]): project for key, project in projects.items()}
    for row in tables.rows(_ITEMS, now=milliseconds(now), most=MOST_SUMMED):
        items.add(row)
        if found := by_place.get((row.source or "", row.source_project or "")):
            found.items.add(row)
    order = sorted(projects.values(), key=lambda project: (-project.items.count, project.name or "", project.key))
    return HomeReport(projects=order, items=items, last_carried=time_of(tables.connection.scalar(_LAST)))


def _project(projects: dict[tuple[str, str, str], ProjectSums], of: SourceProject) -> ProjectSums:
    key = (of[0], of[1], of[2] or "")
    found = projects.get(key)
    if found is None:
        found = projects[key] = ProjectSums(key=key, name=None)
    return found


def _add(sums: SideSums, one: KeptSum) -> None:
    known = one.amount if one.unknown < one.rows else None
    if one.status == Status.PENDING:
        sums.pending.add(one.currency, known, one.unknown)
    if one.status == Status.APPROVED:
        sums.approved.add(one.currency, known, one.unknown)
    if one.is_carried:
        sums.not_carried.add(one.currency, one.less_there or None, one.ahead_unknown)
        sums.more_there.add(one.currency, one.more_there or None)


def amounts_behind(items: Iterable[OpenItem]) -> dict[str | None, KnownSum]:
    """The amounts of open items by side, the owner's first; ``None``: the side is not known, either."""
    found: dict[str | None, KnownSum] = {}
    for item in sorted(items, key=lambda item: item.side or "", reverse=True):
        found.setdefault(item.side, KnownSum()).add(item.currency, item.amount, item.amount is None)
    return found
