"""The budget of a command: the share of guests, and the shares of stages that are away."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from relay.clients.rate.governor import Governor
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse

_COUNTS_FOR: Final = 3600.0


class SharedRate(Governor, Protocol):
    """The governor of a share that several processes use."""

    def count_others(self, requests: int, ended: float) -> None:
        """Counts requests of another process in this share, which ended at ``ended`` on the running clock."""

    def restore(self, used: Iterable[MinuteUse], now: float, at: datetime) -> None:
        """Counts what whoever had the share before has noted; ``at`` is ``now`` on the wall clock."""


@dataclass(frozen=True, slots=True)
class _Made:
    at: float
    share: str
    requests: int


class GuestRate:
    """A governor that takes from ``own`` first, then from each of the ``lenders``. Thread-safe.

    ``present`` is called before each slot with the moment and gives the names of the lenders that lend now. ``own`` is
    the share that has no name of a stage.
    """

    def __init__(
        self, own: SharedRate, lenders: Mapping[str, SharedRate], present: Callable[[float], frozenset[str]]
    ) -> None:
        self._shares: dict[str, SharedRate] = {"": own, **lenders}
        self._present = present
        self._lock = threading.RLock()
        self._taken: list[str] = []
        self._tickets: dict[int, tuple[str, int]] = {}
        self._begun = 0
        self._made: deque[_Made] = deque()
        self._others: dict[tuple[str, str], deque[_Made]] = {}
        self._closed_until = float("-inf")
        self.asked_wait = 0.0
        """The seconds that the last request was told to wait; 0: it went out, and was not refused."""

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Takes a slot wherever there is one and returns 0, or returns the seconds to wait."""
        with self._lock:
            self.asked_wait = self._acquire(now, lane)
            return self.asked_wait

    def _acquire(self, now: float, lane: Lane) -> float:
        if now < self._closed_until:
            return self._closed_until - now
        waits = []
        for name in ("", *sorted(self._present(now))):
            wait = self._shares[name].acquire(now, lane)
            if wait <= 0:
                self._taken.append(name)
                return 0.0
            waits.append(wait)
        return min(waits)

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Gives back a slot that was taken and is not used."""
        with self._lock:
            self._shares[self._taken.pop()].release(lane)

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Turns a slot that was taken into a request in flight and returns its ticket."""
        with self._lock:
            name = self._taken.pop()
            self._begun += 1
            self._tickets[self._begun] = (name, self._shares[name].begin(now, lane))
            self._made.append(_Made(now, name, 1))
            return self._begun

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Ends a request that was answered."""
        governor, number = self._ended(ticket)
        governor.answered(number, headers, now)

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Ends a request that was refused for its rate; returns the seconds in which to send nothing from any share."""
        governor, number = self._ended(ticket)
        wait = governor.refused(number, headers, body, now)
        with self._lock:
            self._closed_until = max(self._closed_until, now + wait)
            self.asked_wait = wait
        return wait

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Ends a request without an answer."""
        governor, number = self._ended(ticket)
        governor.unanswered(number, now, sent=sent)

    def made(self, now: float) -> Counter[str]:
        """The requests of the last hour, by share."""
        with self._lock:
            return _counted(self._made, now)

    def lent_until(self) -> float | None:
        """When the last request in a share that is lent was begun, on the running clock; ``None``: there is none."""
        with self._lock:
            return max((one.at for one in self._made if one.share), default=None)

    def count_guest(self, guest: str, made: Mapping[str, int], stated: float, now: float) -> None:
        """Takes in what another guest has stated, at ``stated`` on the running clock, of its last hour's requests."""
        with self._lock:
            for share, requests in made.items():
                counted = self._others.setdefault((guest, share), deque())
                news = requests - _counted(counted, now)[share]
                if news > 0 and share in self._shares:
                    self._shares[share].count_others(news, stated)
                    counted.append(_Made(stated, share, news))

    def _ended(self, ticket: int) -> tuple[Governor, int]:
        with self._lock:
            name, number = self._tickets.pop(ticket)
            return self._shares[name], number


def _counted(made: deque[_Made], now: float) -> Counter[str]:
    """What of ``made`` still counts; the rest is dropped."""
    while made and made[0].at + _COUNTS_FOR <= now:
        made.popleft()
    counted = Counter[str]()
    for one in made:
        counted[one.share] += one.requests
    return counted
