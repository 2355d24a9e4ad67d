"""How the relay itself is, as far as its topics tell: members, holds, what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from operations.reports.statements import ShownHold, ShownMember, read_holds, read_members
from operations.reports.tables import ReadTables
from workers.views.amounts import time_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAccount:
    """A source account, and when a change was last seen there."""

    system: str
    account: str
    change_orders: int
    last_change: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReport:
    """``unreadable`` counts records in no other table."""

    accounts: list[SeenAccount]
    members: list[ShownMember]
    holds: list[ShownHold]
    unreadable: int
    place: str


def read_system(tables: ReadTables, now: datetime, shown: Callable[[str], str]) -> SystemReport:
    """All of it. ``shown``: what a target of this name is called."""
    accounts = tables.rows(
        text(
            "SELECT s.system, s.account, SUM(s.change_orders) AS many, (SELECT MAX(c.observed_at) FROM change_orders c "
            "WHERE c.system = s.system AND c.account = s.account AND c.origin_id IS NULL) AS last "
            "FROM sums s GROUP BY s.system, s.account ORDER BY s.system, s.account"
        )
    )
    return SystemReport(
        accounts=[
            SeenAccount(
                system=row.system, account=row.account, change_orders=int(row.many), last_change=time_of(row.last)
            )
            for row in accounts
        ],
        members=read_members(tables),
        holds=read_holds(tables, now, shown),
        unreadable=tables.connection.scalar(text("SELECT COUNT(*) FROM unreadable")) or 0,
        place=tables.place,
    )
