"""The moment that a report is of: a time, or the end of a month, in the zone of the company's people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from operations.errors import WrongUsage
from operations.times import NOT_KEPT, can_be_kept

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_BEFORE: Final = timedelta(milliseconds=1)
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class MonthSpan:
    """From ``begins`` on, up to ``ends``, which is the last moment that counts. Aware times; ``zone``: of its days."""

    name: str
    begins: datetime
    ends: datetime
    zone: str = "UTC"


def month_span(text: str, zone: str) -> MonthSpan:
    """The month ``YYYY-MM``. Raises ``WrongUsage`` for what is none."""
    found = _MONTH.fullmatch(text.strip())
    if found is None or not 1 <= int(found[2]) <= _MONTHS or int(found[1]) < 1:
        raise WrongUsage(f"{text!r} is no month: write it like 2026-10")
    year, month = int(found[1]), int(found[2])
    here = ZoneInfo(zone)
    begins = datetime(year, month, 1, tzinfo=here)
    if not can_be_kept(begins):
        raise WrongUsage(f"{text!r} {NOT_KEPT}")
    after = datetime(year + month // _MONTHS, month % _MONTHS + 1, 1, tzinfo=here)
    ends = after.astimezone(UTC) - _BEFORE
    return MonthSpan(name=text.strip(), begins=begins.astimezone(UTC), ends=ends, zone=zone)


def cut_off(text: str, zone: str) -> datetime:
    """A time (ISO 8601), in the company's zone where it names none; a day alone is its end. Raises ``WrongUsage``."""
    day = _day(text.strip())
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongUsage(f"--as-of {text!r} is no time: write it like 2026-10-31 or 2026-10-31T23:59-05:00") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(zone))
    if not can_be_kept(at):
        raise WrongUsage(f"--as-of {text!r} {NOT_KEPT}")
    return at.astimezone(UTC) if day is None else (at + timedelta(days=1)).astimezone(UTC) - _BEFORE


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def in_zone(at: datetime, zone: str) -> str:
    """``2026-10-31 23:59 CDT``."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{here:%Y-%m-%d %H:%M} {here.tzname()}"
