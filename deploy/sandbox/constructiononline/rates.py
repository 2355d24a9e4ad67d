"""The four rate windows of an API key.

Source: ConstructionOnline developers, "Rate Limits": 500 an hour, 10,000 a day, 50,000 a week,
200,000 a month per API key, each window resetting after its own length. How the 429 tells the
limit and the wait is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

HOUR: Final = 3600


@dataclass
class Window:
    """One fixed window: it opens with the first call after the previous one ended."""

    name: str
    limit: int
    seconds: int
    opened: datetime | None = None
    used: int = 0

    def remaining(self, now: datetime) -> timedelta:
        """Time until the open window ends; zero if none is open."""
        if self.opened is None:
            return timedelta(0)
        return max(self.opened + timedelta(seconds=self.seconds) - now, timedelta(0))

    def spent(self, now: datetime) -> bool:
        """Whether one more call would exceed the limit."""
        return bool(self.remaining(now)) and self.used >= self.limit

    def count(self, now: datetime) -> None:
        """Counts one call."""
        if not self.remaining(now):
            self.opened, self.used = now, 0
        self.used += 1


def documented_windows() -> dict[str, Window]:
    """The windows with the published limits."""
    return {
        "hour": Window("hour", 500, HOUR),
        "day": Window("day", 10_000, 24 * HOUR),
        "week": Window("week", 50_000, 7 * 24 * HOUR),
        "month": Window("month", 200_000, 30 * 24 * HOUR),
    }


@dataclass(frozen=True)
class Refusal:
    """Which limit a call would exceed, and the whole seconds until it resets."""

    window: str
    limit: int
    seconds: int

    def text(self, wording: str) -> str:
        """The sentence of the 429."""
        exceeded = f"API rate limit exceeded: maximum {self.limit} requests per {self.window}."
        if wording in ("silent", "member"):
            return exceeded
        if wording == "remaining":
            return f"{exceeded} {self.seconds:,} seconds remaining."
        return f"{exceeded} Please try again in {self._wait(wording)}."

    def _wait(self, wording: str) -> str:
        minutes = ceil(self.seconds / 60)
        if wording == "minutes":
            return f"{minutes} minutes"
        if wording == "clock":
            hours, rest = divmod(self.seconds, HOUR)
            return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
        return f"{self.seconds} seconds"


@dataclass
class Budget:
    """The windows of one API key. A refused call is not counted."""

    windows: dict[str, Window] = field(default_factory=documented_windows)

    def take(self, now: datetime) -> Refusal | None:
        """Counts a call, or says which window refuses it (the one with the longest wait)."""
        spent = [window for window in self.windows.values() if window.spent(now)]
        if not spent:
            for window in self.windows.values():
                window.count(now)
            return None
        longest = max(spent, key=lambda window: window.remaining(now))
        seconds = ceil(longest.remaining(now).total_seconds())
        return Refusal(longest.name, longest.limit, seconds)

    def change(self, window: str, values: Mapping[str, Any]) -> None:
        """Sets ``limit``, ``seconds`` or ``used`` of a window; KeyError for an unknown one."""
        target = self.windows[window]
        target.limit = int(values.get("limit", target.limit))
        target.seconds = int(values.get("seconds", target.seconds))
        target.used = int(values.get("used", target.used))

    def dump(self, now: datetime) -> dict[str, Any]:
        """Limit, use and remaining seconds of each window."""
        return {
            name: {
                "limit": window.limit,
                "used": window.used if window.remaining(now) else 0,
                "resets_in": window.remaining(now).total_seconds(),
            }
            for name, window in self.windows.items()
        }
