"""A company of Procore and the poller's account of it, in virtual time: a day passes in a moment."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from prometheus_client import CollectorRegistry

from producers.account import AccountPoll
from producers.changes.events import observed, rebased
from producers.poll_state import AccountState, blank
from producers.procore.projects import WantedProjects
from producers.procore.source import ProcoreSource
from producers.rate_wait import LONGEST_WAIT
from producers.source import PollResult
from relay.clients.http.terms import CallTerms
from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import LineItem, PotentialChangeOrder, PotentialChangeOrderRow, ProcoreClient
from relay.clients.procore.reference_records import Login
from relay.clients.rate import Governor, ProcoreRate, shares
from relay.domain.failures import Throttled
from relay.engine.telemetry.metrics import Metrics
from tests.unit.clients.rate.simulation import EPOCH, HOUR, Run, Server, ServerWindow

SECONDS_OF_A_CALL = 0.2
OURS, PERSON = 17, 9001


@dataclass(frozen=True)
class Settings:
    poll_interval: float = 60.0
    sweep_interval: float = 86_400.0


class Here(Executor):
    """Runs what is submitted at once."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*arguments, **named))
        except BaseException as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


@dataclass
class Company:
    """What Procore holds, what it was asked, and the time. ``writer`` sends meanwhile as much as it may."""

    server: Server = field(default_factory=lambda: Server(ServerWindow(25, 10.0), ServerWindow(600, HOUR, "first")))
    now: float = 0.0
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    looks: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    reads: list[tuple[float, int]] = field(default_factory=list)
    polled: list[float] = field(default_factory=list)
    writer: Run | None = None

    def clock(self) -> datetime:
        return datetime.fromtimestamp(EPOCH + self.now, UTC)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        if self.writer is not None:
            self.writer.until(self.now)

    def edit(self, number: int, project: int, by: int = PERSON) -> None:
        """Somebody makes a record, or changes it again."""
        moment = self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        before = self.rows.get(number, {"revision": 0, "created_by_id": by})
        self.rows[number] = {
            "id": number,
            "contract_id": 1,
            "project": project,
            "title": "Footing",
            "change_order_tiers": 2,
            "created_by_id": before["created_by_id"],
            "revision": before["revision"] + 1,
            "updated_at": moment,
        }

    def call(self, governor: Governor, terms: CallTerms) -> None:
        """One request by the terms of a poll: it waits for a slot, but not for long."""
        while (wait := governor.acquire(self.now, terms.lane)) > 0:
            if wait > LONGEST_WAIT:
                raise Throttled("the rate budget of this account is spent for now", wait_seconds=wait)
            self.pass_time(wait + 1e-6)
        ticket = governor.begin(self.now, terms.lane)
        self.pass_time(SECONDS_OF_A_CALL / 2)
        status, headers = self.server.request(self.now)
        self.polled.append(self.now)
        self.pass_time(SECONDS_OF_A_CALL / 2)
        if status == 429:
            raise Throttled("refused", wait_seconds=governor.refused(ticket, headers, b"", self.now))
        governor.answered(ticket, headers, self.now)


class Client:
    """What a poll asks of a client."""

    def __init__(self, company: Company, governor: Governor) -> None:
        self._company = company
        self._governor = governor
        self.potential_change_orders = self.line_items = self

    def find(self, project: int, number: int | None = None, *, terms: CallTerms, **filters: Any) -> list[Any]:
        self._company.call(self._governor, terms)
        if number is not None:
            return list[LineItem]()
        company, window = self._company, filters.get("updated")
        company.looks[project].append(company.now)
        rows = [row for row in company.rows.values() if row["project"] == project]
        read = [PotentialChangeOrderRow.read(_native(row)) for row in rows]
        return [row for row in read if window is None or window[0] <= cast("datetime", row.updated_at) <= window[1]]

    def show(self, project: int, contract: int, number: int, *, terms: CallTerms) -> PotentialChangeOrder:
        self._company.call(self._governor, terms)
        self._company.reads.append((self._company.now, number))
        return PotentialChangeOrder.read(_native(self._company.rows[number] | {"line_items": []}))

    def probe_tenant(self, *, terms: CallTerms) -> Login:
        self._company.call(self._governor, terms)
        return Login.of({"id": OURS})

    def close(self) -> None:
        """Nothing is open."""


def _native(row: dict[str, Any]) -> NativeRecord:
    return NativeRecord(json.dumps(row).encode(), row)


class Polling:
    """One process that polls the company, and publishes at once. ``seen``: when a record's event was published."""

    def __init__(
        self,
        company: Company,
        projects: Iterable[int],
        settings: Settings | None = None,
        state: AccountState | None = None,
    ) -> None:
        self.company = company
        self.rate = ProcoreRate(shares.of_poller())
        self.source = ProcoreSource(
            "acme",
            cast("ProcoreClient", Client(company, self.rate)),
            lambda: WantedProjects(named=frozenset(projects)),
            company.clock,
            budget=self.rate,
            poll_interval=(settings or Settings()).poll_interval,
            running=lambda: company.now,
        )
        self.state = state or blank("procore", "acme")
        self.source.restore(self.state.account_state.used)
        self.metrics = Metrics(CollectorRegistry())
        self.poll = AccountPoll(
            settings=settings or Settings(), source=self.source, state=self.state, metrics=self.metrics
        )
        self.seen: dict[int, list[float]] = defaultdict(list)
        self.failures: list[float] = []
        self.overdue: list[float] = []
        self._polled_at = company.now

    def until(self, end: float, at: Callable[[float], None] = lambda now: None) -> None:
        """Polls whenever it is due; ``at`` is told the time before each poll."""
        while self.poll.due_at <= end:
            self.company.pass_time(max(0.0, self.poll.due_at - self.company.now))
            at(self.company.now)
            self.poll.start(Here(), self.company.now, self.company.clock())
            self._watch()
            result = self.poll.completed(self.company.now, self.company.clock())
            if result is None:
                self.failures.append(self.company.now)
                continue
            self._take(result)
            self.poll.finish(result, 0, self.company.now, self.company.clock())
            self._polled_at = self.company.now
        self.company.pass_time(max(0.0, end - self.company.now))
        self._watch()

    @property
    def planned(self) -> float:
        labels = {"system": "procore", "account": "acme"}
        return self.metrics.registry.get_sample_value("cor_poll_interval_planned_seconds", labels) or 0.0

    def _watch(self) -> None:
        """As the alert does."""
        if self.company.now - self._polled_at > max(3 * self.planned, 900):
            self.overdue.append(self.company.now)

    def _take(self, result: PollResult) -> None:
        for read in result.change_orders:
            number = read.change_order_id
            known = self.state.states.get(number)
            observation = observed(self.state, read, result.at) if known is None else rebased(self.state, read)
            self.state.apply(observation.state)
            self.seen[int(number)].append(self.company.now)
        before = self.state.account_state
        self.state.account_state = replace(
            before,
            loaded=before.loaded or result.swept,
            swept_at=result.at if result.swept else before.swept_at,
            watermark=result.watermark,
            followed=result.followed,
            used=self.source.used(),
        )


def busiest_hour(moments: Iterable[float]) -> int:
    """The most requests that any hour had."""
    ordered = sorted(moments)
    first, most = 0, 0
    for at, moment in enumerate(ordered):
        while ordered[first] <= moment - HOUR:
            first += 1
        most = max(most, at - first + 1)
    return most
