"""What of the listings is still to be read: changes first, then what a first load or a sweep wants. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.clients.procore import PotentialChangeOrderRow
from relay.domain.records import PollState

SETTLED_AFTER = timedelta(seconds=10)
"""Times are in whole seconds ("Working with Dates and Times"), so a record that was updated in this second may
change once more and its row stay the same; ten seconds leave room for clocks that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
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

    def remembered(self, now: datetime) -> str | None:
        """What poll state keeps of the row: nothing where a further update could still leave it as it is."""
        updated = self.row.updated_at
        return None if updated is None or now - updated < SETTLED_AFTER else self.hash

    def differs(self, state: PollState | None) -> bool:
        """Whether the row is not as it was when its record was last read."""
        return state is None or state.deleted or state.row != self.hash


class Backlog:
    """Rows whose records are to be read. Lost with the process: then a listing from further back finds them again."""

    def __init__(self) -> None:
        self.behind: set[int] = set()
        """Projects that were refused: once they are not, a window is not enough."""
        self._urgent: dict[str, Listed] = {}
        self._rest: dict[str, Listed] = {}
        self._sweeping = False

    @property
    def is_sweeping(self) -> bool:
        """Whether a first load or a sweep has begun and is not read to its end."""
        return self._sweeping

    @property
    def has_news(self) -> bool:
        """Whether changes are left that no later listing may show again."""
        return bool(self._urgent)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be read."""
        return not (self._urgent or self._rest)

    def add_news(self, rows: Iterable[Listed]) -> None:
        """Rows that are not as they were."""
        for one in rows:
            self._rest.pop(one.number, None)
            self._urgent[one.number] = one

    def begin_sweep(self, rows: Iterable[Listed]) -> None:
        """Every one of ``rows`` is to be read."""
        self._rest = {one.number: one for one in rows if one.number not in self._urgent}
        self._sweeping = True

    def end_sweep(self) -> None:
        """All of it was read, or it is given up."""
        self._sweeping = False
        self._rest = {}

    def next(self, most: int) -> Iterator[Listed]:
        """The next ones, which stay until :meth:`done`."""
        yield from [*self._urgent.values(), *self._rest.values()][:most]

    def done(self, one: Listed) -> None:
        """It was read, or cannot be."""
        self._urgent.pop(one.number, None)
        self._rest.pop(one.number, None)

    def forget(self, numbers: Iterable[str]) -> None:
        """These are gone."""
        for number in numbers:
            self._urgent.pop(number, None)
            self._rest.pop(number, None)
