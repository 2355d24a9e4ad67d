"""The time of a simulated remote, which a test may move forward but not back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploy.sandbox.shell.service import Refused


class Clock:
    """The current time, always in UTC: that of the machine plus what tests have added."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    @property
    def ahead(self) -> float:
        """Seconds by which this clock is ahead of the machine's."""
        return self._ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        """Moves it forward; raises Refused for a step back."""
        if seconds < 0:
            raise Refused(f"the clock cannot go back by {-seconds} seconds")
        self._ahead += timedelta(seconds=seconds)
