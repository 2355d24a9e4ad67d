"""An even pace, for a remote that states no limits (CINX)."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from relay.clients.http.terms import Lane
from relay.clients.rate.backoff import Backoff
from relay.clients.rate.refusal import stated_wait

_LONGEST_BACKOFF = 60.0


class SteadyPace:
    """At most ``per_second`` requests in any second, evenly, whoever asks.

    CINX documents no limits, so the pace is a matter of courtesy; if it answers 429 all the
    same, everything waits as long as it says, else 1, 2, 4 … 60 s.
    """

    def __init__(self, per_second: float = 5.0) -> None:
        if per_second <= 0:
            raise ValueError("per_second must be more than 0")
        self._gap = 1.0 / per_second
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._previous = float("-inf")
        self._backoff = Backoff(longest=_LONGEST_BACKOFF)

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Seconds until the next beat; 0 takes it."""
        with self._lock:
            wait = max(self._next - now, self._backoff.closed_for(now))
            if wait > 0:
                return wait
            self._previous, self._next = self._next, now + self._gap
            return 0.0

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """The beat is free again."""
        with self._lock:
            self._next = self._previous

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Beats are counted when they are taken."""
        return 0

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """The remote answers: earlier refusals are forgotten."""
        with self._lock:
            self._backoff.answered()

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Nothing goes out for the stated time."""
        with self._lock:
            return self._backoff.refused(now, stated_wait(headers, body))

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Beats are counted when they are taken."""
