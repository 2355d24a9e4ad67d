"""How long everything rests after refusals."""

from __future__ import annotations

_FIRST = 1.0


class Backoff:
    """Waits as long as the remote says, and at least 1, 2, 4 … seconds while it goes on refusing.

    Refusals of requests that were under way together count once. Not thread-safe: its governor
    holds the lock.
    """

    def __init__(self, *, first: float = _FIRST, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._refusals = 0
        self._closed_until = float("-inf")

    def closed_for(self, now: float) -> float:
        """Seconds in which nothing may be sent; 0 or less: go on."""
        return self._closed_until - now

    def refused(self, now: float, stated: float | None) -> float:
        """Notes a refusal and returns the seconds to wait."""
        if self.closed_for(now) <= 0:
            self._refusals += 1
        own = min(self._first * 2.0 ** min(self._refusals - 1, 30), self._longest)
        self._closed_until = max(self._closed_until, now + max(stated or 0.0, own))
        return self.closed_for(now)

    def answered(self) -> None:
        """The remote serves us again."""
        self._refusals = 0
