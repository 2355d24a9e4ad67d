"""One poll of one CINX account.

CINX has no feed of changes and no filter by modification date, so each poll lists all POCOs and reads
those whose rows have changed; a sweep reads every one.

Sources: CINX API docs, "PO Change Orders" (lists and their filters, detail), "Introduction" (offset, limit).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from producers.changes import deletions
from producers.changes.deletions import DeletionCheck
from producers.cinx.directory import entries_of
from producers.cinx.listing import PocoSelector, row_hash
from producers.cinx.statuses import status_change
from producers.poll_state import AccountState
from producers.rate_wait import RateWait
from producers.row_defects import attempted
from producers.source import PollResult, ReadChangeOrder, UnreadableRow
from relay.clients.cinx import SYSTEM, Listing, Poco, PocoRow, Subscription
from relay.clients.http.terms import CallTerms
from relay.domain.failures import Denied, Rejected
from relay.domain.rate_use import MinuteUse
from relay.domain.sources import cinx as native
from relay.domain.sources import native_json
from relay.domain.sources.reading import Reading
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)

_CONFIRMED_AT_ONCE = 50
"""Single calls that one sweep spends on missing POCOs; the next one goes on."""

_ROWS_PER_PAGE = 50
"""Rows of one page of a list, for the count of requests."""


class Client(Protocol):
    """What is asked of :class:`relay.clients.cinx.CinxClient`."""

    def pocos(self, *, apart: bool, terms: CallTerms) -> Listing[PocoRow]: ...
    def poco(self, guid: str, *, terms: CallTerms) -> Poco | None: ...
    def probe_tenant(self, *, terms: CallTerms) -> Subscription: ...
    def close(self) -> None: ...


class CinxSource:
    """An account; see :class:`producers.source.Source`. ``page`` is the address of a POCO's page for people."""

    def __init__(self, client: Client, *, page: str | None = None, clock: Callable[[], datetime] | None = None) -> None:
        self._client = client
        self._page = page
        self._clock = clock or (lambda: datetime.now(UTC))
        self._rate_wait = RateWait()
        self._selector = PocoSelector()

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        return native.read_raw

    def poll(self, state: AccountState, *, sweep: bool) -> PollResult:
        calls = _PocoCalls(self._client, self._rate_wait.terms)
        poll = _CinxPoll(calls, state, self._selector, self._page)
        return poll.run(self._clock(), sweep=sweep)

    def hasten(self, projects: Collection[str]) -> None:
        """Each poll lists all of the account."""

    def probe(self) -> None:
        self._client.probe_tenant(terms=self._rate_wait.terms)

    def pause(self, poll_interval: float, requests: int) -> float:
        """CINX states no limits; the pace alone spaces the calls."""
        return poll_interval

    def planned_interval(self, poll_interval: float) -> float:
        return poll_interval

    def used(self) -> tuple[MinuteUse, ...]:
        return ()

    def restore(self, used: Iterable[MinuteUse]) -> None:
        """Nothing was counted."""

    def close(self) -> None:
        self._rate_wait.close()
        self._client.close()


@dataclass(slots=True)
class _PocoCalls:
    """The calls of one poll, counted. ``denied`` are POCOs that are refused, and read another time; ``read`` are
    those that were read.
    """

    client: Client
    terms: CallTerms
    requests: int = 0
    denied: set[str] = field(default_factory=set)
    read: list[Poco] = field(default_factory=list)

    def rows(self) -> Listing[PocoRow]:
        listing = self.client.pocos(apart=True, terms=self.terms)
        self.requests += 1 + len(listing.rows) // _ROWS_PER_PAGE
        return listing

    def poco(self, guid: str) -> Poco | None:
        """``None`` for one that does not exist, and for one that is refused, which ``denied`` then holds."""
        self.requests += 1
        try:
            poco = self.client.poco(guid, terms=self.terms)
        except (Denied, Rejected) as refused:
            self.denied.add(guid)
            _log.warning(events.CHANGE_ORDER_POSTPONED, system=SYSTEM, change_order_id=guid, why=refused.message)
            return None
        self.read += [poco] if poco is not None else []
        return poco


class _CinxPoll:
    """One poll: ``run`` once."""

    def __init__(self, calls: _PocoCalls, state: AccountState, selector: PocoSelector, page: str | None) -> None:
        self._calls = calls
        self._state = state
        self._selector = selector
        self._page = page
        self._unreadable: list[UnreadableRow] = []

    def run(self, at: datetime, *, sweep: bool) -> PollResult:
        listing = self._calls.rows()
        reached(CrashPoint.POLLER_AFTER_LISTING)
        self._unreadable += [UnreadableRow(raw=raw, why="a POCO without a usable guid") for raw in listing.unreadable]
        rows = {row.guid: row for row in listing.rows}
        selection = self._selector.select(rows, self._state, sweep=sweep)
        change_orders = self._read(selection.guids, rows)
        check = self._check_missing(rows, listing_is_whole=listing.whole, sweep=sweep and selection.is_complete)
        self._selector.note_read(selection.guids, sweep=sweep, ended=selection.is_complete)
        return PollResult(
            at=at,
            change_orders=tuple(change_orders),
            deleted=check.deleted,
            question=check.question,
            unreadable=tuple(self._unreadable),
            postponed=frozenset(self._calls.denied),
            swept=sweep and selection.is_complete and check.complete,
            requests=self._calls.requests,
            directory=entries_of(self._calls.read, self._state.account, at),
        )

    def _read(self, guids: tuple[str, ...], rows: Mapping[str, PocoRow]) -> list[ReadChangeOrder]:
        """One that is listed and not there has just been deleted, or CINX contradicts itself: the next list tells."""
        read = (
            attempted(
                partial(self._change_order, rows[guid]),
                subject=f"POCO {guid}",
                raw=rows[guid].native.raw,
                failed=self._unreadable,
            )
            for guid in guids
        )
        return [change_order for change_order in read if change_order is not None]

    def _change_order(self, row: PocoRow) -> ReadChangeOrder | None:
        poco = self._calls.poco(row.guid)
        if poco is None:
            return None
        reading = native.read(poco.native.data)
        before = self._state.states.get(poco.guid)
        return ReadChangeOrder(
            change_order_id=poco.guid,
            project=reading.change_order.project,
            reading=reading,
            raw=native_json.compose(poco.native.raw, []),
            row=row_hash(row),
            status=native.status_text(poco.native.data),
            status_change=status_change(reading, poco.native.data, before, self._page),
        )

    def _check_missing(self, rows: Mapping[str, PocoRow], *, listing_is_whole: bool, sweep: bool) -> DeletionCheck:
        """A list that was cut off proves nothing; one that is whole is confirmed by single calls."""
        if not listing_is_whole:
            return DeletionCheck()
        missing = deletions.missing(self._state.alive(), rows)
        if not sweep:
            missing = deletions.where_some_is_left(missing)
        if not missing.projects or (not sweep and len(missing.projects) > deletions.BELIEVED_AT_ONCE):
            return DeletionCheck()
        why = deletions.suspicion(missing)
        if why is not None:
            return DeletionCheck(question=deletions.question(missing, why)) if sweep else DeletionCheck()
        asked = sorted(missing.projects)[:_CONFIRMED_AT_ONCE]
        deleted = [guid for guid in asked if self._calls.poco(guid) is None and guid not in self._calls.denied]
        return DeletionCheck(deleted=tuple(deleted), complete=len(asked) == len(missing.projects))
