"""When the projects of a company are listed: each once in a round, evenly, as the poller's budget allows. Pure.

Where the interval that is asked for would take more listings than the budget has, it is stretched for all projects
alike, and each poll lists some of them only, so that none has to wait until the hour is over because others were listed
too often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

_HOUR = 3600.0
_AT_ONCE = 0.2
"""Of an hour's listings, how many one poll makes at most: what a window counts at its two ends is then bounded."""


class Rounds:
    """The rounds of one company. ``asked``: the configured interval in seconds; ``hourly``: listings that an hour has.

    ``listings``: those of a round, one for each project, and one of the projects where they are asked for.
    ``turn``: with which project rounds begin; it should not be the same after each restart.
    """

    def __init__(self, asked: float, hourly: Callable[[], float] = lambda: math.inf, turn: int = 0) -> None:
        self._asked = asked
        self._hourly = hourly
        self._turn = turn
        self._projects: frozenset[int] = frozenset()
        self._left: list[int] = []
        self.listings = 1

    def begin(self, projects: frozenset[int], *, listings: int) -> None:
        """Begins a round of ``projects``, or takes those in that have become wanted meanwhile."""
        self.listings = max(1, listings)
        rest = [project for project in self._left if project in projects] or self._in_turn(projects & self._projects)
        self._left = [*self._in_turn(projects - self._projects), *rest]
        self._projects = projects

    def _in_turn(self, projects: Collection[int]) -> list[int]:
        ordered = sorted(projects)
        at = self._turn % len(ordered) if ordered else 0
        return [*ordered[at:], *ordered[:at]]

    @property
    def is_over(self) -> bool:
        """Whether every project was listed."""
        return not self._left

    @property
    def left(self) -> list[int]:
        """Those that the round has not listed yet."""
        return list(self._left)

    def next_projects(self) -> list[int]:
        """Those that the next poll lists."""
        return self._left[: self._at_once()]

    def hastened(self, projects: Collection[int]) -> list[int]:
        """Those of ``projects`` that are wanted, all of them where none is named, whether or not it is their turn."""
        return self._in_turn(self._projects & frozenset(projects) if projects else self._projects)

    def mark_listed(self, projects: Collection[int]) -> None:
        """Takes out what was listed."""
        self._left = [project for project in self._left if project not in projects]

    @property
    def interval(self) -> float:
        """Seconds between two listings of the same project, as planned: the configured ones, or more."""
        return max(self._asked, self._seconds_of(self.listings))

    def pause(self, projects: int, calls: int) -> float:
        """Seconds from a poll that listed so many projects, with ``calls`` calls, to the next one."""
        evenly = self._asked * min(1.0, projects / self.listings) if projects else self._asked
        return max(evenly, self._seconds_of(calls))

    def _at_once(self) -> int:
        hourly = self._hourly()
        if math.isinf(hourly):
            return max(1, len(self._projects))
        in_interval = math.floor(self.listings * self._asked / self.interval + 1e-9)
        return max(1, min(in_interval, math.floor(hourly * _AT_ONCE)))

    def _seconds_of(self, calls: int) -> float:
        """How long so many listings have to do."""
        return calls * _HOUR / self._hourly()
