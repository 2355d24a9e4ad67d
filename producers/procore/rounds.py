"""When the projects of a company are looked at: each once in a round, evenly, as the poller's budget allows. Pure.

A look is one listing. Where the interval that is asked for would take more of them than the budget has, it is
stretched for all projects alike, and each poll looks at some of them only, so that none has to wait until the hour
is over because others were looked at too often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

_HOUR = 3600.0
_AT_ONCE = 0.2
"""Of an hour's looks, how many one poll makes at most: what a window counts at its two ends is then bounded."""


class Rounds:
    """The rounds of one company. ``asked``: the configured interval in seconds; ``hourly``: looks that an hour has."""

    def __init__(self, asked: float, hourly: Callable[[], float] = lambda: math.inf, turn: int = 0) -> None:
        """``turn``: with which project rounds begin; it should not be the same after each restart."""
        self._asked = asked
        self._hourly = hourly
        self._turn = turn
        self._projects: frozenset[int] = frozenset()
        self._left: list[int] = []
        self.looks = 1
        """Looks of a round: one for each project, and one for the list of projects where it is asked for."""

    def begin(self, projects: frozenset[int], *, looks: int) -> None:
        """Begins a round of ``projects``, or takes those in that have become wanted meanwhile."""
        self.looks = max(1, looks)
        rest = [project for project in self._left if project in projects] or self._in_turn(projects & self._projects)
        self._left = [*self._in_turn(projects - self._projects), *rest]
        self._projects = projects

    def _in_turn(self, projects: Collection[int]) -> list[int]:
        ordered = sorted(projects)
        at = self._turn % len(ordered) if ordered else 0
        return [*ordered[at:], *ordered[:at]]

    @property
    def is_over(self) -> bool:
        """Whether every project was looked at."""
        return not self._left

    def next_projects(self) -> list[int]:
        """Those that the next poll looks at."""
        return self._left[: self.at_once]

    @property
    def left(self) -> list[int]:
        """Those that the round has not looked at yet."""
        return list(self._left)

    def looked_at(self, projects: Collection[int]) -> None:
        """Takes out what was looked at."""
        self._left = [project for project in self._left if project not in projects]

    @property
    def interval(self) -> float:
        """Seconds between two looks at the same project, as planned: the configured ones, or more."""
        return max(self._asked, self.seconds_of(self.looks))

    @property
    def at_once(self) -> int:
        """How many projects one poll looks at."""
        hourly = self._hourly()
        if math.isinf(hourly):
            return max(1, len(self._projects))
        in_interval = math.floor(self.looks * self._asked / self.interval + 1e-9)
        return max(1, min(in_interval, math.floor(hourly * _AT_ONCE)))

    def pause(self, looked: int, calls: int) -> float:
        """Seconds from a poll that looked at ``looked`` projects with ``calls`` calls to the next one."""
        evenly = self._asked * min(1.0, looked / self.looks) if looked else self._asked
        return max(evenly, self.seconds_of(calls))

    def seconds_of(self, calls: int) -> float:
        """How long so many looks have to do."""
        return calls * _HOUR / self._hourly()
