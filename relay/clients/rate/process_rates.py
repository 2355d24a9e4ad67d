"""The governors of one process, which may lend to each other what is unused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.clients.http.clock import running_seconds
from relay.clients.rate import shares
from relay.clients.rate.governor import Governor
from relay.clients.rate.procore import ProcoreRate
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse

_WRITER, _POLLER = "writer", "poller"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyLimits:
    """What the configuration says of a company's limits: ``expected`` ones (ten seconds, hour), and who has what."""

    expected: tuple[int, int]
    poller_share: float


class ProcoreRates:
    """Governors of Procore companies by account, one for the poller and one for the writer. Thread-safe.

    One is kept as long as the process: a changed setting makes it anew, but what was used stays used. The writer's
    lends to the poller's while this process owns the account's partition of the writer; the poller lends nothing,
    since its listings must not wait for an hour.
    """

    def __init__(
        self,
        clock: Callable[[], float] = running_seconds,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[CompanyLimits, ProcoreRate]] = {}
        self._owned: set[str] = set()

    def writer(self, account: str, limits: CompanyLimits) -> ProcoreRate:
        """The writer's governor of a company."""
        return self._rate(_WRITER, account, limits, shares.of_writer(limits.poller_share))

    def poller(self, account: str, limits: CompanyLimits) -> PollerRate:
        """The poller's, which borrows from the writer's."""
        own = self._rate(_POLLER, account, limits, shares.of_poller(limits.poller_share))
        return PollerRate(own, lambda: self._lender(account))

    def own(self, account: str, limits: CompanyLimits, used: Iterable[MinuteUse]) -> None:
        """This process owns the account's partition of the writer; ``used`` is what the owner before it has noted."""
        self.writer(account, limits).restore(used, self._clock(), self._now())
        with self._lock:
            self._owned.add(account)

    def disown(self, account: str) -> None:
        """Another process may own it now, so that nothing of it can be lent here."""
        with self._lock:
            self._owned.discard(account)

    def used(self, account: str) -> tuple[MinuteUse, ...]:
        """What the writer has used in the last hour, as far as this process knows."""
        with self._lock:
            known = self._known.get((_WRITER, account))
        return known[1].used(self._clock(), self._now()) if known is not None else ()

    def _lender(self, account: str) -> ProcoreRate | None:
        with self._lock:
            known = self._known.get((_WRITER, account))
            return known[1] if known is not None and account in self._owned else None

    def _rate(self, user: str, account: str, limits: CompanyLimits, parts: shares.Shares) -> ProcoreRate:
        with self._lock:
            known = self._known.get((user, account))
            if known is not None and known[0] == limits:
                return known[1]
            rate = ProcoreRate(parts, limits.expected)
            if known is not None:
                now, at = self._clock(), self._now()
                rate.restore(known[1].used(now, at), now, at)
            self._known[user, account] = (limits, rate)
            return rate


class PollerRate:
    """A governor that takes from ``lender``, if there is one, what its ``own`` does not have. Thread-safe."""

    def __init__(self, own: ProcoreRate, lender: Callable[[], ProcoreRate | None] = lambda: None) -> None:
        self.own = own
        self._lender = lender
        self._lock = threading.Lock()
        self._lent: list[ProcoreRate] = []
        self._tickets: dict[int, tuple[Governor, int]] = {}
        self._begun = 0

    def acquire(self, now: float, lane: Lane = Lane.LIVE) -> float:
        """Takes a slot of our own or one that is lent and returns 0, or returns the seconds to wait."""
        wait = self.own.acquire(now, lane)
        lender = self._lender() if wait > 0 and not self.own.rests(now) else None
        if lender is None or not lender.lend(now):
            return wait
        with self._lock:
            self._lent.append(lender)
        return 0.0

    def release(self, lane: Lane = Lane.LIVE) -> None:
        """Gives back a slot that was taken and is not used."""
        lender = self._next_lender()
        if lender is None:
            self.own.release(lane)
        else:
            lender.release(Lane.BACKFILL)

    def begin(self, now: float, lane: Lane = Lane.LIVE) -> int:
        """Turns a slot that was taken, whoever's it is, into a request in flight and returns its ticket."""
        lender = self._next_lender()
        begun = (self.own, self.own.begin(now, lane)) if lender is None else (lender, lender.begin(now, Lane.BACKFILL))
        with self._lock:
            self._begun += 1
            self._tickets[self._begun] = begun
            return self._begun

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        """Ends a request that was answered."""
        governor, number = self._ended(ticket)
        governor.answered(number, headers, now)

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        """Ends a request that was refused for its rate; returns the seconds in which to send nothing."""
        governor, number = self._ended(ticket)
        return governor.refused(number, headers, body, now)

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        """Ends a request without an answer."""
        governor, number = self._ended(ticket)
        governor.unanswered(number, now, sent=sent)

    def _next_lender(self) -> ProcoreRate | None:
        with self._lock:
            return self._lent.pop() if self._lent else None

    def _ended(self, ticket: int) -> tuple[Governor, int]:
        with self._lock:
            return self._tickets.pop(ticket)
