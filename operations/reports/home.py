"""How things stand, by project: open items, what is pending, what is approved and not carried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, text

from operations.letters.filter import project_filter
from operations.reports.log_sums import OF_PROJECTS, Contracts, read_approvals, slot_of
from operations.reports.money import KnownSum
from operations.reports.open_items import OpenItem
from operations.reports.tables import ReadTables
from workers.views.amounts import MOST_SUMMED, decimal_of, milliseconds, time_of

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

_SHOWN: Final = "side <> '' AND (status IN ('pending', 'approved') OR more_there <> 0)"
"""What today's routes say of a side, and what stands there as approved whatever the source says by now."""
_CARRIED: Final = "target_system IS NOT NULL"
_OF_A_CONTRACT: Final = "side, target_system, target_account, contract, currency"
_FIGURES: Final = f"""
    SUM(CASE WHEN status = 'pending' AND unknown < log_rows THEN amount END) AS pending,
    SUM(CASE WHEN status = 'pending' THEN unknown ELSE 0 END) AS pending_unknown,
    SUM(CASE WHEN status = 'approved' AND unknown < log_rows THEN amount END) AS approved,
    SUM(CASE WHEN status = 'approved' THEN unknown ELSE 0 END) AS approved_unknown,
    SUM(CASE WHEN {_CARRIED} AND less_there <> 0 THEN less_there END) AS less_there,
    SUM(CASE WHEN {_CARRIED} THEN ahead_unknown ELSE 0 END) AS ahead_unknown,
    SUM(CASE WHEN {_CARRIED} AND more_there <> 0 THEN more_there END) AS more_there
"""
"""A sum is null where nothing of it is known, or nothing is less, or more."""


def _figures(groups: str, condition: str = "1 = 1") -> str:
    return f"SELECT {groups}, {_FIGURES} FROM sums WHERE {_SHOWN} AND {condition} GROUP BY {groups}"  # noqa: S608 - of our own words


_OF_A_PROJECT: Final = f"system, account, project, {_OF_A_CONTRACT}"
_TOTALS: Final = text(_figures(_OF_A_CONTRACT))
_OF_ALL: Final = text(_figures(_OF_A_PROJECT))
_OF_SOME: Final = text(_figures(_OF_A_PROJECT, OF_PROJECTS)).bindparams(bindparam("projects", expanding=True))
_PROJECTS: Final = text(f"""
SELECT system, account, COALESCE(project, '') AS project, COALESCE(MAX(name), '') AS name
FROM (SELECT DISTINCT project, account, system, project_name AS name FROM sums WHERE {_SHOWN}
      UNION ALL SELECT DISTINCT project, account, system, NULL FROM approvals WHERE slot >= :since) every
GROUP BY COALESCE(project, ''), account, system
""")  # noqa: S608 - of our own words
"""By the project first, in which they differ most: so they are told apart soonest."""

_Project = tuple[str, str, str]
"""System, account and id, ``""`` for none."""


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


def _sides() -> dict[str, SideSums]:
    return {"owner": SideSums(), "cost": SideSums()}


@dataclass(slots=True, kw_only=True)
class ProjectSums:
    """A project of a source. ``key``: system, account and id; ``sides`` by name."""

    key: _Project
    name: str | None
    sides: dict[str, SideSums] = field(default_factory=_sides)
    items: WaitingItems = field(default_factory=WaitingItems)

    @property
    def asks(self) -> str:
        """What asks for its open items."""
        return project_filter(f"{self.key[0]}:{self.key[1]}", self.key[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeReport:
    """``projects``: those that were asked for, beginning with the one at ``first`` of ``count``. ``total``: what the
    sides of all projects add up to, but for what was approved this month; ``items`` of all. ``last_carried``: when
    something was last written.
    """

    projects: list[ProjectSums]
    first: int
    count: int
    total: dict[str, SideSums]
    items: WaitingItems
    last_carried: datetime | None


def read_home(tables: ReadTables, now: datetime, first: int = 0, most: int | None = None) -> HomeReport:
    """Projects, those with open items first. The month is that of ``now`` in its own zone.

    ``most``: so many of them, from the one at ``first`` on, or from the beginning where there is none.
    """
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    waiting = tables.rows(_ITEMS, now=milliseconds(now), most=MOST_SUMMED)
    order = _in_order(tables, month, waiting)
    begins = first if first < len(order) else 0
    ends = None if most is None else begins + most
    shown = {key: ProjectSums(key=key, name=name) for key, name in order[begins:ends]}
    some = None if most is None else list(shown)
    contracts, items, total = Contracts(tables), WaitingItems(), _sides()
    for row in tables.rows(_TOTALS):
        _add(total[row.side], contracts.currency(row), row)
    if shown:
        for row in tables.rows(_OF_ALL) if some is None else tables.rows(_OF_SOME, projects=some):
            _add(shown[_key(row)].sides[row.side], contracts.currency(row), row)
        for approved in read_approvals(tables, month, some):
            system, account, project = approved.project
            sums = shown[system, account, project or ""].sides[approved.side].this_month
            known = approved.amount if approved.unknown < approved.rows else None
            sums.add(approved.currency, known, approved.unknown)
    by_place = {_place(key): project for key, project in shown.items()}
    for row in waiting:
        items.add(row)
        if found := by_place.get((row.source or "", row.source_project or "")):
            found.items.add(row)
    return HomeReport(
        projects=list(shown.values()),
        first=begins,
        count=len(order),
        total=total,
        items=items,
        last_carried=time_of(tables.connection.scalar(_LAST)),
    )


def _in_order(tables: ReadTables, month: datetime, waiting: Iterable[Any]) -> list[tuple[_Project, str | None]]:
    """All projects and their names, those with the most open items first."""
    named: Iterable[tuple[str, ...]] = map(tuple, tables.rows(_PROJECTS, since=slot_of(month)))
    names: dict[_Project, str] = {(system, account, project): name for system, account, project, name in named}
    items: Counter[tuple[str, str]] = Counter()
    for row in waiting:
        items[row.source or "", row.source_project or ""] += int(row.items)
    order = sorted(names.items(), key=lambda one: (-items[_place(one[0])], one[1], one[0]))
    return [(key, name or None) for key, name in order]


def _key(row: Any) -> _Project:
    return row.system, row.account, row.project or ""


def _place(key: _Project) -> tuple[str, str]:
    """How open items name a project."""
    return f"{key[0]}:{key[1]}", key[2]


def _add(sums: SideSums, currency: str | None, row: Any) -> None:
    for into, amount, unknown in (
        (sums.pending, row.pending, row.pending_unknown),
        (sums.approved, row.approved, row.approved_unknown),
        (sums.not_carried, row.less_there, row.ahead_unknown),
        (sums.more_there, row.more_there, 0),
    ):
        into.add(currency, None if amount is None else decimal_of(int(amount)), int(unknown))


def amounts_behind(items: Iterable[OpenItem]) -> dict[str | None, KnownSum]:
    """The amounts of open items by side, the owner's first; ``None``: the side is not known, either."""
    found: dict[str | None, KnownSum] = {}
    for item in sorted(items, key=lambda item: item.side or "", reverse=True):
        found.setdefault(item.side, KnownSum()).add(item.currency, item.amount, item.amount is None)
    return found
