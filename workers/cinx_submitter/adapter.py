"""CINX as the target of the writers' protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from relay.clients.cinx import CinxClient
from relay.clients.http.clock import running_seconds
from relay.clients.http.terms import CallTerms
from relay.domain.commands import CinxCommand, CinxDestination, Lane
from relay.domain.directory import DirectoryEntry
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxPart
from relay.domain.outcomes import RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.engine.configuration import CinxAccount
from relay.engine.writer.adapter import Accepted, Batch, Plan, PlannedCall, ReadDone, Result, Task
from relay.engine.writer.written import Written
from workers.accounts import ClientFactory, OpenAccount, RemoteAccounts
from workers.cinx_submitter.account_start import AccountStart, Mapped
from workers.cinx_submitter.cache.cache import CachedFacts, RemoteCache
from workers.cinx_submitter.calls import adopt, follow, mark, read, submit
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.document.preview import preview
from workers.cinx_submitter.plan import next_step
from workers.cinx_submitter.situation import PlanContext, poco_guids, records
from workers.cinx_submitter.steps import Step
from workers.cinx_submitter.timeouts import MaxAges, Timeouts
from workers.cinx_submitter.written import amounts, endpoint_of, found_by_intent, identified, worth

_CALLS: dict[str, Callable[[CallContext], Results]] = {
    Step.ORDER.value: read.order,
    Step.REFERENCES.value: read.references,
    Step.POCO.value: read.pocos,
    Step.JOB.value: follow.follow,
    Step.FIND.value: follow.follow,
    Step.ADOPT.value: adopt.adopt,
    Step.FORGET.value: adopt.forget,
    Step.SUBMIT.value: submit.submit,
    Step.MODIFY.value: submit.modify,
    Step.MARK.value: mark.mark,
}


def resolved(task: Task[CinxCommand]) -> Task[CinxCommand]:
    """The task with the purchase order that the ledger names; a command with a payload keeps that of its route."""
    command, entry = task.command, task.entry
    if entry is None or not command.is_about_a_record:
        return task
    destination = CinxDestination(purchase_order=entry.destination)
    return replace(task, command=replace(command, destination=destination))


def order_scope(purchase_order: str) -> str:
    """The scope of a hold on a purchase order."""
    return f"purchase_order:{purchase_order}"


class CinxAdapter:
    """Plans and makes the calls for every configured account. Thread-safe but for :meth:`plan`.

    ``configured`` gives the accounts as they are now; ``factory`` makes a client with its governor.
    ``timeouts`` hold for what is no setting of the account. ``quarantine``: seconds after which a request
    whose answer was lost is no longer on its way. ``mapped``: the template fields that the routes to an
    account set, the same object as long as the routes are the same.
    """

    system = "cinx"
    looks_first = False
    lists = frozenset({Step.START.value, Step.ORDER.value, Step.REFERENCES.value})
    """Reading steps that many change orders share; all others read single records."""

    def __init__(
        self,
        configured: Callable[[], Mapping[str, CinxAccount]],
        factory: ClientFactory[CinxAccount, CinxClient],
        *,
        installation: str,
        quarantine: float = 70.0,
        timeouts: Timeouts | None = None,
        ages: MaxAges | None = None,
        mapped: Callable[[str], tuple[Mapped, ...]] = lambda _: (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = running_seconds,
        pause: Callable[[float], None] = time.sleep,
        note: Callable[[DirectoryEntry], None] = lambda entry: None,
    ) -> None:
        self._installation = installation
        self._quarantine = quarantine
        self._timeouts = timeouts or Timeouts()
        self._now = now
        self._clock = clock
        self._pause = pause
        self._note = note
        self.cache = RemoteCache(clock, ages or MaxAges())
        self._start = AccountStart(self.cache, mapped, lambda account: _template_version(configured(), account))
        self._accounts = RemoteAccounts(self.system, configured, factory, self.cache.forget_accounts)

    def plan(self, task: Task[CinxCommand]) -> Plan:
        """The next step for this change order."""
        task = replace(resolved(task), holders=partial(self.cache.holders, scan=task.holders))
        return next_step.plan(task, self._cached_facts(task))

    def execute(self, batch: Batch[CinxCommand]) -> Mapping[str, Result]:
        """Makes the call. Raises the failure that the whole batch shares."""
        account = batch.tasks[0].command.account
        opened = self._accounts.get(account)
        batch = replace(batch, tasks=[resolved(task) for task in batch.tasks])
        call = CallContext(
            batch=batch,
            account=opened.account,
            client=opened.client,
            cache=self.cache,
            timeouts=self._timeouts_of(opened),
            quarantine=self._quarantine,
            installation=self._installation,
            pause=self._pause,
            now=self._now,
            release_slot=lambda: self.release_slot(account, batch.lane),
            note=self._note,
        )
        if batch.step == Step.START.value:
            self._start.check(account, opened.client, call.first, call.further)
            return call.same_for_all(ReadDone())
        return _CALLS[batch.step](call)

    def acquire_slot(self, account: str, lane: Lane) -> float:
        """Takes a rate slot of the account: 0, or the seconds to wait for one."""
        return self._accounts.get(account).governor.acquire(self._clock(), lane)

    def release_slot(self, account: str, lane: Lane) -> None:
        """Gives a slot back that was taken and is not used."""
        self._accounts.get(account).governor.release(lane)

    def needs_probe(self, account: str) -> bool:
        """True at the start, when the template has grown old, and when the routes have changed."""
        return self._start.is_due(account)

    def facts_to_keep(self, account: str) -> Mapping[str, str]:
        """The version of the account's template, for the next process."""
        return self._start.facts_to_keep(account)

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """Takes over the version that an earlier process has read; see :meth:`facts_to_keep`."""
        self._start.restore_facts(account, facts)

    def used(self, account: str) -> tuple[MinuteUse, ...]:
        return ()

    def own(self, account: str, used: tuple[MinuteUse, ...]) -> None:
        """Nothing counts by the hour."""

    def disown(self, account: str) -> None:
        """Nothing is lent."""

    def probe_tenant(self, account: str) -> None:
        """Checks login, subscription, token and the import of POCOs, and compares what routes set with its template.

        Raises ``TenantBlocked`` where one of the first does not hold; what routes set wrongly is logged.
        """
        self._start.check(account, self.client(account), self._probe_terms, self._probe_terms)

    def probe_destination(self, task: Task[CinxCommand]) -> None:
        """Reads the list of purchase orders for the task's one."""
        command = resolved(task).command
        self.client(command.account).purchase_orders(command.destination.purchase_order, terms=self._probe_terms)

    def destination_scope(self, task: Task[CinxCommand]) -> str:
        """The purchase order as a hold's scope."""
        return order_scope(resolved(task).command.destination.purchase_order)

    def describe(self, entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
        """The POCOs of an entry, the latest first."""
        return records(entry)

    def written(
        self, task: Task[CinxCommand], step: str, call: PlannedCall | None, result: Accepted, entry: LedgerEntry
    ) -> Written:
        """What an answer wrote; of a POCO that an owner before this one sent, what CINX shows of it."""
        payload = task.command.payload
        (record,) = (call.records() if call else ()) or found_by_intent(step, result.shown)
        return Written(
            endpoint=endpoint_of(record),
            records=(identified(record, entry),),
            amounts=amounts(payload, entry.parts) if payload else {},
            currency=payload.currency if payload else None,
        )

    def worth(self, command: CinxCommand) -> Mapping[str, Decimal]:
        """What the POCOs of the change order are to be worth together."""
        return {CinxPart.POCO: worth(command.payload)} if command.payload is not None else {}

    def preview(self, task: Task[CinxCommand]) -> str:
        """What a dry run would send, as far as it is known without asking CINX, as JSON text."""
        return preview(PlanContext(task.command, task.entry, task.intent, self._cached_facts(task)))

    def client(self, account: str) -> CinxClient:
        """The client of an account's company. Raises ``TenantBlocked`` if it is not configured."""
        return self._accounts.get(account).client

    def close(self) -> None:
        """Closes every connection."""
        self._accounts.close()

    @property
    def _probe_terms(self) -> CallTerms:
        return CallTerms(pause=self._pause)

    def _cached_facts(self, task: Task[CinxCommand]) -> CachedFacts:
        return self.cache.cached_facts(task.command, poco_guids(task.entry), self._installation)

    def _timeouts_of(self, opened: OpenAccount[CinxAccount, CinxClient]) -> Timeouts:
        """The time-outs of an account.

        None is longer than the account's search, which would otherwise end before anything is decided.
        """
        timeouts, search = self._timeouts, opened.account.search_patience
        return replace(
            timeouts,
            job=opened.account.job_patience,
            search=search,
            failure=min(timeouts.failure, search),
            quiet_after_failure=min(timeouts.quiet_after_failure, search),
            unmarked_confirm_after=min(timeouts.unmarked_confirm_after, search),
        )


def _template_version(configured: Mapping[str, CinxAccount], account: str) -> str | None:
    return configured[account].template_version if account in configured else None
