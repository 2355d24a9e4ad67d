"""Lists of CINX, to the end.

Source: CINX API docs, "Introduction" (offset, limit, default 50). Whether ``offset`` counts rows or
pages (from 0 or from 1), the order, and whether some lists are paged at all is not documented;
``total_count`` is 0 in samples that have rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from relay.clients.cinx.session import Session
from relay.clients.http.messages import get
from relay.clients.http.terms import CallTerms
from relay.clients.native_json.records import NativeRecord
from relay.domain.failures import Denied, Rejected
from relay.domain.sources.cinx import record_id

T = TypeVar("T")

LIMIT = 50
"""The documented default: a list that does not know ``limit`` brings at least as many."""

_MOST_PASSES = 4
"""Readings of a list whose order changes meanwhile; what is new after these is found by the next reading."""
_MOST_PAGES = 2_000
"""An end for a list that never ends: a hundred thousand rows."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """``whole`` is false where the list may have been cut off: it was exactly as long as one page
    can be, and never went on, whatever was asked. ``unreadable`` are the bytes of rows without a guid.
    """

    rows: list[T]
    whole: bool
    unreadable: tuple[bytes, ...] = ()


def read_listing(
    session: Session,
    path: str,
    operation: str,
    terms: CallTerms,
    read: Callable[[NativeRecord], T],
    query: Mapping[str, object] | None = None,
    *,
    paged: bool = True,
    apart: bool = False,
) -> Listing[T]:
    """Every record of a list once, by its guid.

    A list whose order changes while it is read shows some rows twice and others not at all; so
    where any came twice, it is read again until nothing new comes. ``paged`` false: no paging is
    documented for the list, so that it is asked for only where the list is as long as one page can be. ``apart``: rows
    without a guid are kept apart; otherwise such a list cannot be read, and ``ValueError`` is raised.
    """
    reading = _Reading(session, path, operation, query or {}, paged=paged)
    for _ in range(_MOST_PASSES):
        before = len(reading.records)
        terms = reading.run(terms)
        if not reading.unsteady or (before and len(reading.records) == before):
            break
    found = list(reading.records.values())
    nameless = tuple(record.raw for record in found if record_id(record.data) is None) if apart else ()
    rows = [read(record) for record in found if not apart or record_id(record.data) is not None]
    return Listing(rows, whole=not reading.stuck, unreadable=nameless)


class _Reading:
    def __init__(
        self, session: Session, path: str, operation: str, query: Mapping[str, object], *, paged: bool
    ) -> None:
        self.records: dict[str, NativeRecord] = {}
        self.unsteady = False
        self.stuck = False
        self._repeats = False
        self._session = session
        self._path = path
        self._operation = operation
        self._query = query
        self._paged = paged

    def run(self, terms: CallTerms) -> CallTerms:
        """One pass by rows; by pages where the offset turns out to count these."""
        seen: dict[str, NativeRecord] = {}
        self.unsteady = self.stuck = False
        size, terms = self._page(0, terms, seen)
        if size == LIMIT:
            terms = self._rest(terms, seen)
        self.records |= seen
        return terms

    def _rest(self, terms: CallTerms, seen: dict[str, NativeRecord]) -> CallTerms:
        try:
            went_on, terms = self._further(LIMIT, terms, seen)
            if not went_on:
                went_on, terms = self._further(1, terms, seen)
                self.stuck = not went_on and self._repeats
        except (Denied, Rejected):
            if self._paged:
                raise
            self.stuck = True
        return terms

    def _further(self, step: int, terms: CallTerms, seen: dict[str, NativeRecord]) -> tuple[bool, CallTerms]:
        """Pages from the second on; whether they brought anything."""
        went_on = False
        for number in range(1, _MOST_PAGES):
            before = len(seen)
            size, terms = self._page(number * step, terms, seen)
            fresh = len(seen) - before
            self._repeats = size == LIMIT and fresh == 0
            went_on = went_on or fresh > 0
            self._watch(step, size, fresh)
            if self._repeats and step * number == 1:
                continue  # Where pages count from 1, this was the first once more.
            if size < LIMIT or fresh == 0:
                break
        return went_on, terms

    def _watch(self, step: int, size: int, fresh: int) -> None:
        # The first page once more is no unrest: the offset is not known, or counts something else.
        again = fresh == 0 and (size == LIMIT or step == 1)
        self.unsteady = self.unsteady or (fresh < size and not again)

    def _page(self, offset: int, terms: CallTerms, seen: dict[str, NativeRecord]) -> tuple[int, CallTerms]:
        paging = {"offset": offset, "limit": LIMIT} if self._paged or offset else {}
        call = get(self._path, self._operation, {**self._query, **paging})
        rows = self._session.envelope(call, terms).rows
        seen |= {_guid(row): row for row in rows}
        return len(rows), replace(terms, admitted=False)


def _guid(row: NativeRecord) -> str:
    # "cinx_quid" is a slip of the samples.
    guid = row.data.get("cinx_guid") or row.data.get("cinx_quid") or row.data.get("guid")
    return str(guid).lower() if guid else row.raw.decode()
