"""The carrier for CINX, as the writers' protocol drives it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from relay.clients.cinx import CinxClient
from relay.clients.http.clock import running_seconds
from relay.clients.http.terms import CallTerms
from relay.domain.commands import CinxCommand, CinxDestination, Lane, Operation
from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import RemoteRecord
from relay.engine.configuration import CinxAccount
from relay.engine.writer.adapter import Batch, Plan, ReadDone, Result, Task
from workers.accounts import ClientFactory, OpenAccount, RemoteAccounts
from workers.cinx_submitter.account_start import AccountStart, Mapped
from workers.cinx_submitter.cache.cache import RemoteCache
from workers.cinx_submitter.calls import follow, mark, read, submit, take
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.document.preview import preview
from workers.cinx_submitter.plan import next_step
from workers.cinx_submitter.situation import PlanContext, records
from workers.cinx_submitter.steps import Step
from workers.cinx_submitter.timeouts import MaxAges, Timeouts

_ABOUT_A_POCO = (Operation.VERIFY, Operation.ADOPT, Operation.RESUBMIT)


def placed(task: Task[CinxCommand]) -> Task[CinxCommand]:
    """The task with the purchase order that the ledger names. What a route wants to have ordered goes by the route."""
    command, entry = task.command, task.entry
    if entry is None or command.payload is not None or command.operation not in _ABOUT_A_POCO:
        return task
    there = CinxDestination(purchase_order=entry.destination)
    return replace(task, command=replace(command, destination=there))


class CinxAdapter:
    """Plans and makes the calls for every configured account. Thread-safe but for :meth:`plan`.

    ``configured`` gives the accounts as they are now; ``opener`` makes a client with its governor.
    ``patience`` is the part of it that is no setting of the account. ``quarantine``: seconds after
    which a request whose answer was lost is no longer on its way. ``mapped``: the template fields that
    the routes to an account set, the same object as long as the routes are the same.
    """

    system = "cinx"

    def __init__(
        self,
        configured: Callable[[], Mapping[str, CinxAccount]],
        opener: ClientFactory[CinxAccount, CinxClient],
        *,
        installation: str,
        quarantine: float = 70.0,
        patience: Timeouts | None = None,
        ages: MaxAges | None = None,
        mapped: Callable[[str], tuple[Mapped, ...]] = lambda _: (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = running_seconds,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._installation = installation
        self._quarantine = quarantine
        self._patience = patience or Timeouts()
        self._now = now
        self._clock = clock
        self._pause = pause
        self.memory = RemoteCache(clock, ages or MaxAges())
        self._start = AccountStart(self.memory, mapped, lambda account: _written_for(configured(), account))
        self._accounts = RemoteAccounts(self.system, configured, opener, self.memory.forget_accounts)

    def plan(self, task: Task[CinxCommand]) -> Plan:
        """The next step for this change order."""
        remembering = replace(placed(task), holders=lambda guid: self.memory.owners(guid, task.holders))
        return next_step.plan(remembering, self.memory.cached_facts(remembering.command, self._installation))

    def execute(self, batch: Batch[CinxCommand]) -> Mapping[str, Result]:
        """Makes the call. Raises the call's failure where all of the batch shares it."""
        account = batch.tasks[0].command.account
        opened = self._accounts.get(account)
        batch = replace(batch, tasks=[placed(task) for task in batch.tasks])
        calling = CallContext(
            batch=batch,
            account=opened.account,
            client=opened.client,
            cache=self.memory,
            timeouts=self._patience_of(opened),
            quarantine=self._quarantine,
            installation=self._installation,
            pause=self._pause,
            now=self._now,
            release_slot=lambda: self.release_slot(account, batch.lane),
        )
        if batch.step == Step.START.value:
            self._start.check(account, opened.client, calling.first, calling.further)
            return calling.same_for_all(ReadDone())
        return _HANDLERS[batch.step](calling)

    def acquire_slot(self, account: str, lane: Lane) -> float:
        """Takes a rate slot of the account: 0, or the seconds to wait for one."""
        return self._accounts.get(account).governor.acquire(self._clock(), lane)

    def release_slot(self, account: str, lane: Lane) -> None:
        """A slot that was taken is not used after all."""
        self._accounts.get(account).governor.release(lane)

    def needs_probe(self, account: str) -> bool:
        """At the start, when the template has grown old, and when the routes have changed."""
        return self._start.is_due(account)

    def facts_to_keep(self, account: str) -> Mapping[str, str]:
        """The version of its template."""
        return self._start.facts_to_keep(account)

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """The version of its template when it was last read."""
        self._start.restore_facts(account, facts)

    def probe_tenant(self, account: str) -> None:
        """Whether login, subscription and token hold, and the import of POCOs is there and takes what routes set.

        Raises ``TenantBlocked`` where one of the first does not; what routes set wrongly is told.
        """
        self._start.check(account, self.client(account), self._probing, self._probing)

    def probe_destination(self, task: Task[CinxCommand]) -> None:
        """A look for the purchase order."""
        command = placed(task).command
        self.client(command.account).purchase_orders(command.destination.purchase_order, terms=self._probing)

    def destination_scope(self, task: Task[CinxCommand]) -> str:
        """The purchase order."""
        return f"purchase_order:{placed(task).command.destination.purchase_order}"

    def describe(self, entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
        """The POCOs of an entry."""
        return records(entry)

    def preview(self, task: Task[CinxCommand]) -> str:
        """What a dry run would send, as far as it is known without asking CINX, as JSON text."""
        known = self.memory.cached_facts(task.command, self._installation)
        return preview(PlanContext(task.command, task.entry, task.intent, known))

    def client(self, account: str) -> CinxClient:
        """The company behind an account. Raises ``TenantBlocked`` if it is not configured."""
        return self._accounts.get(account).client

    def close(self) -> None:
        """Closes every connection."""
        self._accounts.close()

    @property
    def _probing(self) -> CallTerms:
        return CallTerms(pause=self._pause)

    def _patience_of(self, opened: OpenAccount[CinxAccount, CinxClient]) -> Timeouts:
        """Nothing is looked for longer than the account says, or it would be given up before it is believed."""
        account, known = opened.account, self._patience
        search = account.search_patience
        return replace(
            known,
            job=account.job_patience,
            search=search,
            failure=min(known.failure, search),
            quiet_after_failure=min(known.quiet_after_failure, search),
            unmarked_confirm_after=min(known.unmarked_confirm_after, search),
        )


_HANDLERS: dict[str, Callable[[CallContext], Results]] = {
    Step.ORDER.value: read.order,
    Step.REFERENCES.value: read.references,
    Step.POCO.value: read.pocos,
    Step.JOB.value: follow.follow,
    Step.FIND.value: follow.follow,
    Step.TAKE.value: take.adopt,
    Step.FORGET.value: take.forget,
    Step.SUBMIT.value: submit.submit,
    Step.MODIFY.value: submit.modify,
    Step.MARK.value: mark.mark,
}


def _written_for(configured: Mapping[str, CinxAccount], account: str) -> str | None:
    return configured[account].template_version if account in configured else None
