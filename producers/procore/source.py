"""The polls of one Procore company.

Per project the rows that were updated since the last time are listed, with an overlap and with deleted ones, and
the records of rows that differ are read with their lines. Whether an edit of a line moves its record's ``updated_at``
is not documented, so a sweep at low frequency lists and reads everything, a bounded number of records at a time.
Listings come first: they have a part of the budget of their own (:mod:`.rounds`), and what is read has another.

Sources: Procore docs, "Filtering on List Actions" (ranges, ``include_deleted``), "Working with Dates and Times"
(UTC, whole seconds), "List Potential Change Orders".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from producers.poll_state import AccountState
from producers.procore.backlog import Backlog
from producers.procore.calls import CompanyCalls
from producers.procore.directory import all_projects, projects_of
from producers.procore.marks import RoundMarks, watermark
from producers.procore.poll import ProcorePoll
from producers.procore.projects import WantedProjects
from producers.procore.rounds import Rounds
from producers.rate_wait import RateWait
from producers.source import PollResult
from relay.clients.http.clock import running_seconds
from relay.clients.procore import ProcoreClient
from relay.clients.rate import shares
from relay.domain.commands import Lane
from relay.domain.failures import Throttled
from relay.domain.rate_use import MinuteUse
from relay.domain.sources import procore as native
from relay.domain.sources.reading import Reading
from relay.engine.stages.crash_points import CrashPoint, reached


class Budget(Protocol):
    """What is asked of the poller's own :class:`relay.clients.rate.ProcoreRate`."""

    def hourly(self) -> int: ...
    def room(self, now: float, lane: Lane) -> int: ...
    def used(self, now: float, at: datetime) -> tuple[MinuteUse, ...]: ...
    def restore(self, used: Iterable[MinuteUse], now: float, at: datetime) -> None: ...


class ProcoreSource:
    """A company; see :class:`producers.source.Source`. ``wanted`` is asked at each poll.

    ``budget`` is what it may use, without one as much as it likes; ``poll_interval`` is in seconds, ``running`` the
    clock of the budget.
    """

    def __init__(
        self,
        account: str,
        client: ProcoreClient,
        wanted: Callable[[], WantedProjects],
        clock: Callable[[], datetime] | None = None,
        *,
        budget: Budget | None = None,
        poll_interval: float = 0.0,
        running: Callable[[], float] = running_seconds,
    ) -> None:
        self._account = account
        self._client = client
        self._wanted = wanted
        self._clock = clock or (lambda: datetime.now(UTC))
        self._budget = budget
        self._running = running
        self._rate_wait = RateWait()
        self._backlog = Backlog()
        self._rounds = Rounds(poll_interval, self._listings_an_hour, turn=int(self._clock().timestamp() // 60))
        self._marks = RoundMarks()
        self._active: frozenset[int] = frozenset()
        self._login: int | None = None
        self._pause = poll_interval
        self._caught_up = False
        self._hastened: frozenset[int] | None = None

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        return native.read_raw

    def poll(self, state: AccountState, *, sweep: bool) -> PollResult:
        now, began, begins = self._clock(), self._running(), self._rounds.is_over
        calls = CompanyCalls(self._account, self._client, self._rate_wait.terms, self._rate_wait.reading_terms, now)
        poll = ProcorePoll(calls, state, self._backlog)
        projects = self._begin_round(calls)
        self._backlog.follow(projects, state.account_state.followed)
        if sweep and not self._backlog.is_sweeping:
            self._backlog.begin_sweep(projects)
        self._list(poll, calls)
        reached(CrashPoint.POLLER_AFTER_LISTING)
        ends_at = math.inf if self._budget is None else began + self._pause
        result = self._with_directory(poll.result(lambda: self._running() < ends_at, self._has_leftover), calls)
        if result.question is not None:
            return replace(result, watermark=state.account_state.watermark)
        # Only what came to here was listed: the rows of a poll that fails on its way are listed again.
        self._rounds.mark_listed(poll.listed)
        return replace(result, watermark=self._watermark(state, poll, now, begins=begins))

    def _with_directory(self, result: PollResult, calls: CompanyCalls) -> PollResult:
        if calls.listed_projects is None:
            return result
        entries = projects_of(calls.listed_projects, self._account, result.at)
        return replace(result, directory=entries, listed=(all_projects(self._account),))

    def hasten(self, projects: Collection[str]) -> None:
        self._hastened = frozenset(int(project) for project in projects if project.isdecimal())

    def probe(self) -> None:
        self._client.probe_tenant(terms=self._rate_wait.terms)

    def pause(self, poll_interval: float, requests: int) -> float:
        """So many listings as there were just now have to do for so long."""
        return self._pause

    def planned_interval(self, poll_interval: float) -> float:
        """What the poller's part of the company's budget allows, now that so many projects are wanted."""
        return max(self._rounds.interval, self._pause)

    def used(self) -> tuple[MinuteUse, ...]:
        return () if self._budget is None else self._budget.used(self._running(), self._clock())

    def restore(self, used: Iterable[MinuteUse]) -> None:
        if self._budget is not None:
            self._budget.restore(used, self._running(), self._clock())

    def close(self) -> None:
        self._rate_wait.close()
        self._client.close()

    def _begin_round(self, calls: CompanyCalls) -> frozenset[int]:
        """All projects that are wanted now; those of the whole company are asked for once a round."""
        wanted = self._wanted()
        if wanted.every and self._rounds.is_over:
            self._active = calls.projects()
        projects = wanted.named | (self._active if wanted.every else frozenset())
        self._rounds.begin(projects, listings=len(projects) + wanted.every)
        return projects

    def _list(self, poll: ProcorePoll, calls: CompanyCalls) -> None:
        hastened, self._hastened = self._hastened, None
        if hastened is not None:
            poll.list_projects(self._rounds.hastened(hastened), calls.reading_terms)
        elif self._may_catch_up():
            poll.list_projects(self._rounds.left, calls.reading_terms)
        else:
            poll.list_projects(self._rounds.next_projects(), calls.terms)
        if poll.news():
            poll.name_own(self._known_login(calls))
        self._pause = self._rounds.pause(len(poll.listed), calls.listings)

    def _known_login(self, calls: CompanyCalls) -> int | None:
        """Our own login's id; ``None`` while there is no budget to ask for it: then every row counts as another's."""
        if self._login is None:
            with suppress(Throttled):
                self._login = calls.login()
        return self._login

    def _may_catch_up(self) -> bool:
        """The first poll lists everything at once where the budget for reading has room for it."""
        first, self._caught_up = not self._caught_up, True
        if self._budget is None or not first:
            return False
        return self._budget.room(self._running(), Lane.BACKFILL) >= len(self._rounds.left)

    def _listings_an_hour(self) -> float:
        return math.inf if self._budget is None else self._budget.hourly() * shares.LISTINGS

    def _has_leftover(self) -> bool:
        """Whether more than half of what an hour has for reading is left."""
        if self._budget is None:
            return True
        return self._budget.room(self._running(), Lane.BACKFILL) > self._budget.hourly() * shares.READS / 2

    def _watermark(self, state: AccountState, poll: ProcorePoll, now: datetime, *, begins: bool) -> str | None:
        """What no clock of ours has to agree with; kept back while news is not read."""
        updates = [listed.row.updated_at for listed in poll.rows if listed.row.updated_at is not None]
        mark = self._marks.after(updates, now, begins=begins, ends=self._rounds.is_over)
        before = state.account_state.watermark
        return before if self._backlog.has_news else watermark(before, mark, now)
