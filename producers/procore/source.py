"""One poll of one Procore company.

Per project the rows that were updated since the last poll are listed, with an overlap and with deleted ones, and
the records of rows that differ are read with their lines. Whether an edit of a line moves its record's ``updated_at``
is not documented, so a sweep at low frequency lists and reads everything, a bounded number of records at a time.

Sources: Procore docs, "Filtering on List Actions" (ranges, ``include_deleted``), "Working with Dates and Times"
(UTC, whole seconds), "List Potential Change Orders".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from producers.changes import deletions
from producers.changes.deletions import DeletionCheck
from producers.poll_state import AccountState
from producers.procore.backlog import Backlog, ListedRow
from producers.procore.calls import CompanyCalls, RecordMoved
from producers.procore.directory import all_projects, projects_of
from producers.procore.projects import WantedProjects
from producers.rate_wait import RateWait
from producers.row_defects import attempted
from producers.source import PollResult, ReadChangeOrder, UnreadableRow
from relay.clients.procore import ProcoreClient
from relay.domain.failures import Throttled
from relay.domain.sources import procore as native
from relay.domain.sources.reading import Reading
from relay.engine.stages.crash_points import CrashPoint, reached

OVERLAP = timedelta(minutes=15)
"""Between two windows: for the remote's whole seconds, commits that come late, clocks that differ, and the time
that a poll of many projects takes."""

AHEAD = timedelta(days=1)
"""How far beyond now a window reaches, since a range must have an end: far enough for any two clocks."""

READ_AT_ONCE = 30
"""Records that one poll reads, two calls each; what is left goes on with the next poll."""

_CONFIRMED_AT_ONCE = 20
"""Single calls that one sweep spends on missing records; the next one goes on."""


class ProcoreSource:
    """A company; see :class:`producers.source.Source`. ``wanted`` is asked at each poll."""

    def __init__(
        self,
        account: str,
        client: ProcoreClient,
        wanted: Callable[[], WantedProjects],
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._account = account
        self._client = client
        self._wanted = wanted
        self._clock = clock or (lambda: datetime.now(UTC))
        self._rate_wait = RateWait()
        self._backlog = Backlog()

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        return native.read_raw

    def poll(self, state: AccountState, *, sweep: bool) -> PollResult:
        now = self._clock()
        calls = CompanyCalls(self._account, self._client, self._rate_wait.terms, now)
        poll = _ProcorePoll(calls, state, self._backlog, now)
        wanted = self._wanted()
        projects = wanted.named | (calls.projects() if wanted.every else frozenset())
        return self._with_directory(poll.run(projects, sweep=sweep), calls)

    def _with_directory(self, result: PollResult, calls: CompanyCalls) -> PollResult:
        if calls.listed_projects is None:
            return result
        entries = projects_of(calls.listed_projects, self._account, result.at)
        return replace(result, directory=entries, listed=(all_projects(self._account),))

    def probe(self) -> None:
        self._client.probe_tenant(terms=self._rate_wait.terms)

    def min_interval(self, requests: int) -> float:
        """The governor spreads what is left of an hour by itself."""
        return 0.0

    def close(self) -> None:
        self._rate_wait.close()
        self._client.close()


class _ProcorePoll:
    """One poll: ``run`` once."""

    def __init__(self, calls: CompanyCalls, state: AccountState, backlog: Backlog, now: datetime) -> None:
        self._now = now
        self._calls = calls
        self._state = state
        self._backlog = backlog
        self._unreadable: list[UnreadableRow] = []

    def run(self, projects: frozenset[int], *, sweep: bool) -> PollResult:
        """A sweep that is under way goes on with windows and what is left of it."""
        begins = sweep and not self._backlog.is_sweeping
        rows = {listed.number: listed for listed in self._list_rows(projects, everything=begins)}
        reached(CrashPoint.POLLER_AFTER_LISTING)
        existing = {number: listed for number, listed in rows.items() if listed.row.deleted_at is None}
        listed_as_deleted = [number for number in rows.keys() - existing.keys() if self._is_alive(number)]
        check = self._check_missing(rows, projects) if begins else DeletionCheck()
        if check.question is not None:
            # Nothing is read before it is answered: it could not be published.
            mark = self._state.account_state.watermark
            return PollResult(at=self._now, question=check.question, watermark=mark, requests=self._calls.requests)
        deleted = tuple(dict.fromkeys([*listed_as_deleted, *check.deleted]))
        self._backlog.remove(deleted)
        self._add_to_backlog(existing.values(), begins=begins)
        change_orders = self._read_backlog()
        ends = self._backlog.is_sweeping and self._backlog.is_empty
        if ends:
            self._backlog.end_sweep()
        return PollResult(
            at=self._now,
            change_orders=tuple(change_orders),
            deleted=deleted,
            unreadable=tuple(self._unreadable),
            watermark=self._watermark(rows.values()),
            swept=ends,
            requests=self._calls.requests,
        )

    def _list_rows(self, projects: Iterable[int], *, everything: bool) -> list[ListedRow]:
        """Rows of each project: all of them in a sweep, and in a project of which nothing is known yet."""
        loaded = {before.project for before in self._state.states.values()}
        rows: list[ListedRow] = []
        for project in sorted(projects):
            first_load = str(project) not in loaded
            no_window = everything or first_load or project in self._backlog.refused_projects
            rows += self._calls.rows(project, None if no_window else self._window(), first_load=first_load)
        self._backlog.refused_projects = set(self._calls.denied_projects)
        return rows

    def _window(self) -> tuple[datetime, datetime] | None:
        mark = self._state.account_state.watermark
        if mark is None:
            return None
        return datetime.fromisoformat(mark) - OVERLAP, self._now + AHEAD

    def _add_to_backlog(self, existing: Iterable[ListedRow], *, begins: bool) -> None:
        usable = [listed for listed in existing if self._is_usable(listed)]
        news = [listed for listed in usable if listed.differs(self._state.states.get(listed.number))]
        if begins:
            # A first load that was broken off goes on with what is not known yet.
            self._backlog.begin_sweep(usable if self._state.account_state.loaded else news)
        else:
            self._backlog.add_news(news)

    def _is_usable(self, listed: ListedRow) -> bool:
        if listed.row.contract_id is not None:
            return True
        why = "a potential change order without a contract, which cannot be read without one"
        self._unreadable.append(UnreadableRow(raw=listed.row.native.raw, why=why))
        return False

    def _read_backlog(self) -> list[ReadChangeOrder]:
        """What is left when the rate budget is spent waits for the next poll."""
        change_orders: list[ReadChangeOrder] = []
        for listed in self._backlog.next_rows(READ_AT_ONCE):
            try:
                change_order = self._record(listed)
            except RecordMoved:
                self._backlog.add_news([listed])
                continue
            except Throttled:
                if not change_orders:
                    raise
                break
            self._backlog.remove([listed.number])
            if change_order is not None:
                change_orders.append(change_order)
        return change_orders

    def _record(self, listed: ListedRow) -> ReadChangeOrder | None:
        return attempted(
            partial(self._calls.record, listed, self._state.states.get(listed.number)),
            subject=f"potential change order {listed.number}",
            raw=listed.row.native.raw,
            failed=self._unreadable,
            expected=(RecordMoved,),
        )

    def _is_alive(self, number: str) -> bool:
        before = self._state.states.get(number)
        return before is not None and not before.deleted

    def _check_missing(self, rows: Mapping[str, ListedRow], projects: Iterable[int]) -> DeletionCheck:
        """Records that not even the list of deleted ones shows: confirmed one by one, or a question."""
        listed_projects = {str(project) for project in projects if project not in self._calls.denied_projects}
        alive = [before for before in self._state.alive() if before.project in listed_projects]
        missing = deletions.missing(alive, rows)
        if not missing.projects:
            return DeletionCheck()
        why = deletions.suspicion(missing)
        if why is not None:
            return DeletionCheck(question=deletions.question(missing, why))
        asked = sorted(missing.projects.items())[:_CONFIRMED_AT_ONCE]
        deleted = [number for number, project in asked if self._calls.is_deleted(int(project or 0), number)]
        return DeletionCheck(deleted=tuple(deleted), complete=len(asked) == len(missing.projects))

    def _watermark(self, rows: Iterable[ListedRow]) -> str | None:
        """The latest update seen, which no clock of ours has to agree with; kept back while news is not read."""
        before = self._state.account_state.watermark
        if self._backlog.has_news:
            return before
        updates = [listed.row.updated_at for listed in rows if listed.row.updated_at is not None]
        latest = max((updated for updated in updates if updated <= self._now + AHEAD), default=None)
        if latest is None:
            return before
        mark = min(latest, self._now).isoformat()
        return mark if before is None else max(before, mark, key=datetime.fromisoformat)
