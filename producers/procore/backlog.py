"""What of the listings is still to be read: changes, what a first load or a sweep wants, what is our own. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from relay.clients.procore import PotentialChangeOrderRow
from relay.domain.records import PollState

SETTLED_AFTER = timedelta(seconds=10)
"""Times are in whole seconds ("Working with Dates and Times"), so a record that was updated in this second may
change once more and its row stay the same; ten seconds leave room for clocks that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """A row of a listing and the project that it was listed in.

    ``first_load``: nothing of that was known before. ``is_own``: our own login has made the record, so that most of
    what changes in it is what the relay has written.
    """

    project: int
    row: PotentialChangeOrderRow
    first_load: bool = False
    is_own: bool = False

    @property
    def number(self) -> str:
        """The id as poll state names it."""
        return str(self.row.id)

    @property
    def hash(self) -> str:
        """A hash of the row's bytes."""
        return hashlib.blake2b(self.row.native.raw, digest_size=12).hexdigest()

    def hash_to_keep(self, now: datetime) -> str | None:
        """The hash for poll state; ``None`` where a further update could still leave the row as it is."""
        updated = self.row.updated_at
        return None if updated is None or now - updated < SETTLED_AFTER else self.hash

    def differs(self, before: PollState | None) -> bool:
        """Whether the row is not as it was when its record was last read."""
        return before is None or before.deleted or before.row != self.hash


class Backlog:
    """Rows whose records are to be read. Lost with the process: then a listing from further back finds them again."""

    def __init__(self) -> None:
        self.refused_projects: set[int] = set()
        """Projects that were refused when they were last listed: once they are not, a window is not enough."""
        self.unlisted: set[int] = set()
        """Projects of which a first load or a sweep has no complete listing yet."""
        self._news: dict[str, ListedRow] = {}
        self._unswept: dict[str, ListedRow] = {}
        self._own: dict[str, ListedRow] = {}
        self._sweeping = False

    @property
    def is_sweeping(self) -> bool:
        """Whether a first load or a sweep has begun and is not read to its end."""
        return self._sweeping

    @property
    def has_news(self) -> bool:
        """Whether changes are left that no later listing may show again."""
        return bool(self._news)

    @property
    def is_swept(self) -> bool:
        """Whether nothing is left of a sweep, and of the changes before it."""
        return self._sweeping and not (self.unlisted or self._news or self._unswept)

    def add_news(self, rows: Iterable[ListedRow]) -> None:
        """Adds rows that are not as they were; those that our own login has made go to the end."""
        for row in rows:
            swept = self._unswept.pop(row.number, None)
            if not row.is_own:
                self._own.pop(row.number, None)
                self._news[row.number] = row
            elif swept is not None:
                self._unswept[row.number] = row
            else:
                self._own[row.number] = row

    def begin_sweep(self, projects: Iterable[int]) -> None:
        """Begins a sweep of ``projects``."""
        self._unswept = {}
        self.unlisted = set(projects)
        self._sweeping = True

    def add_to_sweep(self, rows: Iterable[ListedRow]) -> None:
        """Adds what the sweep reads, behind the news; first what others have made."""
        for row in sorted(rows, key=lambda row: row.is_own):
            if row.number not in self._news:
                self._own.pop(row.number, None)
                self._unswept[row.number] = row

    def end_sweep(self) -> None:
        """Ends the sweep: all of it was read, or a person is asked first."""
        self._sweeping = False
        self._unswept = {}
        self.unlisted = set()

    def next_rows(self, most: int) -> list[ListedRow]:
        """The next ones to be read, at most ``most``. They stay until they are removed."""
        return list(islice(chain(self._news.values(), self._unswept.values(), self._own.values()), most))

    def is_last(self, listed: ListedRow) -> bool:
        """Whether a row is read only from what is left of the budget: it is our own, and no sweep asks for it."""
        return listed.number in self._own

    def remove(self, numbers: Iterable[str]) -> None:
        """Removes rows whose records were read, cannot be read, or do not exist any more."""
        for number in numbers:
            self._news.pop(number, None)
            self._unswept.pop(number, None)
            self._own.pop(number, None)
