"""Date-times as the service sends them: local, no zone, in steps of SQL Server's ``datetime``.

Source: the samples of ConstructionOnline developers, "Change Orders Overview", whose fractions all
end in 3 or 7.
"""

from __future__ import annotations

from datetime import datetime, timedelta


def stamp(instant: datetime, offset_minutes: int) -> str:
    """``instant`` as local text in steps of 1/300 second, the fraction without trailing zeros."""
    local = instant.replace(tzinfo=None) + timedelta(minutes=offset_minutes)
    ticks = round(local.microsecond * 300 / 1_000_000)
    local = local.replace(microsecond=0) + timedelta(milliseconds=round(ticks * 10 / 3))
    whole = local.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{local.microsecond // 1000:03d}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def day_of(text: object) -> str:
    """The day of a sent date-time; empty for a value that is none (a malformed record)."""
    return text[:10] if isinstance(text, str) else ""
