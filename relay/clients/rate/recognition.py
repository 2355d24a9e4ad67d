"""Which of Procore's two windows an answer describes: it shows one limit, and not whose it is.

Source: Procore docs, "Rate Limiting": the headers are about the limit that is nearer to exhaustion.
"""

from __future__ import annotations

import math

from relay.clients.rate.procore_headers import RateLimitHeaders
from relay.clients.rate.window import Window

_CLEARLY_MORE, _FEW = 2, 5  # Refused requests may be counted by us and not by the remote.
_CLEARLY_LONGER = 3.0  # A reset that is so much further away than 10 seconds is the hour's.


class Recognition:
    """Remembers which limits were seen to be whose. Not thread-safe: its governor holds the lock."""

    def __init__(self, spike: Window, hour: Window) -> None:
        self._spike = spike
        self._hour = hour
        self._told_hour: int | None = None
        self._short: int | None = None
        self._soon: dict[int, float] = {}

    def window(self, standing: RateLimitHeaders, *, sent: int, now: float) -> Window:
        """The window that an answer is about. ``sent``: what we have sent within the hour."""
        if standing.reset_in > self._spike.length + _CLEARLY_LONGER:
            self._told_hour = standing.limit
            return self._hour
        if self._is_short(standing, sent, now):
            return self._spike
        known = (window.limit or window.expected for window in (self._spike, self._hour))
        spike, hour = (abs(math.log(standing.limit / one)) for one in known)
        return self._spike if spike <= hour else self._hour

    def _is_short(self, standing: RateLimitHeaders, sent: int, now: float) -> bool:
        """Whether a limit that is near its end is the 10-second one although it looks like an hour's.

        The hour would show at least as much as used as we have sent, until it ends; then its end would
        be far away.
        """
        if standing.limit == self._short:
            return True
        if standing.limit == self._told_hour or sent < _CLEARLY_MORE * (standing.limit - standing.remaining) + _FEW:
            return False
        ends = now + standing.reset_in
        if ends <= self._soon.setdefault(standing.limit, ends) + _CLEARLY_LONGER:
            return False
        self._short = standing.limit
        self._soon.clear()
        if self._hour.limit == standing.limit:
            self._hour.forget()
        return True
