"""Dates and times as Procore reads and writes them.

Sources: Procore docs, "Working with Dates and Times" (UTC, second resolution; a badly formed date is
stored as null) and "Filtering on List Actions" (ranges of two ISO 8601 values joined by ``...``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple


class Range(NamedTuple):
    """Both ends are inside."""

    first: datetime
    last: datetime


def stamp(instant: datetime | None) -> str | None:
    """An instant as it is sent, without its fraction of a second."""
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(value: date | datetime | None) -> str | None:
    """The date alone."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return None if value is None else value.isoformat()


def read_instant(value: object) -> datetime | None:
    """What is stored for a submitted date-time; nothing if it is badly formed."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def read_day(value: object) -> date | None:
    """What is stored for a submitted date; nothing if it is badly formed."""
    instant = read_instant(value)
    if instant is None or not isinstance(value, str):
        return None
    return datetime.fromisoformat(value.strip()).date()


def read_range(text: str) -> Range | None:
    """A range bare or in double quotes; nothing if it is none."""
    first, dots, last = text.strip().strip('"').partition("...")
    ends = read_instant(first.strip('"')), read_instant(last.strip('"'))
    if not dots or ends[0] is None or ends[1] is None:
        return None
    return Range(ends[0], ends[1])


def as_instant(value: date | datetime) -> datetime:
    """A date as its midnight in UTC, so that it can be compared with a range."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC)
