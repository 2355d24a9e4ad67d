"""How soon to poll again, so that the hourly limit never stops the polls for the rest of an hour."""

from __future__ import annotations

from collections import deque

HOUR = 3_600.0
LIMIT = 500
"""Requests an hour and API key (ConstructionOnline developers, "Rate Limits")."""

_SUSTAINED = 250
"""Requests an hour that also the monthly limit of 200,000 allows, with a tenth to spare."""


def shortest_interval(requests: int) -> float:
    """Seconds between polls of so many requests each that may go on for ever."""
    return requests * HOUR / _SUSTAINED


class Pace:
    """Lets a burst of half the limit pass, then spreads the polls evenly. Belongs to one thread at a time."""

    def __init__(self) -> None:
        self._polls: deque[tuple[float, int]] = deque()
        self._used = 0

    def gap(self, now: float, requests: int) -> float:
        """Seconds to leave after a poll that took ``requests`` requests."""
        self._polls.append((now, requests))
        self._used += requests
        while self._polls[0][0] <= now - HOUR:
            self._used -= self._polls.popleft()[1]
        return shortest_interval(requests) if 2 * self._used > LIMIT else 0.0
