"""A bound on how fast a command works."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """At most ``rate`` things a second, counted from the first one."""

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._pause = pause
        self._began: float | None = None
        self._done = 0

    def take(self, count: int) -> None:
        """Waits until ``count`` more may be done."""
        if self._began is None:
            self._began = self._clock()
        due = self._began + self._done / self._rate
        self._done += count
        wait = due - self._clock()
        if wait > 0:
            self._pause(wait)

    def at_once(self, most: int) -> int:
        """How many to take together: about a second's worth, and not more than ``most``."""
        return max(1, min(most, int(self._rate)))
