"""How the relay itself is, as far as its topics tell: accounts, members, holds, plans, what people did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from operations.reports.audit_trail import ShownAction, ShownPlan, newest_actions, newest_plans
from operations.reports.last_reads import LastRead, read_last_reads
from operations.reports.statements import ShownHold, ShownMember, read_holds, read_members
from operations.reports.tables import ReadTables
from workers.views.amounts import time_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAccount:
    """A source account: when it was last read, and when a change was last seen there."""

    read: LastRead
    change_orders: int
    last_change: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReport:
    """``actions`` and ``plans``: the newest, those first; ``unreadable`` counts records in no other table."""

    accounts: list[SeenAccount]
    members: list[ShownMember]
    holds: list[ShownHold]
    plans: list[ShownPlan]
    actions: list[ShownAction]
    unreadable: int
    place: str


def read_system(tables: ReadTables, now: datetime, shown: Callable[[str], str]) -> SystemReport:
    """All of it. ``shown``: what a target of this name is called."""
    return SystemReport(
        accounts=_accounts(tables),
        members=read_members(tables),
        holds=read_holds(tables, now, shown),
        plans=newest_plans(tables),
        actions=newest_actions(tables),
        unreadable=tables.connection.scalar(text("SELECT COUNT(*) FROM unreadable")) or 0,
        place=tables.place,
    )


def _accounts(tables: ReadTables) -> list[SeenAccount]:
    """All that are read, also where nothing was seen yet."""
    rows = tables.rows(
        text(
            "SELECT s.system, s.account, SUM(s.change_orders) AS many, (SELECT MAX(c.observed_at) FROM change_orders c "
            "WHERE c.system = s.system AND c.account = s.account AND c.origin_id IS NULL) AS last "
            "FROM sums s GROUP BY s.system, s.account"
        )
    )
    seen = {(row.system, row.account): (int(row.many), time_of(row.last)) for row in rows}
    nothing: tuple[int, datetime | None] = (0, None)
    return [
        SeenAccount(read=read, change_orders=many, last_change=last)
        for read in read_last_reads(tables).accounts
        for many, last in [seen.get((read.system, read.account), nothing)]
    ]
