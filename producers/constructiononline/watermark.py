"""Which day to ask from. ConstructionOnline writes dates without a zone, and states none.

Source: ConstructionOnline developers, "Get Change Orders Modified After a Specific Date".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from producers.constructiononline.rows import Row
from relay.domain.sources.native_fields import moment_of

OVERLAP = timedelta(days=2)
"""``fromDate`` has whole days in a zone that is not documented; two days hold every zone's difference."""


def first_day(mark: str | None, now: datetime) -> date | None:
    """From which day on to ask for what was modified, given the latest modification seen; ``None``: everything."""
    moment = moment_of(mark)
    if moment is None:
        return None
    return min(moment.date(), _latest_day(now)) - OVERLAP


def watermark(before: str | None, rows: Iterable[Row], now: datetime) -> str | None:
    """The latest modification seen. A date that no place on earth has reached yet is a mistake and moves nothing."""
    latest = _latest_day(now).isoformat()
    marks = [row.modified for row in rows if row.modified is not None and row.day <= latest]
    if before is not None:
        marks.append(before)
    return max(marks, default=None)


def _latest_day(now: datetime) -> date:
    return (now + timedelta(hours=14)).date()
