"""What of the listings is still to be read: changes, what a first load or a sweep wants, our own, the refused. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice

from relay.clients.procore import PotentialChangeOrderRow
from relay.domain.records import PollState

SETTLED_AFTER = timedelta(seconds=10)
"""Times are in whole seconds ("Working with Dates and Times"), so a record that was updated in this second may
change once more and its row stay the same; ten seconds leave room for clocks that differ."""

_POLLS_FAILED = 3
"""Polls in which the call for a record failed, and others did not; then it is this record that they fail for."""


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
        self.followed: set[int] | None = None
        """Projects of which each listing since the watermark had an answer. Of another one a window is not enough."""
        self.unlisted: set[int] = set()
        """Projects of which a first load or a sweep has no complete listing yet."""
        self._news: dict[str, ListedRow] = {}
        self._unswept: dict[str, ListedRow] = {}
        self._last: dict[str, ListedRow] = {}
        self._refused: set[str] = set()
        self._moved: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        self._sweeping = False

    def follow(self, wanted: Collection[int], before: Iterable[str]) -> None:
        """Goes on with those projects that are wanted still; at first with those of ``before``, from poll state."""
        followed = {int(project) for project in before} if self.followed is None else self.followed
        self.followed = followed.intersection(wanted)

    def note_listed(self, projects: Collection[int], denied: Collection[int]) -> None:
        """Notes which projects a poll has listed, and which of them were refused."""
        self.followed = (self.followed or set()).union(projects).difference(denied)

    def is_followed(self, project: int) -> bool:
        """Whether a window shows all that is new in a project."""
        return project in (self.followed or ())

    @property
    def caught_up(self) -> tuple[str, ...]:
        """Those followed projects, for poll state, of which nothing is lost with this process."""
        waiting = [*self._news.values(), *(self._last[number] for number in self.postponed)]
        return tuple(map(str, sorted((self.followed or set()).difference(listed.project for listed in waiting))))

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
        """Adds rows that are not as they were; those that our own login has made go to the end.

        One that stands among the changes stays there: our own login may not have been known when it was added. One that
        was refused stays aside while it is as it was then. What waits as part of a first load stays part of it.
        """
        for row in rows:
            last = self._last.get(row.number)
            if last is not None and (last.hash, last.is_own) == (row.hash, row.is_own):
                continue
            before = self._news.get(row.number) or self._unswept.get(row.number) or last
            place = self._place_of_own(row.number) if row.is_own else self._news
            if place is not self._last:
                self._last.pop(row.number, None)
            if place is not self._unswept:
                self._unswept.pop(row.number, None)
            self._refused.discard(row.number)
            place[row.number] = replace(row, first_load=True) if before and before.first_load else row

    def _place_of_own(self, number: str) -> dict[str, ListedRow]:
        return next((rows for rows in (self._news, self._unswept) if number in rows), self._last)

    def begin_sweep(self, projects: Iterable[int]) -> None:
        """Begins a sweep of ``projects``. What was refused is read with it, where it is still listed."""
        self.remove(self.postponed)
        self._unswept = {}
        self.unlisted = set(projects)
        self._sweeping = True

    def add_to_sweep(self, rows: Iterable[ListedRow]) -> None:
        """Adds what the sweep reads, behind the news; first what others have made."""
        for row in sorted(rows, key=lambda row: row.is_own):
            if row.number not in self._news:
                self._last.pop(row.number, None)
                self._refused.discard(row.number)
                self._unswept[row.number] = row

    def end_sweep(self) -> None:
        """Ends the sweep: all of it was read, or a person is asked first."""
        self._sweeping = False
        self._unswept = {}
        self.unlisted = set()

    @property
    def postponed(self) -> frozenset[str]:
        """Those that were put aside, and have not been read since."""
        return frozenset(
            number for number, listed in self._last.items() if number in self._refused or not listed.is_own
        )

    def next_rows(self, most: int) -> list[ListedRow]:
        """The next ones to be read, at most ``most``, and one of the refused among them. They stay until removed."""
        tried = next((number for number in self._last if number in self._refused), None)
        last = (row for number, row in self._last.items() if number == tried or number not in self._refused)
        return list(islice(chain(self._news.values(), self._unswept.values(), last), most))

    def is_last(self, listed: ListedRow) -> bool:
        """Whether a row is read only from what is left of the budget: no sweep asks for it, and it is our own, or its
        record was refused.
        """
        return listed.number in self._last

    def put_aside(self, listed: ListedRow) -> None:
        """Puts a row whose record cannot be had behind all others: that may last, and must not hold them up."""
        self.remove([listed.number])
        self._last[listed.number] = listed
        self._refused.add(listed.number)

    def admit(self, listed: ListedRow) -> None:
        """Has all that was refused in a project tried with the next poll: ``listed`` was, too, and is not any more."""
        if listed.number in self._refused:
            self._refused -= {number for number, row in self._last.items() if row.project == listed.project}

    def put_back(self, number: str) -> None:
        """Puts a row whose record changed while it was read behind those that wait for the same."""
        self._moved[number] = self.times_moved(number) + 1
        self._give_way(number)

    def note_failure(self, listed: ListedRow) -> None:
        """Has the next poll begin with another row than one whose call failed; puts it aside where that lasts."""
        failed = self._failed[listed.number] = self._failed.get(listed.number, 0) + 1
        if failed >= _POLLS_FAILED:
            self.put_aside(listed)
        else:
            self._give_way(listed.number)

    def _give_way(self, number: str) -> None:
        for rows in (self._news, self._unswept, self._last):
            if number in rows:
                rows[number] = rows.pop(number)

    def times_moved(self, number: str) -> int:
        """How often in a row it was put back."""
        return self._moved.get(number, 0)

    def remove(self, numbers: Iterable[str]) -> None:
        """Removes rows whose records were read, cannot be read, or do not exist any more."""
        for number in numbers:
            self._refused.discard(number)
            self._moved.pop(number, None)
            self._failed.pop(number, None)
            self._news.pop(number, None)
            self._unswept.pop(number, None)
            self._last.pop(number, None)
