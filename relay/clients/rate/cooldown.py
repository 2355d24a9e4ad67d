"""How long everything rests after refusals."""

from __future__ import annotations

from relay.domain.backoff import Backoff

_FIRST = 1.0

_SHORTEST = 1.0
"""Seconds. A remote that states 0, or a moment that is just past, must not be asked in a loop without a pause."""


class Cooldown:
    """Waits for as long as the remote says; where it does not say, 1, 2, 4 … seconds while it goes on refusing.

    Refusals of requests that were under way together count once, and those that state a time do not count. Not
    thread-safe: its governor holds the lock.
    """

    def __init__(self, *, first: float = _FIRST, longest: float) -> None:
        self._unstated = Backoff(first=first, longest=longest)
        self._refusals = 0
        self._closed_until = float("-inf")

    def closed_for(self, now: float) -> float:
        """Seconds in which nothing may be sent; 0 or less: go on."""
        return self._closed_until - now

    def refused(self, now: float, stated: float | None) -> float:
        """Notes a refusal and returns the seconds to wait. ``stated``: what the remote asks for, if it says."""
        wait = self._own_wait(now) if stated is None else max(_SHORTEST, stated)
        self._closed_until = max(self._closed_until, now + wait)
        return self.closed_for(now)

    def answered(self) -> None:
        """Forgets earlier refusals: the remote serves us again."""
        self._refusals = 0

    def _own_wait(self, now: float) -> float:
        if self.closed_for(now) <= 0:
            self._refusals += 1
        if not self._refusals:
            # It was under way when another was refused with a time: that time is for both.
            return 0.0
        return self._unstated.seconds(self._refusals - 1)
