"""One poll of one company: some projects are listed, and what is behind in reading is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from producers.changes import deletions
from producers.changes.deletions import DeletionCheck
from producers.poll_state import AccountState
from producers.procore.backlog import Backlog, ListedRow
from producers.procore.calls import CompanyCalls, RecordMoved, RecordRefused
from producers.procore.marks import window
from producers.row_defects import attempted
from producers.source import PollResult, ReadChangeOrder, UnreadableRow
from relay.clients.http.terms import CallTerms
from relay.domain.failures import CallFailure, Throttled

READ_AT_ONCE = 30
"""Records that one poll reads, two calls each; what is left goes on with the next poll."""

_POLLS_MOVED = 3
"""Polls in a row in which a record showed other lines than their list does; then that is no edit that is under way."""

_CONFIRMED_AT_ONCE = 20
"""Single calls that one sweep spends on missing records; the next one goes on."""


class ProcorePoll:
    """One poll: ``list_projects`` once, then ``result`` once. ``listed`` are those projects, ``rows`` theirs."""

    def __init__(self, calls: CompanyCalls, state: AccountState, backlog: Backlog) -> None:
        self._calls = calls
        self._state = state
        self._backlog = backlog
        self._swept: list[int] = []
        self._unreadable: list[UnreadableRow] = []
        self.listed: list[int] = []
        self.rows: list[ListedRow] = []

    def list_projects(self, projects: Iterable[int], terms: CallTerms) -> None:
        """Lists the projects: whole in a sweep, and where nothing of one is known or it was not listed last time.

        Where the budget is spent before the last one, the others wait for the next poll. Raises ``Throttled`` where
        it is before the first one.
        """
        loaded = {before.project for before in self._state.states.values()}
        updated = window(self._state.account_state.watermark, self._calls.now)
        for project in projects:
            first_load, swept = str(project) not in loaded, project in self._backlog.unlisted
            everything = swept or first_load or not self._backlog.is_followed(project)
            try:
                rows = self._calls.rows(project, None if everything else updated, first_load=first_load, terms=terms)
            except Throttled:
                if not self.listed:
                    raise
                break
            self._unreadable += [
                UnreadableRow(raw=raw, why="a potential change order without a usable id")
                for raw in dict.fromkeys(self._calls.unreadable)
            ]
            self._calls.unreadable.clear()
            self.listed.append(project)
            self._swept += [project] if swept else []
            self.rows += rows

    def news(self) -> list[ListedRow]:
        """The rows that are not as they were."""
        return [
            listed
            for listed in self.rows
            if listed.row.deleted_at is None and listed.differs(self._state.states.get(listed.number))
        ]

    def name_own(self, login: int | None) -> None:
        """Marks the rows of records that ``login`` has made."""
        self.rows = [
            replace(listed, is_own=login is not None and listed.row.created_by_id == login) for listed in self.rows
        ]

    def result(self, may_read: Callable[[], bool], leftover: Callable[[], bool]) -> PollResult:
        """What the listings have brought, and what is read of the backlog.

        ``may_read``: whether the next listing is not due yet; ``leftover``: whether there is budget for our own, too.
        Raises a ``CallFailure`` where nothing could be read: then the next poll finds all of it again.
        """
        rows = {listed.number: listed for listed in self.rows}
        existing = {number: listed for number, listed in rows.items() if listed.row.deleted_at is None}
        shown_as_deleted = rows.keys() - existing.keys()
        listed_as_deleted = [number for number in shown_as_deleted if self._is_alive(number)]
        check = self._check_missing(rows)
        if check.question is not None:
            # Nothing is read before it is answered: it could not be published.
            self._backlog.end_sweep()
            return PollResult(at=self._calls.now, question=check.question, requests=self._calls.requests)
        deleted = tuple(dict.fromkeys([*listed_as_deleted, *check.deleted]))
        self._backlog.remove([*shown_as_deleted, *deleted])
        self._add_to_backlog(existing.values())
        change_orders = self._read_backlog(may_read, leftover)
        # Not before: where the reading raises, what the listings say of deletions has to be listed again.
        self._backlog.note_listed(self.listed, self._calls.denied_projects)
        self._backlog.unlisted -= set(self._swept)
        swept = self._backlog.is_swept
        if swept:
            self._backlog.end_sweep()
        return PollResult(
            at=self._calls.now,
            change_orders=tuple(change_orders),
            deleted=deleted,
            unreadable=tuple(self._unreadable),
            postponed=self._backlog.postponed,
            followed=self._backlog.caught_up,
            swept=swept,
            requests=self._calls.requests,
        )

    def _add_to_backlog(self, existing: Iterable[ListedRow]) -> None:
        usable = [listed for listed in existing if self._is_usable(listed)]
        news = [listed for listed in usable if listed.differs(self._state.states.get(listed.number))]
        # A first load that was broken off goes on with what is not known yet.
        swept = usable if self._state.account_state.loaded else news
        self._backlog.add_to_sweep(listed for listed in swept if listed.project in self._swept)
        self._backlog.add_news(listed for listed in news if listed.project not in self._swept)

    def _is_usable(self, listed: ListedRow) -> bool:
        if listed.row.contract_id is not None:
            return True
        why = "a potential change order without a contract, which cannot be read without one"
        self._unreadable.append(UnreadableRow(raw=listed.row.native.raw, why=why))
        return False

    def _read_backlog(self, may_read: Callable[[], bool], leftover: Callable[[], bool]) -> list[ReadChangeOrder]:
        """What is left when the budget for reading is spent, or the next listing is due, waits for the next poll.

        So it does where a call fails after others have not: they are published. Raises a ``CallFailure`` where none
        was read before, unless it is of a record that is read last.
        """
        change_orders, done = list[ReadChangeOrder](), list[str]()
        for at, listed in enumerate(self._backlog.next_rows(READ_AT_ONCE)):
            if (at and not may_read()) or (self._backlog.is_last(listed) and not leftover()):
                break
            try:
                change_order = self._record(listed)
            except RecordMoved:
                self._backlog.put_back(listed.number)
                continue
            except RecordRefused:
                self._backlog.put_aside(listed)
                continue
            except Throttled:
                break
            except CallFailure as failure:
                self._backlog.note_failure(listed)
                if not done and not self._backlog.is_last(listed):
                    raise
                self._calls.log_postponed(listed, failure.message)
                break
            done.append(listed.number)
            if change_order is not None:
                self._backlog.admit(listed)
                change_orders.append(change_order)
        # Only now: what is read by a poll that raises is not published.
        self._backlog.remove(done)
        return change_orders

    def _record(self, listed: ListedRow) -> ReadChangeOrder | None:
        return attempted(
            partial(
                self._calls.record,
                listed,
                self._state.states.get(listed.number),
                list_counts=self._backlog.times_moved(listed.number) >= _POLLS_MOVED,
            ),
            subject=f"potential change order {listed.number}",
            raw=listed.row.native.raw,
            failed=self._unreadable,
            expected=(RecordMoved, RecordRefused),
        )

    def _is_alive(self, number: str) -> bool:
        before = self._state.states.get(number)
        return before is not None and not before.deleted

    def _check_missing(self, rows: Mapping[str, ListedRow]) -> DeletionCheck:
        """Records that not even the list of deleted ones shows: confirmed one by one, or a question."""
        listed_projects = {str(project) for project in self._swept if project not in self._calls.denied_projects}
        alive = [before for before in self._state.alive() if before.project in listed_projects]
        missing = deletions.missing(alive, rows)
        if not missing.projects:
            return DeletionCheck()
        why = deletions.suspicion(missing)
        if why is not None:
            return DeletionCheck(question=deletions.question(missing, why))
        return self._confirmed(missing.projects)

    def _confirmed(self, missing: Mapping[str, str | None]) -> DeletionCheck:
        """What the budget has no room to confirm now is missing in the next sweep, too."""
        asked, deleted = sorted(missing.items())[:_CONFIRMED_AT_ONCE], list[str]()
        for number, project in asked:
            try:
                deleted += [number] if self._calls.is_deleted(int(project or 0), number) else []
            except Throttled:
                return DeletionCheck(deleted=tuple(deleted), complete=False)
        return DeletionCheck(deleted=tuple(deleted), complete=len(asked) == len(missing))
