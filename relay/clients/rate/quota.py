"""Fixed quotas over long windows, for a remote that states them once and sends no headers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.clients.rate.backoff import Backoff
from relay.clients.rate.refusal import stated_wait
from relay.clients.terms import Lane

HOUR = 3_600.0
DAY = 24 * HOUR
_LONGEST_BACKOFF = HOUR


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``requests`` in any ``seconds``."""

    requests: int
    seconds: float


CONSTRUCTIONONLINE = (Quota(500, HOUR), Quota(10_000, DAY), Quota(50_000, 7 * DAY), Quota(200_000, 30 * DAY))
"""Per API key, whoever uses it (ConstructionOnline developers, "Rate Limits")."""


class _Window:
    """The moments of the last requests, as many as the quota allows."""

    def __init__(self, quota: Quota, reserve: float) -> None:
        self.quota = quota
        self.allowed = max(1, int(quota.requests * (1 - reserve)))
        self._taken: deque[float] = deque(maxlen=self.allowed)

    def closed_for(self, now: float) -> float:
        if len(self._taken) < self.allowed:
            return 0.0
        return self._taken[0] + self.quota.seconds - now

    def take(self, now: float) -> None:
        self._taken.append(now)

    def give_back(self) -> None:
        if self._taken:
            self._taken.pop()

    def even_gap(self, now: float) -> float:
        """Seconds between requests at which the quota lasts for ever, once half of it is used."""
        used = sum(1 for moment in self._taken if moment > now - self.quota.seconds)
        return self.quota.seconds / self.allowed if 2 * used > self.allowed else 0.0


class Quotas:
    """Keeps every window's quota, less a ``reserve`` for other users of the same key. Thread-safe.

    It counts in sliding windows, so that it holds wherever the remote's own windows begin. What
    was used before the process began it does not know: then the remote refuses and says for how
    long, and everything waits.
    """

    def __init__(self, quotas: Sequence[Quota] = CONSTRUCTIONONLINE, *, reserve: float = 0.1) -> None:
        self._windows = [_Window(quota, reserve) for quota in quotas]
        self._lock = threading.Lock()
        self._backoff = Backoff(longest=_LONGEST_BACKOFF)

    def admit(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Seconds until a request may go out; 0 takes the slot."""
        with self._lock:
            wait = max(self._backoff.closed_for(now), *(window.closed_for(now) for window in self._windows))
            if wait > 0:
                return wait
            for window in self._windows:
                window.take(now)
            return 0.0

    def even_gap(self, now: float, requests: int) -> float:
        """Seconds to leave before the next ``requests``, so that no window is ever used up.

        0 while less than half of each window is used: a burst is what the other half is for.
        """
        with self._lock:
            return requests * max(window.even_gap(now) for window in self._windows)

    def give_back(self, lane: Lane = Lane.LIVE) -> None:
        """The slot is free again."""
        with self._lock:
            for window in self._windows:
                window.give_back()

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Slots are counted when they are taken."""
        return 0

    def learn(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """The remote answers: earlier refusals are forgotten."""
        with self._lock:
            self._backoff.answered()

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Nothing goes out for the stated time, which may be that of any window."""
        with self._lock:
            return self._backoff.refused(now, stated_wait(headers, body, longest=30 * DAY))

    def lost(self, ticket: int, now: float, *, sent: bool) -> None:
        """Slots are counted when they are taken."""
