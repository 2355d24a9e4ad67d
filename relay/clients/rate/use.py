"""What of a window was used, by minute of the wall clock: written down by one process, counted by the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from relay.clients.rate.occupancy import Occupancy
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse

_MINUTE = 60.0
_LATE_IN_IT = 59.0
"""Where in its minute a request is counted that another process has sent: on the safe side."""


def use_by_minute(occupancy: Occupancy, now: float, at: datetime) -> tuple[MinuteUse, ...]:
    """Requests that the window may still count, by the minute in which they ended; those under way end now."""
    return tuple(
        MinuteUse(
            at=datetime.fromtimestamp(minute * _MINUTE, UTC), requests=lanes.total(), backfill=lanes[Lane.BACKFILL]
        )
        for minute, lanes in sorted(_minutes(occupancy, now, at).items())
    )


def restore_use(occupancy: Occupancy, used: Iterable[MinuteUse], now: float, at: datetime) -> None:
    """Counts ``used`` as far as it goes beyond what is counted for its minute already.

    So what a process has written itself, and reads back, counts once.
    """
    known, moment = _minutes(occupancy, now, at), at.timestamp()
    for use in used:
        began = use.at.timestamp()
        counted = known.get(int(began // _MINUTE), Counter())
        ended = now - moment + min(began + _LATE_IN_IT, moment)
        for lane, count in ((Lane.BACKFILL, use.backfill), (Lane.LIVE, use.requests - use.backfill)):
            if ended > now - occupancy.length and count > counted[lane]:
                occupancy.restore(ended, lane, count - counted[lane])


def _minutes(occupancy: Occupancy, now: float, at: datetime) -> dict[int, Counter[Lane]]:
    minutes: dict[int, Counter[Lane]] = {}
    for ended, lane, count in occupancy.entries(now):
        minute = int((at.timestamp() + ended - now) // _MINUTE)
        minutes.setdefault(minute, Counter())[lane] += count
    return minutes
