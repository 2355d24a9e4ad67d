"""Which day's e-mail is due, and what it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MOST = timedelta(days=14)
"""What an e-mail tells of at most, after a long silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDays:
    """``days``: of the week, Monday is 0; ``at``: when the e-mail goes out, in the ``zone``."""

    days: frozenset[int]
    at: time
    zone: ZoneInfo

    def due(self, now: datetime) -> date | None:
        """The day whose e-mail may go out now; ``None``: today there is none, or not yet."""
        here = now.astimezone(self.zone)
        return here.date() if here.weekday() in self.days and here.time() >= self.at else None

    def before(self, day: date) -> date:
        """The working day before."""
        return next(
            day - timedelta(days=back) for back in range(1, 9) if (day - timedelta(days=back)).weekday() in self.days
        )

    def period(self, day: date, last: date | None) -> tuple[datetime, datetime]:
        """What the e-mail of a day tells of: from the day of the one before (``last`` was sent) until it begins."""
        first = self.before(day) if last is None or last >= day else last
        return self.start_of(max(first, day - _MOST)), self.start_of(day)

    def start_of(self, day: date) -> datetime:
        """When a day begins."""
        return datetime.combine(day, time(), self.zone)


def working_days(days: str, at: str, zone: str) -> WorkingDays:
    """As settings write them."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return WorkingDays(
        days=frozenset(names.index(day) for day in days.split(",")), at=time.fromisoformat(at), zone=ZoneInfo(zone)
    )
