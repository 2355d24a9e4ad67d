"""One poll of one Procore company.

Per project the rows that were updated since the last poll are listed, with an overlap and with deleted ones, and
the records of rows that differ are read whole. Whether an edit of a line moves its record's ``updated_at`` is not
documented, so a sweep at low frequency lists and reads everything, a bounded number of records at a time.

Sources: Procore docs, "Filtering on List Actions" (ranges, ``include_deleted``), "Working with Dates and Times"
(UTC, whole seconds), "List Potential Change Orders".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from producers.changes import deletions
from producers.poll_state import AccountState
from producers.procore.backlog import Backlog, Listed
from producers.procore.calls import Calls, Moved
from producers.procore.projects import Wanted
from producers.rate_wait import RateWait
from producers.source import DeletionQuestion, PollResult, ReadChangeOrder, UnreadableRow
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
        wanted: Callable[[], Wanted],
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._account = account
        self._client = client
        self._wanted = wanted
        self._clock = clock or (lambda: datetime.now(UTC))
        self._waiting = RateWait()
        self._backlog = Backlog()

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        return native.read_raw

    def poll(self, memory: AccountState, *, sweep: bool) -> PollResult:
        now = self._clock()
        calls = Calls(self._account, self._client, self._waiting.terms, now)
        poll = _Poll(calls, memory, self._backlog, now)
        wanted = self._wanted()
        projects = wanted.named | (calls.projects() if wanted.every else frozenset())
        return poll.run(projects, sweep=sweep)

    def probe(self) -> None:
        self._client.probe_tenant(terms=self._waiting.terms)

    def min_interval(self, requests: int) -> float:
        """The governor spreads what is left of an hour by itself."""
        return 0.0

    def close(self) -> None:
        self._waiting.end()
        self._client.close()


@dataclass(frozen=True, slots=True)
class _Missing:
    """What of the listing's missing records is certain, or what a person has to say of them."""

    deleted: tuple[str, ...] = ()
    question: DeletionQuestion | None = None


class _Poll:
    """One poll: ``run`` once."""

    def __init__(self, calls: Calls, memory: AccountState, backlog: Backlog, now: datetime) -> None:
        self._now = now
        self._calls = calls
        self._memory = memory
        self._backlog = backlog
        self._unreadable: list[UnreadableRow] = []

    def run(self, projects: frozenset[int], *, sweep: bool) -> PollResult:
        """A sweep that is under way goes on with windows and what is left of it."""
        begins = sweep and not self._backlog.is_sweeping
        rows = {one.number: one for one in self._listed(projects, whole=begins)}
        reached(CrashPoint.POLLER_AFTER_LISTING)
        there = {number: one for number, one in rows.items() if one.row.deleted_at is None}
        gone = [number for number in rows.keys() - there.keys() if self._is_alive(number)]
        missing = self._missing(rows, projects) if begins else _Missing()
        if missing.question is not None:
            return self._asking(missing.question)
        self._note(there, [*gone, *missing.deleted], begins=begins)
        seen = self._read()
        ends = self._backlog.is_sweeping and self._backlog.is_empty
        if ends:
            self._backlog.end_sweep()
        return PollResult(
            at=self._now,
            seen=tuple(seen),
            deleted=tuple(dict.fromkeys([*gone, *missing.deleted])),
            unreadable=tuple(self._unreadable),
            watermark=self._watermark(rows.values()),
            swept=ends,
            requests=self._calls.requests,
        )

    def _asking(self, question: DeletionQuestion) -> PollResult:
        """Nothing is read before it is answered: it could not be published."""
        mark = self._memory.account_state.watermark
        return PollResult(at=self._now, question=question, watermark=mark, requests=self._calls.requests)

    def _listed(self, projects: Iterable[int], *, whole: bool) -> list[Listed]:
        """Rows of each project: all of them in a sweep, and in a project of which nothing is known yet."""
        known = {state.project for state in self._memory.states.values()}
        found: list[Listed] = []
        for project in sorted(projects):
            first_load = str(project) not in known
            window = None if whole or first_load or project in self._backlog.behind else self._window()
            found += self._calls.rows(project, window, first_load=first_load)
        self._backlog.behind = set(self._calls.denied_projects)
        return found

    def _window(self) -> tuple[datetime, datetime] | None:
        mark = self._memory.account_state.watermark
        if mark is None:
            return None
        return datetime.fromisoformat(mark) - OVERLAP, self._now + AHEAD

    def _note(self, there: Mapping[str, Listed], gone: Iterable[str], *, begins: bool) -> None:
        self._backlog.forget(gone)
        usable = [one for one in there.values() if self._is_usable(one)]
        news = [one for one in usable if one.differs(self._memory.states.get(one.number))]
        if begins:
            # A first load that was broken off goes on with what is not known yet.
            self._backlog.begin_sweep(usable if self._memory.account_state.loaded else news)
        else:
            self._backlog.add_news(news)

    def _is_usable(self, one: Listed) -> bool:
        if one.row.contract_id is not None:
            return True
        why = "a potential change order without a contract, which cannot be read without one"
        self._unreadable.append(UnreadableRow(raw=one.row.native.raw, why=why))
        return False

    def _read(self) -> list[ReadChangeOrder]:
        """What is left when the budget is spent waits for the next poll."""
        seen: list[ReadChangeOrder] = []
        for one in list(self._backlog.next(READ_AT_ONCE)):
            try:
                found = self._calls.whole(one)
            except Moved:
                self._backlog.add_news([one])
                continue
            except Throttled:
                if not seen:
                    raise
                break
            self._backlog.done(one)
            seen += [found] if found is not None else []
        return seen

    def _is_alive(self, number: str) -> bool:
        state = self._memory.states.get(number)
        return state is not None and not state.deleted

    def _missing(self, rows: Mapping[str, Listed], projects: Iterable[int]) -> _Missing:
        """Records that not even the list of deleted ones shows: confirmed one by one, or a question."""
        asked = {str(project) for project in projects} - {str(one) for one in self._calls.denied_projects}
        alive = [state for state in self._memory.alive() if state.project in asked]
        found = deletions.missing(alive, rows)
        if not found.projects:
            return _Missing()
        why = deletions.suspicion(found)
        if why is not None:
            return _Missing(
                question=DeletionQuestion(missing=tuple(sorted(found.projects)), known=found.total, sentence=why)
            )
        chosen = sorted(found.projects.items())[:_CONFIRMED_AT_ONCE]
        gone = [number for number, project in chosen if self._calls.is_gone(int(project or 0), number)]
        return _Missing(deleted=tuple(gone))

    def _watermark(self, rows: Iterable[Listed]) -> str | None:
        """The latest update seen, which no clock of ours has to agree with; kept back while news is not read."""
        before = self._memory.account_state.watermark
        if self._backlog.has_news:
            return before
        seen = [one.row.updated_at for one in rows if one.row.updated_at is not None]
        latest = max((one for one in seen if one <= self._now + AHEAD), default=None)
        if latest is None:
            return before
        found = min(latest, self._now).isoformat()
        return found if before is None else max(before, found, key=datetime.fromisoformat)
