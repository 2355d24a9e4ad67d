"""Tells which of Procore's two windows an answer describes: it shows one limit, and not of which window.

Source: Procore docs, "Rate Limiting": the headers are about the limit that is nearer to exhaustion.
"""

from __future__ import annotations

import math

from relay.clients.rate.procore_headers import RateLimitHeaders
from relay.clients.rate.window import Window

_CLEARLY_MORE, _FEW = 2, 5  # Refused requests may be counted by us and not by the remote.
_CLEARLY_LONGER = 3.0  # A reset that is so much further away than 10 seconds is the hour's.


class Recognition:
    """Remembers which limit was seen to belong to which window. Not thread-safe: its governor holds the lock."""

    def __init__(self, spike: Window, hour: Window) -> None:
        self._spike = spike
        self._hour = hour
        self._hour_limit: int | None = None
        self._spike_limit: int | None = None
        self._first_resets: dict[int, float] = {}

    def window(self, described: RateLimitHeaders, *, sent: int, now: float) -> Window:
        """The window that an answer is about. ``sent``: what we have sent within the hour."""
        if described.reset_in > self._spike.length + _CLEARLY_LONGER:
            self._hour_limit = described.limit
            return self._hour
        if self._is_spike(described, sent, now):
            return self._spike
        limits = (window.limit or window.expected_limit for window in (self._spike, self._hour))
        spike, hour = (abs(math.log(described.limit / limit)) for limit in limits)
        return self._spike if spike <= hour else self._hour

    def _is_spike(self, described: RateLimitHeaders, sent: int, now: float) -> bool:
        """Whether a limit that is near its end is the 10-second one although it looks like an hour's.

        The hour would show at least as much as used as we have sent, until it ends; then its end would
        be far away.
        """
        if described.limit == self._spike_limit:
            return True
        if described.limit == self._hour_limit or sent < _CLEARLY_MORE * (described.limit - described.remaining) + _FEW:
            return False
        ends = now + described.reset_in
        if ends <= self._first_resets.setdefault(described.limit, ends) + _CLEARLY_LONGER:
            return False
        self._spike_limit = described.limit
        self._first_resets.clear()
        if self._hour.limit == described.limit:
            self._hour.forget()
        return True
