"""One poll of one CINX account.

CINX has no feed of changes and no filter by modification date, so each poll lists all POCOs and reads
those whose rows have changed; a sweep reads every one.

Sources: CINX API docs, "PO Change Orders" (lists and their filters, detail), "Introduction" (offset, limit).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import structlog

from producers.changes import deletions
from producers.cinx.listing import Turns, row_hash
from producers.cinx.statuses import status_change
from producers.poll_state import AccountState
from producers.rate_wait import RateWait
from producers.source import DeletionQuestion, PollResult, ReadChangeOrder
from relay.clients.cinx import Listing, Poco, PocoRow, Subscription
from relay.clients.http.terms import CallTerms
from relay.domain.failures import Denied, Rejected
from relay.domain.sources import cinx as native
from relay.domain.sources import native_json
from relay.domain.sources.reading import Reading
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)

_CONFIRMED_AT_ONCE = 50
"""Single calls that one sweep spends on missing POCOs; the next one goes on."""


class Client(Protocol):
    """What is asked of :class:`relay.clients.cinx.CinxClient`."""

    def pocos(self, *, terms: CallTerms) -> Listing[PocoRow]: ...
    def poco(self, guid: str, *, terms: CallTerms) -> Poco | None: ...
    def probe_tenant(self, *, terms: CallTerms) -> Subscription: ...
    def close(self) -> None: ...


class CinxSource:
    """An account; see :class:`producers.source.Source`. ``page`` is the address of a POCO's page for people."""

    def __init__(self, client: Client, *, page: str | None = None, clock: Callable[[], datetime] | None = None) -> None:
        self._client = client
        self._page = page
        self._clock = clock or (lambda: datetime.now(UTC))
        self._waiting = RateWait()
        self._turns = Turns()

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        return native.read_raw

    def poll(self, memory: AccountState, *, sweep: bool) -> PollResult:
        calls = _Calls(self._client, self._waiting.terms)
        poll = _Poll(calls, memory, self._turns, self._page)
        return poll.run(self._clock(), sweep=sweep)

    def probe(self) -> None:
        self._client.probe_tenant(terms=self._waiting.terms)

    def min_interval(self, requests: int) -> float:
        """CINX states no limits; the pace alone spaces the calls."""
        return 0.0

    def close(self) -> None:
        self._waiting.end()
        self._client.close()


@dataclass(slots=True)
class _Calls:
    """The calls of one poll, counted. ``denied`` are POCOs that are refused, and read another time."""

    client: Client
    terms: CallTerms
    requests: int = 0
    denied: set[str] = field(default_factory=set)

    def rows(self) -> Listing[PocoRow]:
        found = self.client.pocos(terms=self.terms)
        self.requests += 1 + len(found.rows) // 50
        return found

    def poco(self, guid: str) -> Poco | None:
        self.requests += 1
        try:
            return self.client.poco(guid, terms=self.terms)
        except (Denied, Rejected) as refused:
            self.denied.add(guid)
            _log.warning(events.CHANGE_ORDER_POSTPONED, system="cinx", change_order_id=guid, why=refused.message)
            return None


@dataclass(frozen=True, slots=True)
class _Missing:
    """What of the listing's missing POCOs is certain. ``judged``: all of it."""

    deleted: tuple[str, ...] = ()
    question: DeletionQuestion | None = None
    complete: bool = True


class _Poll:
    """One poll: ``run`` once."""

    def __init__(self, calls: _Calls, memory: AccountState, turns: Turns, page: str | None) -> None:
        self._calls = calls
        self._memory = memory
        self._turns = turns
        self._page = page

    def run(self, at: datetime, *, sweep: bool) -> PollResult:
        listing = self._calls.rows()
        reached(CrashPoint.POLLER_AFTER_LISTING)
        rows = {row.guid: row for row in listing.rows}
        choice = self._turns.choose(rows, self._memory, sweep=sweep)
        seen = self._read(choice.guids, rows)
        missing = self._missing(rows, listing_is_whole=listing.whole, sweep=sweep and choice.whole)
        self._turns.read(choice.guids, sweep=sweep, ended=choice.whole)
        return PollResult(
            at=at,
            seen=tuple(seen),
            deleted=missing.deleted,
            question=missing.question,
            postponed=frozenset(self._calls.denied),
            swept=sweep and choice.whole and missing.complete,
            requests=self._calls.requests,
        )

    def _read(self, guids: tuple[str, ...], rows: Mapping[str, PocoRow]) -> list[ReadChangeOrder]:
        """One that is listed and not there has just been deleted, or CINX contradicts itself: the next list tells."""
        found = ((guid, self._calls.poco(guid)) for guid in guids)
        return [self._seen(poco, rows[guid]) for guid, poco in found if poco is not None]

    def _seen(self, poco: Poco, row: PocoRow) -> ReadChangeOrder:
        reading = native.read(poco.native.data)
        state = self._memory.states.get(poco.guid)
        return ReadChangeOrder(
            change_order_id=poco.guid,
            project=reading.change_order.project,
            reading=reading,
            raw=native_json.compose(poco.native.raw, []),
            row=row_hash(row),
            status=native.status_text(poco.native.data),
            status_change=status_change(reading, poco.native.data, state, self._page),
        )

    def _missing(self, rows: Mapping[str, PocoRow], *, listing_is_whole: bool, sweep: bool) -> _Missing:
        """A list that was cut off proves nothing; one that is whole is confirmed by single calls."""
        if not listing_is_whole:
            return _Missing()
        found = deletions.missing(self._memory.alive(), rows)
        if not sweep:
            found = deletions.where_some_is_left(found)
        if not found.projects or (not sweep and len(found.projects) > deletions.BELIEVED_AT_ONCE):
            return _Missing()
        why = deletions.suspicion(found)
        if why is not None:
            asked = DeletionQuestion(missing=tuple(sorted(found.projects)), known=found.total, sentence=why)
            return _Missing(question=asked) if sweep else _Missing()
        chosen = sorted(found.projects)[:_CONFIRMED_AT_ONCE]
        gone = [guid for guid in chosen if self._calls.poco(guid) is None and guid not in self._calls.denied]
        return _Missing(deleted=tuple(gone), complete=len(chosen) == len(found.projects))
