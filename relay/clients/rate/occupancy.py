"""Counts how many of our own requests a window may still hold against us."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.domain.commands import Lane


@dataclass(slots=True)
class _Ended:
    """Requests of one lane that ended about together, none of them after ``at``."""

    at: float
    lane: Lane
    count: int


@dataclass(slots=True)
class Occupancy:
    """Counts what may stand in any window of ``length`` seconds. Not thread-safe.

    A request is counted from the moment its slot is taken until ``length`` after it ended: the
    remote counted it at some unknown moment in between. A count below the limit is then
    safe for a window that rolls as well as for one that begins at any fixed moment. Requests that
    ended within ``grain`` seconds are kept as one, which bounds the memory of long windows.
    """

    length: float
    grain: float = 0.0
    _open: Counter[Lane] = field(default_factory=Counter)
    _ended: deque[_Ended] = field(default_factory=deque)
    _kept: Counter[Lane] = field(default_factory=Counter)

    def take(self, lane: Lane) -> None:
        """Counts a slot whose request begins now or later."""
        self._open[lane] += 1

    def drop(self, lane: Lane) -> None:
        """Takes back a slot that was not used: nothing was sent."""
        self._open[lane] -= 1

    def end(self, lane: Lane, now: float) -> None:
        """Ends a request, which the remote may have counted until now."""
        self._open[lane] -= 1
        self._kept[lane] += 1
        last = self._ended[-1] if self._ended else None
        if last is not None and last.lane is lane and now <= last.at:
            last.count += 1
            return
        self._ended.append(_Ended(now + self.grain, lane, 1))

    def entries(self, now: float) -> Iterator[tuple[float, Lane, int]]:
        """When requests ended, in which lane, and how many; those under way count as ended now."""
        self._forget(now)
        yield from ((group.at - self.grain, group.lane, group.count) for group in self._ended)
        yield from ((now, lane, count) for lane, count in self._open.items() if count)

    def restore(self, ended: float, lane: Lane, count: int) -> None:
        """Counts requests of an earlier process."""
        self._kept[lane] += count
        self._ended.append(_Ended(ended + self.grain, lane, count))
        self._ended = deque(sorted(self._ended, key=lambda group: group.at))

    def count(self, now: float, lane: Lane | None = None) -> int:
        """Returns how many requests, of one lane or of both, the window may count now."""
        self._forget(now)
        if lane is None:
            return self._open.total() + self._kept.total()
        return self._open[lane] + self._kept[lane]

    def falls_to(self, most: int, now: float, lane: Lane | None = None) -> float | None:
        """Seconds until ``count`` is at most ``most`` if nothing more is sent.

        ``None`` where that waits for requests that are still in flight.
        """
        excess = self.count(now, lane) - most
        if excess <= 0:
            return 0.0
        for group in self._ended:
            if lane is None or group.lane is lane:
                excess -= group.count
                if excess <= 0:
                    return group.at + self.length - now
        return None

    def next_fall(self, now: float) -> float | None:
        """Seconds until the oldest request no longer counts; ``None`` if none has ended."""
        self._forget(now)
        return self._ended[0].at + self.length - now if self._ended else None

    def _forget(self, now: float) -> None:
        while self._ended and self._ended[0].at + self.length <= now:
            group = self._ended.popleft()
            self._kept[group.lane] -= group.count
