"""What of the listings is still to be read: changes first, then what a first load or a sweep wants. Pure."""

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
    """A row of a listing and the project that it was listed in. ``first_load``: nothing of that was known before."""

    project: int
    row: PotentialChangeOrderRow
    first_load: bool = False

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
        """Projects that the last poll was refused: once they are not, a window is not enough."""
        self._news: dict[str, ListedRow] = {}
        self._unswept: dict[str, ListedRow] = {}
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
    def is_empty(self) -> bool:
        """Whether nothing is left to be read."""
        return not (self._news or self._unswept)

    def add_news(self, rows: Iterable[ListedRow]) -> None:
        """Adds rows that are not as they were."""
        for row in rows:
            self._unswept.pop(row.number, None)
            self._news[row.number] = row

    def begin_sweep(self, rows: Iterable[ListedRow]) -> None:
        """Adds every one of ``rows``, behind the news."""
        self._unswept = {row.number: row for row in rows if row.number not in self._news}
        self._sweeping = True

    def end_sweep(self) -> None:
        """Ends the sweep, all of which was read."""
        self._sweeping = False
        self._unswept = {}

    def next_rows(self, most: int) -> list[ListedRow]:
        """The next ones to be read, at most ``most``. They stay until they are removed."""
        return list(islice(chain(self._news.values(), self._unswept.values()), most))

    def remove(self, numbers: Iterable[str]) -> None:
        """Removes rows whose records were read, cannot be read, or do not exist any more."""
        for number in numbers:
            self._news.pop(number, None)
            self._unswept.pop(number, None)
