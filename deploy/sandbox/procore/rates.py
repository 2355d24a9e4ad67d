"""The two request limits of an app in a company, and the headers that tell about them.

Source: Procore docs, "Rate Limiting" (an hourly and a 10-second limit at once; the headers describe whichever is
nearest to exhaustion; 503 with ``Retry-After`` under heavy load). How a 429 looks differs between the pages.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from math import ceil

from deploy.sandbox.procore.rendering import render
from deploy.sandbox.procore.settings import Settings
from deploy.sandbox.shell import Answer

SURPASSED = "You have surpassed the max number of requests for an hour. Please wait until your limit resets."


@dataclass
class Window:
    """One limit. The short window rolls; the long one opens with the first request after the last has ended."""

    rolls: bool
    taken: deque[datetime] = field(default_factory=deque)

    def used(self, now: datetime, length: timedelta) -> int:
        """How many requests count now."""
        if not self.rolls and self.taken and self.taken[0] <= now - length:
            self.taken.clear()
        while self.taken and self.taken[0] <= now - length:
            self.taken.popleft()
        return len(self.taken)

    def resets(self, now: datetime, length: timedelta) -> datetime:
        """When there will be room again, or more of it."""
        return (self.taken[0] if self.taken else now) + length


@dataclass(frozen=True)
class Standing:
    """One limit at one moment."""

    limit: int
    remaining: int
    resets: datetime


@dataclass
class Budget:
    """Both limits. Their sizes are settings and may change at any time."""

    settings: Settings
    hourly: Window = field(default_factory=lambda: Window(rolls=False))
    spike: Window = field(default_factory=lambda: Window(rolls=True))
    refused: int = 0

    def take(self, now: datetime) -> bool:
        """Counts a request; whether it is within both limits."""
        allowed = all(one.remaining > 0 for one in self.standings(now))
        self.refused += not allowed
        if allowed or self.settings.refused_counts:
            self.hourly.taken.append(now)
            self.spike.taken.append(now)
        return allowed

    def standings(self, now: datetime) -> list[Standing]:
        """The short limit and the long one."""
        sizes = (
            (self.spike, self.settings.spike_limit, self.settings.spike_seconds),
            (self.hourly, self.settings.hourly_limit, self.settings.hourly_seconds),
        )
        found = []
        for window, limit, seconds in sizes:
            length = timedelta(seconds=seconds)
            remaining = max(0, limit - window.used(now, length))
            found.append(Standing(limit, remaining, window.resets(now, length)))
        return found

    def nearest(self, now: datetime) -> Standing:
        """The limit nearest to exhaustion; of two that are spent, the one that lasts longer."""
        return min(self.standings(now), key=lambda one: (one.remaining, -one.resets.timestamp()))

    def headers(self, now: datetime) -> dict[str, str]:
        """What every answer carries; the reset is in whole unix seconds."""
        nearest = self.nearest(now)
        return {
            "X-Rate-Limit-Limit": str(nearest.limit),
            "X-Rate-Limit-Remaining": str(nearest.remaining),
            "X-Rate-Limit-Reset": str(ceil(nearest.resets.timestamp())),
        }

    def spend(self, now: datetime, hourly: int, spike: int) -> None:
        """Counts requests that another client of the same app has sent just now."""
        self.hourly.taken.extend([now] * hourly)
        self.spike.taken.extend([now] * spike)

    def dump(self, now: datetime) -> dict[str, object]:
        """Both limits for a test to read."""
        spike, hourly = self.standings(now)
        return {
            "spike": {"limit": spike.limit, "remaining": spike.remaining, "resets": spike.resets.isoformat()},
            "hourly": {"limit": hourly.limit, "remaining": hourly.remaining, "resets": hourly.resets.isoformat()},
            "refused": self.refused,
        }


def throttled(budget: Budget, now: datetime) -> Answer:
    """The 429."""
    settings, headers = budget.settings, budget.headers(now)
    resets = budget.nearest(now).resets
    if settings.throttle_retry_after == "seconds":
        headers["Retry-After"] = str(max(0, ceil((resets - now).total_seconds())))
    if settings.throttle_retry_after == "date":
        headers["Retry-After"] = format_datetime(resets + timedelta(seconds=1), usegmt=True)
    if settings.throttle_body == "json":
        return Answer(429, render({"errors": SURPASSED}), {**headers, "Content-Type": "application/json"})
    text = SURPASSED if settings.throttle_body == "text" else ""
    return Answer(429, text, {**headers, "Content-Type": "text/plain; charset=utf-8"})


def overloaded(budget: Budget, now: datetime) -> Answer:
    """The 503 of heavy load."""
    wait = {"Retry-After": str(budget.settings.heavy_load_seconds), "Content-Type": "text/html"}
    page = "<html><body><h1>503 Service Unavailable</h1></body></html>"
    return Answer(503, page, {**budget.headers(now), **wait})
