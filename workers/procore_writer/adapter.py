"""The adapter for Procore, as the writers' protocol drives it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from relay.clients.http.clock import running_seconds
from relay.clients.http.terms import CallTerms
from relay.clients.native_json.json_text import render
from relay.clients.procore import ProcoreClient
from relay.clients.procore.session import decimals_as_text
from relay.clients.rate import ProcoreRates
from relay.domain.commands import Lane, ProcoreCommand, ProcorePayload
from relay.domain.directory import DirectoryEntry
from relay.domain.failures import Denied, Throttled
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import ProcoreFact
from relay.domain.outcomes import RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.engine.configuration import ProcoreAccount
from relay.engine.writer.adapter import Accepted, Batch, Plan, PlannedCall, Result, Task
from relay.engine.writer.written import Written
from workers.accounts import ClientFactory, RemoteAccounts
from workers.procore_writer.cache.cache import MaxAges, RemoteCache
from workers.procore_writer.calls.context import CallContext
from workers.procore_writer.calls.deleted import after_denial
from workers.procore_writer.calls.remap import with_event_place
from workers.procore_writer.calls.table import LISTS, READERS, WRITERS
from workers.procore_writer.content.links import web_url
from workers.procore_writer.plan import next_step
from workers.procore_writer.plan.destination import resolved
from workers.procore_writer.plan.elements import preview_of
from workers.procore_writer.written import amounts, endpoint_of, line_amounts, touched

_LONGEST_PAUSE = 15.0
"""The window of ten seconds frees a slot within these, the window of an hour may need many minutes."""

_RECORDS = (
    ("potential_change_order", ProcoreFact.PCO, ProcoreFact.NUMBER, ProcoreFact.URL),
    ("change_order_request", ProcoreFact.REQUEST, ProcoreFact.REQUEST_NUMBER, None),
    ("change_order_package", ProcoreFact.PACKAGE, ProcoreFact.PACKAGE_NUMBER, ProcoreFact.PACKAGE_URL),
)
"""Kinds of records in outcomes, with the facts of their ids, numbers and pages; a request has no page of its own."""


def short_pause(seconds: float) -> None:
    """Waits on the calling thread for a slot of the short window; a longer wait is the protocol's."""
    if seconds > _LONGEST_PAUSE:
        raise Throttled("procore: a listing has to wait for the rate budget", wait_seconds=seconds)
    time.sleep(seconds)


class ProcoreAdapter:
    """Plans and makes the calls for every configured company. Thread-safe but for :meth:`plan`.

    ``configured`` gives the accounts as they are now; ``factory`` makes a client with its governor.
    ``quarantine``: seconds after which a lost request is certainly no longer on its way. ``rates``: where the
    governors of ``factory`` come from. ``lent``: what guests have used of the writer's share while it was away.
    """

    system = "procore"
    looks_first = True
    lists = LISTS
    """Reading steps that many change orders share, or that ask the remote nothing; all others read single records."""

    def __init__(
        self,
        configured: Callable[[], Mapping[str, ProcoreAccount]],
        factory: ClientFactory[ProcoreAccount, ProcoreClient],
        *,
        installation: str,
        quarantine: float = 70.0,
        ages: MaxAges | None = None,
        web: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = running_seconds,
        pause: Callable[[float], None] = short_pause,
        remap: Callable[[str, str], ProcoreCommand | None] = lambda origin_id, place: None,
        rates: ProcoreRates | None = None,
        note: Callable[[DirectoryEntry], None] = lambda entry: None,
        lent: Callable[[str], tuple[MinuteUse, ...]] = lambda account: (),
    ) -> None:
        self._configured = configured
        self._lent = lent
        self._rates = rates or ProcoreRates()
        self._installation = installation
        self._quarantine = quarantine
        self._now = now
        self._clock = clock
        self._pause = pause
        self._remap = remap
        self._note = note
        self.cache = RemoteCache(clock, ages or MaxAges())
        self._accounts = RemoteAccounts(self.system, configured, factory, self.cache.forget_account)
        self._web = web

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        """The next step for this change order."""
        task = self._placed(task)
        facts = self.cache.cached_facts(task.command, self._installation)
        return next_step.plan(task, facts, now=self._now(), quarantine=self._quarantine)

    def execute(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        """Makes the call. Raises the call's failure where all of the batch shares it."""
        opened = self._accounts.get(batch.tasks[0].command.account)
        batch = replace(batch, tasks=[self._placed(task) for task in batch.tasks])
        call = CallContext(
            batch=batch,
            client=opened.client,
            cache=self.cache,
            installation=self._installation,
            web=self._web or web_url(opened.account.api_url),
            pause=self._pause,
            release_slot=lambda: opened.governor.release(batch.lane),
            remap=self._remap,
            note=self._note,
            now=self._now,
        )
        try:
            if batch.step in READERS:
                return READERS[batch.step](call)
            return with_event_place(batch.tasks, WRITERS[batch.step](call))
        except Denied as denied:
            return after_denial(call, denied)

    def acquire_slot(self, account: str, lane: Lane) -> float:
        """Takes a rate slot of the account: 0, or the seconds to wait for one."""
        return self._accounts.get(account).governor.acquire(self._clock(), lane)

    def release_slot(self, account: str, lane: Lane) -> None:
        """A slot that was taken is not used after all."""
        self._accounts.get(account).governor.release(lane)

    def needs_probe(self, account: str) -> bool:
        """Each call tells what there is to know of a company."""
        return False

    def facts_to_keep(self, account: str) -> Mapping[str, str]:
        """Whether the company does not take the ids of elements."""
        return self.cache.facts_to_keep(account)

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """What was noted of the company."""
        self.cache.restore_facts(account, facts)

    def used(self, account: str) -> tuple[MinuteUse, ...]:
        """What the last hour's calls have used of the company's limit."""
        return self._rates.used(account)

    def own(self, account: str, used: tuple[MinuteUse, ...]) -> None:
        """This process writes to the company."""
        configured = self._configured().get(account)
        if configured is not None:
            for past in (used, self._lent(account)):
                self._rates.own(account, configured.limits, past)

    def disown(self, account: str) -> None:
        """Another one may."""
        self._rates.disown(account)

    def probe_tenant(self, account: str) -> None:
        """Who are we? Raises ``TenantBlocked`` where the service account is refused."""
        self._client(account).probe_tenant(terms=self._probing)

    def probe_destination(self, task: Task[ProcoreCommand]) -> None:
        """A look at the project."""
        project = self._placed(task).command.destination.project_id
        self._client(task.command.account).probe_project(project, terms=self._probing)

    def destination_scope(self, task: Task[ProcoreCommand]) -> str:
        """The project: Procore grants a service account its projects one by one."""
        return f"project:{self._placed(task).command.destination.project_id}"

    def describe(self, entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
        """The records of an entry, with links that a person can open."""
        facts = entry.remote
        return tuple(
            RemoteRecord(
                kind=kind, remote_id=facts[id_fact], number=facts.get(number), url=facts.get(url) if url else None
            )
            for kind, id_fact, number, url in _RECORDS
            if id_fact in facts
        )

    def written(
        self,
        task: Task[ProcoreCommand],
        step: str,
        call: PlannedCall | None,
        result: Accepted,
        entry: LedgerEntry,
    ) -> Written:
        """What an answer wrote, of what was planned or, by an owner before this one, of what was found."""
        payload = self._payload(task)
        return Written(
            endpoint=endpoint_of(step),
            records=touched(call.records() if call else (), result, task.entry, entry),
            amounts=amounts(payload, entry.parts) if payload else {},
            currency=payload.currency if payload else None,
        )

    def worth(self, command: ProcoreCommand) -> Mapping[str, Decimal]:
        """The amounts of the lines."""
        return line_amounts(command.payload) if command.payload is not None else {}

    def preview(self, task: Task[ProcoreCommand]) -> str:
        """What a dry run would send, as JSON text."""
        return render(decimals_as_text(preview_of(task.command))).decode()

    def close(self) -> None:
        """Closes every connection."""
        self._accounts.close()

    def _payload(self, task: Task[ProcoreCommand]) -> ProcorePayload | None:
        """What the command wants said; of a ``verify`` what its event says when it is mapped again."""
        remapped = self.cache.remapped.get(task.command.command_id)
        if remapped is not None and remapped.command is not None:
            return remapped.command.payload
        return task.command.payload

    def _placed(self, task: Task[ProcoreCommand]) -> Task[ProcoreCommand]:
        return resolved(task, self.cache.remapped.get(task.command.command_id))

    @property
    def _probing(self) -> CallTerms:
        return CallTerms(pause=self._pause)

    def _client(self, account: str) -> ProcoreClient:
        return self._accounts.get(account).client
