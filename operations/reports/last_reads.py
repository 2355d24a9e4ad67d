"""When each account was last read, and what keeps it from being read: what changed there since is in no table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, func, inspect, null, select

from operations.reports.statements import read_members
from operations.reports.tables import ReadTables
from operations.wording import lasted, system_name
from relay.domain.records import POLLS_TOLD_EVERY
from workers.views.amounts import time_of
from workers.views.tables import READ_ACCOUNTS, READS, SUMS

USUAL_INTERVAL: Final = timedelta(minutes=5)
"""Between two polls, where poll state does not tell: as long as any system's is, unless the configuration says more."""
_LONGEST: Final = timedelta(days=30)
"""An interval that a stranger wrote is no longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollHold:
    """What keeps an account from being polled, as its poller says it."""

    kind: str
    sentence: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRead:
    """An account that is read. ``at``: when it was last polled, at least; ``None``: not to its end yet.

    ``is_late``: that is more than two intervals ago, as of when the tables had everything. ``is_left``: likewise, but
    the pollers of its system live, and none of them has it: it has left the configuration.
    """

    system: str
    account: str
    at: datetime | None
    hold: PollHold | None
    is_late: bool
    is_left: bool

    @property
    def name(self) -> str:
        """``ConstructionOnline acme``."""
        return f"{system_name(self.system)} {self.account}"

    def said(self, now: datetime) -> str:
        """``ConstructionOnline acme was last read 3 days ago``."""
        if self.at is None:
            return f"{self.name} was not read to its end yet"
        return f"{self.name} was last read {lasted((now - self.at).total_seconds())} ago"

    def sentence(self, now: datetime) -> str:
        """The same with why, as far as a poller says it, and what follows from it."""
        why = f": {self.hold.sentence.rstrip('. ')}" if self.hold else ""
        hidden = (
            "What was not read is not shown here." if self.at is None else "What changed there since is not shown here."
        )
        return f"{self.said(now)}{why}. {hidden}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSystem:
    """A system of which ``accounts`` are read as they should be, each ``at`` that time or later."""

    system: str
    accounts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReads:
    """All accounts, by system and name."""

    accounts: list[LastRead]

    @property
    def late(self) -> list[LastRead]:
        """Those that should have been read since."""
        return [one for one in self.accounts if one.is_late]

    @property
    def systems(self) -> list[ReadSystem]:
        """The others, one a system."""
        times: dict[str, list[datetime]] = {}
        for one in self.accounts:
            if one.at is not None and not (one.is_late or one.is_left):
                times.setdefault(one.system, []).append(one.at)
        return [ReadSystem(system=system, accounts=len(all_), at=min(all_)) for system, all_ in times.items()]


def read_last_reads(tables: ReadTables) -> LastReads:
    """Of every account that poll state tells of, or of which a change order was seen."""
    told = {(row.system, row.account): row for row in _told(tables) if row.polled_at is not None or row.hold_kind}
    seen = {(row.system, row.account) for row in tables.rows(select(SUMS.c.system, SUMS.c.account).distinct())}
    late = {key for key in told.keys() | seen if _is_late(told.get(key), tables.read_at)}
    left = late - _polled(tables, late)
    return LastReads(
        accounts=[
            LastRead(
                system=key[0],
                account=key[1],
                at=time_of(told[key].polled_at) if key in told else None,
                hold=_hold(told[key]) if key in told else None,
                is_late=key in late and key not in left,
                is_left=key in left,
            )
            for key in sorted(told.keys() | seen)
        ]
    )


def _told(tables: ReadTables) -> list[Row[Any]]:
    """Tables of an earlier release, which are read until those of this one have everything, do not tell of holds."""
    if inspect(tables.connection).has_table(READ_ACCOUNTS.name):
        return tables.rows(select(READ_ACCOUNTS))
    account = (READS.c.system, READS.c.account)
    last = func.max(READS.c.polled_at).label("polled_at")
    nothing = (null().label("interval_seconds"), null().label("hold_kind"))
    return tables.rows(select(*account, last, *nothing).group_by(*account))


def _is_late(told: Row[Any] | None, read_at: datetime | None) -> bool:
    """Tables that never had everything do not know what was read last."""
    if read_at is None:
        return False
    at = time_of(told.polled_at) if told is not None else None
    if told is None or at is None:
        return True
    interval = USUAL_INTERVAL
    if told.interval_seconds is not None:
        interval = timedelta(seconds=min(max(0, told.interval_seconds), _LONGEST.total_seconds()))
    return read_at - at > 2 * interval + POLLS_TOLD_EVERY


def _polled(tables: ReadTables, late: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of them that a poller has, or that may have one since no poller of their system lives."""
    members = [member for member in read_members(tables) if member.is_living] if late else []
    living = {member.stage for member in members}
    owned = {owns for member in members for owns in member.owns if member.stage.startswith("poll-")}
    return {key for key in late if f"poll-{key[0]}" not in living or ":".join(key) in owned}


def _hold(told: Row[Any]) -> PollHold | None:
    if told.hold_kind is None:
        return None
    return PollHold(kind=told.hold_kind, sentence=told.hold_sentence, since=time_of(told.hold_since))
