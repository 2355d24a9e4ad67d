"""What the e-mail of a day has to say, of one moment of the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from operations.reconcile.signing import LINES
from operations.reports.last_reads import LastReads, read_last_reads
from operations.reports.open_items import OpenItem, read_open_items
from operations.reports.statements import ShownHold, read_holds, read_proposals
from operations.reports.tables import ReadTables
from operations.reports.writes_total import WritesTotal, sum_writes
from workers.views.amounts import milliseconds
from workers.views.tables import AUDIT

OLD = timedelta(days=5)
"""Open items that are older are counted in the subject."""
_NO_DECISIONS = ("replay", "plan", "go_live.ended", LINES)
"""What the audit has besides: work of its own, step by step, and what a sign-off was of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """``items``: all that are open and do not rest, the oldest first; ``resting``: how many do. From ``since`` until
    ``until``, when the next e-mail's period begins, are ``new``, ``written`` and ``decisions``, how often who did what.

    ``waiting``: for a second person; ``ending``: holds that end on the day; ``read_at``: up to when the tables have
    everything; ``reads``: when each account was last read.
    """

    now: datetime
    since: datetime
    until: datetime
    items: list[OpenItem]
    resting: int
    written: WritesTotal
    decisions: list[tuple[str, str, int]]
    waiting: int
    ending: list[ShownHold]
    read_at: datetime | None
    reads: LastReads

    @property
    def new(self) -> list[OpenItem]:
        """Those that failed first in the period."""
        return [item for item in self.items if self.since <= item.first_at < self.until]

    @property
    def old(self) -> list[OpenItem]:
        """Those that have been open for long."""
        return [item for item in self.items if self.now - item.first_at > OLD]


def read_digest(
    tables: ReadTables, since: datetime, until: datetime, now: datetime, shown: Callable[[str], str]
) -> Digest:
    """Of a period that ends with the day's beginning; what is open, and what waits, as of now.

    ``shown``: what a target of this name is called.
    """
    ends = until + timedelta(days=1)
    holds = read_holds(tables, min(now, until), shown)
    items = read_open_items(tables)
    awake = [item for item in items if not item.rests(now)]
    return Digest(
        now=now,
        since=since,
        until=until,
        items=awake,
        resting=len(items) - len(awake),
        written=sum_writes(tables, since, until),
        decisions=_decisions(tables, since, until),
        waiting=sum(one.item is not None for one in read_proposals(tables)),
        ending=[hold for hold in holds if hold.until is not None and until <= hold.until < ends],
        read_at=tables.read_at,
        reads=read_last_reads(tables),
    )


def _decisions(tables: ReadTables, since: datetime, until: datetime) -> list[tuple[str, str, int]]:
    """Who did what, how often; who did most first."""
    in_period = (AUDIT.c.at >= milliseconds(since), AUDIT.c.at < milliseconds(until))
    query = select(AUDIT.c.who, AUDIT.c.action).where(*in_period)
    counted = Counter((row.who, row.action) for row in tables.rows(query) if not row.action.startswith(_NO_DECISIONS))
    return sorted(((who, action, count) for (who, action), count in counted.items()), key=lambda one: (-one[2], one))
