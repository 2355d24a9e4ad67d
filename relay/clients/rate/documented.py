"""The rate budget of one ConstructionOnline API key: four windows, as documented.

Source: ConstructionOnline developers, "Rate Limits": 500 requests an hour, 10,000 a day, 50,000 a
week, 200,000 a month, counted per API key over all of its users; a refusal says which limit was hit
and how long to wait. No header tells what is left.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from relay.clients.rate.cooldown import Cooldown
from relay.clients.rate.occupancy import Occupancy
from relay.clients.rate.refusal import stated_wait
from relay.clients.rate.use import restore_use, use_by_minute
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR

DOCUMENTED_WINDOWS: Final[tuple[tuple[float, int], ...]] = (
    (_HOUR, 500),
    (_DAY, 10_000),
    (7 * _DAY, 50_000),
    (30 * _DAY, 200_000),
)
"""Length in seconds and requests."""

_GRAINS_PER_WINDOW = 1000  # Exact to a thousandth of a window, in memory for a few thousand entries.
_FIRST_COOLDOWN = 60.0
_LONGEST_WAIT = 31 * _DAY
_LOOK_AGAIN = 1.0  # Seconds, where only requests in flight stand in the way.


class ConstructionOnlineRate:
    """Governor of one API key. Thread-safe; it never sleeps.

    ``reserve`` is the part of each window left to other users of the key. Of what was sent before
    this process started only the last hour is known: a longer window that is spent then shows by a refusal,
    after which everything waits for as long as it says. Both lanes share what there is: this system is only read.
    """

    def __init__(
        self,
        *,
        reserve: float = 0.2,
        windows: tuple[tuple[float, int], ...] = DOCUMENTED_WINDOWS,
    ) -> None:
        if not 0 <= reserve < 1:
            raise ValueError(f"reserve must be at least 0 and less than 1, not {reserve}")
        self._lock = threading.Lock()
        self._windows = tuple(
            (Occupancy(length, length / _GRAINS_PER_WINDOW), max(1, math.floor(limit * (1 - reserve) + 1e-9)))
            for length, limit in windows
        )
        self._cooldown = Cooldown(first=_FIRST_COOLDOWN, longest=_HOUR)
        self._lanes: dict[int, Lane] = {}
        self._begun = 0

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Takes a slot in every window and returns 0, or returns the seconds to wait."""
        with self._lock:
            wait = max(
                self._cooldown.closed_for(now), *(self._wait(occupancy, most, now) for occupancy, most in self._windows)
            )
            if wait > 0:
                return wait
            for occupancy, _ in self._windows:
                occupancy.take(lane)
            return 0.0

    def used(self, now: float, at: datetime) -> tuple[MinuteUse, ...]:
        """What the last hour's requests have used, by minute; ``at`` is ``now`` on the wall clock."""
        with self._lock:
            return use_by_minute(self._windows[0][0], now, at)

    def restore(self, used: Iterable[MinuteUse], now: float, at: datetime) -> None:
        """Counts what an earlier process has used in the last hour, in every window, as far as it is not counted."""
        uses = list(used)
        with self._lock:
            for occupancy, _ in self._windows:
                restore_use(occupancy, uses, now, at)

    def count_others(self, requests: int, ended: float) -> None:
        """Counts requests of another process in this part of the key's limits, which ended at ``ended``."""
        with self._lock:
            for occupancy, _ in self._windows:
                occupancy.restore(ended, Lane.LIVE, requests)

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Gives back a slot that was taken and is not used."""
        with self._lock:
            self._drop(lane)

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Turns a slot that was taken into a request in flight and returns its ticket."""
        with self._lock:
            self._begun += 1
            self._lanes[self._begun] = lane
            return self._begun

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Counts an answered request; the remote says nothing of what is left."""
        with self._lock:
            self._cooldown.answered()
            self._end(ticket, now)

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Holds everything back for the stated time, else for 1, 2, 4 … minutes; returns the seconds, maybe weeks."""
        with self._lock:
            self._end(ticket, now)
            return self._cooldown.refused(now, stated_wait(headers, body, _LONGEST_WAIT))

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Ends a request without an answer; it counts unless nothing was sent."""
        with self._lock:
            if sent:
                self._end(ticket, now)
            else:
                self._drop(self._lanes.pop(ticket))

    def _wait(self, occupancy: Occupancy, most: int, now: float) -> float:
        wait = occupancy.falls_to(most - 1, now)
        return _LOOK_AGAIN if wait is None else wait

    def _end(self, ticket: int, now: float) -> None:
        lane = self._lanes.pop(ticket)
        for occupancy, _ in self._windows:
            occupancy.end(lane, now)

    def _drop(self, lane: Lane) -> None:
        for occupancy, _ in self._windows:
            occupancy.drop(lane)
