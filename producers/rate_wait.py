"""How a poll waits for its share of the rate budget, and how it is given up."""

from __future__ import annotations

import threading

from relay.clients.http.terms import CallTerms
from relay.domain.commands import Lane
from relay.domain.failures import Throttled, Unavailable

LONGEST_WAIT = 120.0
"""Seconds that a poll waits for one slot; a longer wait is left to the account's own pause, and frees the thread."""


class RateWait:
    """The waits of one source's calls. Thread-safe."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    @property
    def terms(self) -> CallTerms:
        """Live, waiting for slots."""
        return CallTerms(pause=self.pause)

    @property
    def reading_terms(self) -> CallTerms:
        """Those of calls that must leave room for listings of what has changed."""
        return CallTerms(lane=Lane.BACKFILL, pause=self.pause)

    def pause(self, seconds: float) -> None:
        """Raises ``Throttled`` for a wait that is too long, ``Unavailable`` once the source is closed."""
        if seconds > LONGEST_WAIT:
            raise Throttled("the rate budget of this account is spent for now", wait_seconds=seconds)
        if self._closed.wait(seconds):
            raise Unavailable("the account was given up while it was polled")

    def close(self) -> None:
        """Ends the wait that is under way, and refuses further ones."""
        self._closed.set()
