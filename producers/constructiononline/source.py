"""One poll of one ConstructionOnline account.

Two listings show what was modified lately: of change orders and of items, since it is not documented
that an edit of an item moves its change order's date. Whatever a listing shows otherwise than last time
is read with all its items. Deletions show in no listing: a sweep compares everything.

Sources: ConstructionOnline developers, "Get Change Orders Modified After a Specific Date", "Get Change
Order Items Modified After Date", "Get All Change Orders", "Get all Deleted Projects".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from producers.changes import deletions
from producers.changes.deletions import DeletionCheck
from producers.constructiononline.consistent_read import ConsistentReader
from producers.constructiononline.directory import projects_of
from producers.constructiononline.listings import Client, Listings, Scope
from producers.constructiononline.pace import Pace
from producers.constructiononline.rows import Row, by_change_order
from producers.constructiononline.watermark import first_day, watermark
from producers.poll_state import AccountState, SeenRow, Window
from producers.source import PollResult
from relay.clients.http.clock import running_seconds
from relay.clients.rate import ConstructionOnlineRate
from relay.domain.rate_use import MinuteUse
from relay.domain.sources import constructiononline as native
from relay.domain.sources.reading import Reading
from relay.engine.stages.crash_points import CrashPoint, reached

_CONFIRMED_AT_ONCE = 50
"""Single calls that one sweep spends on missing rows; the next one goes on."""


class ConstructionOnlineSource:
    """An account; see :class:`producers.source.Source`. ``clock`` gives the time in UTC.

    ``rate``: what the client's calls are counted by, if they are.
    """

    def __init__(
        self,
        client: Client,
        pace: Pace,
        clock: Callable[[], datetime] | None = None,
        rate: ConstructionOnlineRate | None = None,
    ) -> None:
        self._client = client
        self._pace = pace
        self._rate = rate
        self._planned = 0.0
        self._clock = clock or (lambda: datetime.now(UTC))

    @property
    def read_raw(self) -> Callable[[bytes], Reading]:
        return native.read_raw

    def poll(self, state: AccountState, *, sweep: bool) -> PollResult:
        now = self._clock()
        mark = state.account_state.watermark if state.account_state.loaded and not sweep else None
        return _ConstructionOnlinePoll(Listings(self._client), state, now).run(first_day(mark, now))

    def hasten(self, projects: Collection[str]) -> None:
        """Each poll lists all of the account."""

    def probe(self) -> None:
        self._client.probe_tenant()

    def pause(self, poll_interval: float, requests: int) -> float:
        self._planned = max(poll_interval, self._pace.gap(running_seconds(), requests))
        return self._planned

    def planned_interval(self, poll_interval: float) -> float:
        """As long as polls take as many requests as the last one."""
        return max(poll_interval, self._planned)

    def used(self) -> tuple[MinuteUse, ...]:
        return () if self._rate is None else self._rate.used(running_seconds(), self._clock())

    def restore(self, used: Iterable[MinuteUse]) -> None:
        if self._rate is not None:
            self._rate.restore(used, running_seconds(), self._clock())

    def close(self) -> None:
        self._client.close()


class _ConstructionOnlinePoll:
    """One poll: ``run`` once."""

    def __init__(self, calls: Listings, state: AccountState, now: datetime) -> None:
        self._now = now
        self._calls = calls
        self._state = state

    def run(self, day: date | None) -> PollResult:
        """Reads what was modified on ``day`` or later; without a day, everything."""
        headers, items = self._calls.modified_headers(day), self._calls.modified_items(day)
        reached(CrashPoint.POLLER_AFTER_LISTING)
        reader = ConsistentReader(self._calls, self._state, day)
        check = DeletionCheck(complete=False)
        if day is None:
            reader.compare_listed(headers, by_change_order(items))
            check = self._check_missing(headers)
        else:
            self._read_changed(reader, headers, items, day)
        mark = watermark(self._state.account_state.watermark, [*headers.values(), *items], self._now)
        return PollResult(
            at=self._now,
            change_orders=tuple(reader.change_orders),
            deleted=tuple(dict.fromkeys([*reader.deleted, *check.deleted])),
            question=check.question,
            unreadable=tuple(self._calls.rows.unreadable),
            postponed=frozenset(reader.postponed | self._calls.denied),
            window=_window(headers.values(), items, first_day(mark, self._now)),
            watermark=mark,
            swept=check.complete,
            requests=self._calls.requests,
            directory=projects_of(headers.values(), self._state.account, self._now),
        )

    def _read_changed(
        self, reader: ConsistentReader, headers: Mapping[str, Row], items: Sequence[Row], day: date
    ) -> None:
        changed = self._changed(headers, items, day.isoformat())
        listed = {number: headers[number] for number in changed if number in headers}
        reader.read(listed, {number: self._project_of(number, items) for number in changed - listed.keys()})

    def _changed(self, headers: Mapping[str, Row], items: Sequence[Row], day: str) -> set[str]:
        before = self._state.window
        changed = {row.change_order_id for row in headers.values() if _differs(row, before.headers)}
        edited = [row for row in items if _differs(row, before.items)]
        changed |= {row.change_order_id for row in edited}
        # One that has moved is missing in the change order that it was in.
        changed |= {before.items[row.row_id].change_order_id for row in edited if row.row_id in before.items}
        vanished = _vanished(before.headers, headers, day)
        changed |= _vanished(before.items, {row.row_id for row in items}, day) - vanished
        if len(vanished) <= deletions.BELIEVED_AT_ONCE:
            changed |= vanished
        return changed | self._state.postponed

    def _project_of(self, number: str, items: Sequence[Row]) -> str | None:
        before = self._state.states.get(number)
        if before is not None and before.project is not None:
            return before.project
        return next((row.project for row in items if row.change_order_id == number), None)

    def _check_missing(self, headers: Mapping[str, Row]) -> DeletionCheck:
        """Deleted projects explain some; a single call confirms each of the others, or a person is asked."""
        missing = deletions.missing(self._state.alive(), headers)
        if not missing.projects:
            return DeletionCheck()
        unexplained = missing
        if missing.is_too_much or missing.emptied:
            unexplained = deletions.unexplained(missing, self._calls.deleted_projects())
        why = deletions.suspicion(unexplained)
        if why is not None:
            return DeletionCheck(question=deletions.question(missing, why))
        asked = dict(sorted(unexplained.projects.items())[:_CONFIRMED_AT_ONCE])
        rows = self._calls.headers(asked, Scope.EACH)
        confirmed = [number for number, row in rows.items() if row is None]
        explained = sorted(missing.projects.keys() - unexplained.projects.keys())
        return DeletionCheck(deleted=(*explained, *confirmed), complete=len(asked) == len(unexplained.projects))


def _differs(row: Row, before: Mapping[str, SeenRow]) -> bool:
    seen = before.get(row.row_id)
    return seen is None or seen.digest != row.digest


def _vanished(before: Mapping[str, SeenRow], now: Collection[str], day: str) -> set[str]:
    """Change orders of rows that the last listing showed and that one from ``day`` on should show."""
    return {seen.change_order_id for number, seen in before.items() if number not in now and seen.day >= day}


def _window(headers: Iterable[Row], items: Iterable[Row], day: date | None) -> Window:
    """The rows that the next listing from ``day`` on will show; rows without a date, should they come again."""
    first = day.isoformat() if day else ""
    return Window(
        headers={row.row_id: row.seen() for row in headers if not row.day or row.day >= first},
        items={row.row_id: row.seen() for row in items if not row.day or row.day >= first},
    )
