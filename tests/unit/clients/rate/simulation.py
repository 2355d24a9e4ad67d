"""A remote with both of Procore's windows, and workers that send to it, in virtual time."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate

from relay.clients.rate import Governor
from relay.domain.commands import Lane

HOUR = 3600.0
EPOCH = 1_800_000_000.0


@dataclass
class ServerWindow:
    """Counts requests; rolling, or fixed from the first request on, or aligned to the clock."""

    limit: int
    length: float
    kind: str = "rolling"
    taken: deque[float] = field(default_factory=deque)
    opened: float | None = None

    def used(self, now: float) -> int:
        if self.kind == "rolling":
            while self.taken and self.taken[0] <= now - self.length:
                self.taken.popleft()
        elif self.opened is not None and now >= self.opened + self.length:
            self.taken.clear()
            self.opened = None
        return len(self.taken)

    def take(self, now: float) -> None:
        self.used(now)
        if self.opened is None:
            self.opened = math.floor(now / self.length) * self.length if self.kind == "aligned" else now
        self.taken.append(now)

    def remaining(self, now: float) -> int:
        return max(0, self.limit - self.used(now))

    def resets(self, now: float) -> float:
        if self.kind == "rolling":
            return (self.taken[0] if self.taken else now) + self.length
        return (self.opened if self.opened is not None else now) + self.length


@dataclass
class Server:
    """Answers as documented; ``ratio`` decides what "nearest to exhaustion" means."""

    spike: ServerWindow
    hour: ServerWindow
    ratio: bool = False
    refused_counts: bool = False
    rounds_up: bool = True
    retry_after: bool = True
    accepted: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)

    def request(self, now: float) -> tuple[int, dict[str, str]]:
        windows = (self.spike, self.hour)
        room = all(one.remaining(now) > 0 for one in windows)
        if room or self.refused_counts:
            for one in windows:
                one.take(now)
        (self.accepted if room else self.refusals).append(now)
        return (200 if room else 429), self._headers(now, refused=not room)

    def _headers(self, now: float, *, refused: bool) -> dict[str, str]:
        near = min(
            (self.spike, self.hour),
            key=lambda one: (one.remaining(now) / (one.limit if self.ratio else 1), -one.resets(now)),
        )
        rounded = math.ceil if self.rounds_up else math.floor
        reset = rounded(EPOCH + near.resets(now))
        headers = {
            "x-rate-limit-limit": str(near.limit),
            "x-rate-limit-remaining": str(near.remaining(now)),
            "x-rate-limit-reset": str(reset),
            "date": formatdate(EPOCH + now, usegmt=True),
        }
        if refused and self.retry_after:
            headers["retry-after"] = str(math.ceil(near.resets(now) - now))
        return headers


@dataclass
class Run:
    """Workers that always have something to send, in the given lanes, until ``until``."""

    server: Server
    governor: Governor
    latencies: Iterator[float]
    now: float = 0.0
    sent: Counter[Lane] = field(default_factory=Counter)
    guests: dict[str, list[float]] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def workers(self, lanes: list[Lane]) -> None:
        for lane in lanes:
            self.at(self.now, self._worker(lane, self.governor))

    def guest(self, name: str, governor: Governor, begins: float, ends: float) -> None:
        """Somebody else who asks at the same remote, as fast as its governor lets it."""
        sent = self.guests.setdefault(name, [])
        self.at(begins, self._worker(Lane.LIVE, governor, sent, ends))

    def at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), act))

    def until(self, end: float) -> None:
        while self._events and self._events[0][0] <= end:
            self.now, _, act = heapq.heappop(self._events)
            act()
        self.now = end

    def _worker(
        self, lane: Lane, governor: Governor, guest: list[float] | None = None, ends: float = math.inf
    ) -> Callable[[], None]:
        def ask() -> None:
            if self.now >= ends:
                return
            wait = governor.acquire(self.now, lane)
            assert wait >= 0
            if wait > 0:
                self.waits.append((self.now, wait))
                self.at(self.now + wait + 1e-6, ask)
                return
            ticket = governor.begin(self.now, lane)
            if guest is None:
                self.sent[lane] += 1
            else:
                guest.append(self.now)
            there, back = next(self.latencies), next(self.latencies)
            self.at(self.now + there, lambda: arrive(ticket, back))

        def arrive(ticket: int, back: float) -> None:
            status, headers = self.server.request(self.now)
            self.at(self.now + back, lambda: answered(ticket, status, headers))

        def answered(ticket: int, status: int, headers: dict[str, str]) -> None:
            if status == 429:
                governor.refused(ticket, headers, b"", self.now)
            else:
                governor.answered(ticket, headers, self.now)
            ask()

        return ask
