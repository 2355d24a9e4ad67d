"""Times that people give, and that a record can hold."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Final

from operations.errors import WrongUsage

NOT_KEPT: Final = f"is not between 1970 and {MAXYEAR}, where the times of records lie"
"""What a time is that :func:`can_be_kept` says no of."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def parsed_time(text: str | None, option: str) -> int | None:
    """Epoch milliseconds of ISO 8601; without a zone it is UTC. Raises ``WrongUsage``."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{option} {text!r} is no time such as 2026-03-01 or 2026-03-01T12:30:00+01:00") from None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    if not can_be_kept(aware):
        raise WrongUsage(f"{option} {text!r} {NOT_KEPT}")
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def can_be_kept(time: datetime) -> bool:
    """Whether an aware time can stand in a record and be read again."""
    # Years 1 and 9999 have no UTC in some zones; Kafka takes a negative time for something else.
    return _EPOCH.year <= time.year < MAXYEAR and time >= _EPOCH
