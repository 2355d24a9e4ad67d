"""Lists of several pages.

Source: Procore docs, "Pagination": ``page``, ``per_page``, and the headers ``Link``, ``Total`` and
``Per-Page``. There is no snapshot: rows shift between pages while people work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Generic, TypeVar

from relay.clients.http.messages import Request, Response
from relay.clients.http.terms import CallTerms
from relay.clients.native_json.records import NativeRecord, records
from relay.clients.procore.session import Session
from relay.domain.sources.native_values import number_of

T = TypeVar("T")

PER_PAGE = 100
_MOST_PAGES = 10_000  # A "next" that never ends is a fault of the remote.
_MOST_PASSES = 4

_LONGEST_LINK = 4096  # Characters of the header that are looked at: what a remote sends is bounded by nobody.
_NEXT = re.compile(r"""<[^<>]*>\s*;[^,<]*\brel\s*=\s*["']?next\b""", re.IGNORECASE)


def read_pages(
    session: Session,
    call: Request,
    terms: CallTerms,
    read: Callable[[NativeRecord], T],
    unreadable: list[bytes] | None = None,
) -> list[T]:
    """Every record once. A row that cannot be read goes into ``unreadable``; without it, no row of its page can be.

    Where rows moved while the list was read (one came twice, or the total fell), another may have
    slipped past; so the list is read again, until nothing new comes. The later reading wins.
    """
    rows: dict[int, T] = {}
    for _ in range(_MOST_PASSES):
        reading = _Pass(session, call, read, unreadable)
        terms = reading.run(terms)
        nothing_new = reading.rows.keys() <= rows.keys()
        rows |= reading.rows
        if nothing_new or not reading.unsteady:
            break
    return list(rows.values())


def read_list(session: Session, call: Request, terms: CallTerms, read: Callable[[NativeRecord], T]) -> list[T]:
    """A list that Procore does not page, in one call."""
    answer = session.exchange(call, terms)
    return list(_readable(session, call, answer, read).values())


class _Pass(Generic[T]):
    """One reading from the first page to the last."""

    def __init__(
        self, session: Session, call: Request, read: Callable[[NativeRecord], T], unreadable: list[bytes] | None
    ) -> None:
        self.rows: dict[int, T] = {}
        self.unsteady = False
        self._session = session
        self._call = call
        self._read = read
        self._unreadable = unreadable
        self._total: int | None = None

    def run(self, terms: CallTerms) -> CallTerms:
        for page in range(1, _MOST_PAGES + 1):
            call = replace(self._call, query=(*self._call.query, *_page(page)))
            answer = self._session.exchange(call, terms)
            terms = replace(terms, admitted=False)
            rows = _readable(self._session, call, answer, self._read, self._unreadable)
            fresh = rows.keys() - self.rows.keys()
            self.rows |= rows
            self._watch(answer.headers, repeated=len(fresh) < len(rows))
            if not rows or not self._goes_on(answer.headers, page, anything_new=bool(fresh)):
                break
        return terms

    def _watch(self, headers: Mapping[str, str], *, repeated: bool) -> None:
        total = number_of(headers.get("total"))
        if total is None:
            return  # A list that is not paged is the same on every page.
        self.unsteady = self.unsteady or repeated or (self._total is not None and total < self._total)
        self._total = total

    def _goes_on(self, headers: Mapping[str, str], page: int, *, anything_new: bool) -> bool:
        if "link" in headers:
            return _NEXT.search(headers["link"][:_LONGEST_LINK]) is not None
        total, per_page = number_of(headers.get("total")), number_of(headers.get("per-page"))
        if total is not None and per_page and page * per_page < total:
            return True
        # How many rows a page holds at most may not be stated, or not be what was asked for. A list without any of
        # these headers is not paged, or we would read its first page for ever.
        return anything_new and (total is None or len(self.rows) < total)


def _page(number: int) -> tuple[tuple[str, str], ...]:
    return ("page", str(number)), ("per_page", str(PER_PAGE))


def _readable(
    session: Session,
    call: Request,
    answer: Response,
    read: Callable[[NativeRecord], T],
    unreadable: list[bytes] | None = None,
) -> dict[int, T]:
    rows: dict[int, T] = {}
    try:
        for record in records(answer.body, "id"):
            if unreadable is not None and number_of(record.data.get("id")) is None:
                unreadable.append(record.raw)
            else:
                rows[_id(record)] = read(record)
    except ValueError as error:
        raise session.unreadable(call, answer, error) from None
    return rows


def _id(record: NativeRecord) -> int:
    number = number_of(record.data.get("id"))
    if number is None:
        raise ValueError("a row without a readable id")
    return number
