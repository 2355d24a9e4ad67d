"""An even pace, for a remote that states no limits (CINX)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime

from relay.clients.rate.cooldown import Cooldown
from relay.clients.rate.refusal import stated_wait
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse

_LONGEST_COOLDOWN = 60.0


class SteadyPace:
    """Admits at most ``per_second`` requests in any second, evenly over all callers.

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
        self._cooldown = Cooldown(longest=_LONGEST_COOLDOWN)

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Takes the next beat and returns 0, or returns the seconds until it."""
        with self._lock:
            wait = max(self._next - now, self._cooldown.closed_for(now))
            if wait > 0:
                return wait
            self._previous, self._next = self._next, now + self._gap
            return 0.0

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Gives back a beat that was taken and is not used."""
        with self._lock:
            self._next = self._previous

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Returns 0: beats are counted when they are taken, so no request has a ticket of its own."""
        return 0

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Forgets earlier refusals: the remote answers."""
        with self._lock:
            self._cooldown.answered()

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Holds everything back for the stated time, else for 1, 2, 4 … 60 s; returns the seconds."""
        with self._lock:
            return self._cooldown.refused(now, stated_wait(headers, body))

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Does nothing: beats are counted when they are taken."""

    def count_others(self, requests: int, ended: float) -> None:
        """Does nothing: each process keeps to the pace by itself, and what has ended is past."""

    def restore(self, used: Iterable[MinuteUse], now: float, at: datetime) -> None:
        """Does nothing, for the same reason."""
