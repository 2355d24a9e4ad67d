"""The rate budget of one Procore company: two windows, learned from the answers.

Source: Procore docs, "Rate Limiting": an hourly and a 10-second limit apply at once; their values
are not contractual.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relay.clients.rate.cooldown import Cooldown
from relay.clients.rate.procore_headers import read_rate_limit_headers
from relay.clients.rate.recognition import Recognition
from relay.clients.rate.refusal import stated_wait
from relay.clients.rate.shares import Shares
from relay.clients.rate.use import restore_use, use_by_minute
from relay.clients.rate.window import Window
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse

SPIKE_SECONDS: Final = 10.0
HOUR_SECONDS: Final = 3600.0

DOCUMENTED_LIMITS: Final = (25, 600)
"""Of the 10-second and of the hourly window, as printed in the docs since March 2026."""

_LOOK_AGAIN = 0.1  # Seconds, where the answer to a request in flight will tell.
_FIRST_COOLDOWN, _LONGEST_COOLDOWN = SPIKE_SECONDS, HOUR_SECONDS
_DEMAND_LASTS = 5.0  # Seconds in which backfill keeps its part although it does not ask.
_SILENT_AFTER = 5.0  # A request that hangs must not keep everything else waiting for its answer.
_NOT_LENT = 60.0  # Seconds after a wait of its own in which a governor lends nothing.
_SLOW_FROM = 0.1
_RESET_HEADERS = frozenset({"x-rate-limit-reset"})


@dataclass(slots=True)
class _InFlight:
    lane: Lane
    number: int
    others: int
    begun: float
    counted: tuple[int, ...]


class ProcoreRate:
    """Governor of one Procore company. Thread-safe; it never sleeps.

    It sends nothing for which there is no room in both windows, as far as that can be known: as
    long as an answer has not shown more, one request goes ahead and the others wait for what its
    answer says. With a tenth of the hour's budget left, the rest is spread over the time that is
    left, so that what comes up then waits for seconds, not for the end of the hour.

    ``expected`` are the limits to go by until answers have told them, which a company that never
    comes near its hourly limit may never do. They cap backfill, and whoever has a part of the
    budget only. ``lengths``: of both windows, in seconds.
    """

    def __init__(
        self,
        shares: Shares | None = None,
        expected: tuple[int, int] = DOCUMENTED_LIMITS,
        lengths: tuple[float, float] = (SPIKE_SECONDS, HOUR_SECONDS),
    ) -> None:
        self._shares = shares or Shares()
        self._lock = threading.Lock()
        own = self._shares.own
        self._spike = Window(lengths[0], 0.0, own, expected[0], rarely_described=False)
        self._hour = Window(lengths[1], 1.0, own, expected[1], rarely_described=True)
        self._windows = (self._spike, self._hour)
        self._recognition = Recognition(self._spike, self._hour)
        self._cooldown = Cooldown(first=_FIRST_COOLDOWN, longest=_LONGEST_COOLDOWN)
        self._in_flight: dict[int, _InFlight] = {}
        self._reserved = 0
        self._begun = 0
        self._last_taken = float("-inf")
        self._backfill_asks_until = float("-inf")
        self._waited_at = float("-inf")

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Takes a slot in both windows and returns 0, or returns the seconds to wait."""
        with self._lock:
            wait = self._wait(now, lane)
            if lane is Lane.BACKFILL:
                self._backfill_asks_until = now + wait + _DEMAND_LASTS
            if wait > 0:
                self._waited_at = now
                return wait
            self._take(now, lane)
            return 0.0

    def lend(self, now: float) -> bool:
        """Takes a backfill slot for another stage of this process, unless its own had to wait lately."""
        with self._lock:
            if now < self._waited_at + _NOT_LENT or self._wait(now, Lane.BACKFILL) > 0:
                return False
            self._take(now, Lane.BACKFILL)
            return True

    def rests(self, now: float) -> bool:
        """Whether the remote has refused, and nothing may be sent whoever has a slot."""
        with self._lock:
            return self._cooldown.closed_for(now) > 0

    def hourly(self) -> int:
        """Requests that this governor's part of the hourly limit allows, as far as the limit is known."""
        with self._lock:
            own = self._hour.own_limit
            return max(1, math.floor(self._hour.expected_limit * self._shares.own)) if own is None else own

    def room(self, now: float, lane: Lane) -> int:
        """Counts the requests of a lane for which our part of the hourly limit has room by our own count."""
        with self._lock:
            limit, occupancy = self._hour.own_limit, self._hour.occupancy
            room = (self._hour.expected_limit if limit is None else limit) - occupancy.count(now)
            if lane is Lane.BACKFILL:
                room = min(room, self._most_backfill(self._hour, now) - occupancy.count(now, lane))
            return max(0, room)

    def used(self, now: float, at: datetime) -> tuple[MinuteUse, ...]:
        """What the last hour's requests have used, by minute; ``at`` is ``now`` on the wall clock."""
        with self._lock:
            return use_by_minute(self._hour.occupancy, now, at)

    def restore(self, used: Iterable[MinuteUse], now: float, at: datetime) -> None:
        """Counts what an earlier owner of the budget has used, as far as it is not counted here yet."""
        with self._lock:
            restore_use(self._hour.occupancy, used, now, at)

    def count_others(self, requests: int, ended: float) -> None:
        """Counts requests of another process in this part of the budget, which ended at ``ended``."""
        with self._lock:
            for window in self._windows:
                window.occupancy.restore(ended, Lane.LIVE, requests)

    def remaining(self, now: float) -> dict[str, float]:
        """Returns the share of our part of each limit that is left, by window (``spike``, ``hour``).

        A limit that no answer has told yet is missing.
        """
        with self._lock:
            named = {"spike": self._spike, "hour": self._hour}
            return {
                name: max(0.0, min(1.0, window.room(now) / window.own_limit))
                for name, window in named.items()
                if window.limit is not None and window.own_limit is not None
            }

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Gives back a slot that was taken and is not used."""
        with self._lock:
            self._reserved -= 1
            self._drop(lane)

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Turns a slot that was taken into a request in flight and returns its ticket."""
        with self._lock:
            self._reserved -= 1
            self._begun += 1
            counted = tuple(window.occupancy.count(now) for window in self._windows)
            self._in_flight[self._begun] = _InFlight(lane, self._begun, len(self._in_flight), now, counted)
            return self._begun

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Takes in what an answer says of the nearer window."""
        with self._lock:
            self._cooldown.answered()
            self._take_in(ticket, headers, now)

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Holds everything back for as long as a 429, or a 503 with a time, asks for; returns the seconds."""
        with self._lock:
            described = read_rate_limit_headers(headers)
            spent = described is None or described.remaining == 0
            self._take_in(ticket, headers, now)
            for window in self._windows:
                window.shown_room = min(window.shown_room, 0)
            # Under heavy load the reset of a window with room has nothing to do with the refusal.
            believed = headers if spent else _without_reset(headers)
            stated = stated_wait(believed, body)
            reset = described.reset_in if described is not None and spent else 0.0
            return self._cooldown.refused(now, max(stated or 0.0, reset) or None)

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Ends a request without an answer; it counts unless nothing was sent."""
        with self._lock:
            request = self._in_flight.pop(ticket)
            if sent:
                self._end(request.lane, now)
            else:
                self._drop(request.lane)

    def _wait(self, now: float, lane: Lane) -> float:
        closed = self._cooldown.closed_for(now)
        if closed > 0:
            return closed
        if min(self._room(window, lane, now) for window in self._windows) > 0:
            return self._pace(now)
        if self._may_probe(now, lane):
            return 0.0
        waits = [wait for window in self._windows if (wait := self._window_wait(window, lane, now))]
        return max(waits, default=_LOOK_AGAIN)

    def _room(self, window: Window, lane: Lane, now: float) -> int:
        """Counts what the window has for this lane, given what it must leave to the other."""
        room = window.room(now)
        backfill = window.occupancy.count(now, Lane.BACKFILL)
        if lane is Lane.BACKFILL:
            return min(room, self._most_backfill(window, now) - backfill)
        limit = window.own_limit
        if limit is None or now > self._backfill_asks_until:
            return room
        return room - max(0, math.ceil(limit * self._shares.backfill_least) - backfill)

    def _most_backfill(self, window: Window, now: float) -> int:
        limit = window.own_limit
        if limit is None:
            limit = max(window.expected_limit, window.occupancy.count(now) + window.shown_room)
        return max(1, math.floor(limit * self._shares.backfill_most))

    def _may_probe(self, now: float, lane: Lane) -> bool:
        if self._reserved or any(now - request.begun < _SILENT_AFTER for request in self._in_flight.values()):
            return False
        return all(
            self._room(window, lane, now) > 0 or (window.room(now) <= 0 and self._may_ask(window, lane, now))
            for window in self._windows
        )

    def _may_ask(self, window: Window, lane: Lane, now: float) -> bool:
        if lane is Lane.BACKFILL:
            backfill = window.occupancy.count(now, Lane.BACKFILL)
            return backfill < self._most_backfill(window, now) and window.may_probe(now)
        return window.may_probe(now)

    def _window_wait(self, window: Window, lane: Lane, now: float) -> float | None:
        if self._room(window, lane, now) > 0:
            return None
        waits = [window.wait(now)] if window.room(now) <= 0 else []
        if lane is Lane.BACKFILL:
            waits.append(window.occupancy.falls_to(self._most_backfill(window, now) - 1, now, lane))
        return max((wait for wait in waits if wait is not None), default=None)

    def _pace(self, now: float) -> float:
        """0, or the seconds until the next request of an hour that is nearly spent."""
        gap = self._hour.gap(now, _SLOW_FROM)
        return max(0.0, self._last_taken + gap - now) if gap else 0.0

    def _take(self, now: float, lane: Lane) -> None:
        self._reserved += 1
        self._last_taken = now
        for window in self._windows:
            window.occupancy.take(lane)
            window.shown_room -= 1

    def _drop(self, lane: Lane) -> None:
        for window in self._windows:
            window.occupancy.drop(lane)
            window.shown_room += 1

    def _end(self, lane: Lane, now: float) -> None:
        for window in self._windows:
            window.occupancy.end(lane, now)

    def _take_in(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        request = self._in_flight.pop(ticket)
        self._end(request.lane, now)
        described = read_rate_limit_headers(headers)
        if described is None:
            return
        since = self._begun - request.number + self._reserved
        unsure = request.others + since  # Under way when this request began, or begun after it.
        nearer = self._recognition.window(described, sent=request.counted[1] - request.others, now=now)
        for window, counted in zip(self._windows, request.counted, strict=True):
            if window is nearer:
                window.take_description(described, unsure=unsure, ours=counted + since, now=now)
            else:
                window.take_description_of_other(described, unsure=unsure, now=now)


def _without_reset(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _RESET_HEADERS}
