"""What the calls have in common: the client, the terms, and the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from relay.clients.cinx import CinxClient, Poco
from relay.clients.http.terms import CallTerms
from relay.domain.commands import CinxCommand
from relay.domain.directory import DirectoryEntry
from relay.domain.ledger import Intent
from relay.engine.configuration import CinxAccount
from relay.engine.writer.adapter import Batch, Result, Task
from workers.cinx_submitter.cache.cache import CachedFacts, CachedPoco, OrderKey, RemoteCache
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.timeouts import Timeouts

Results = Mapping[str, Result]
"""By origin id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """One batch with all that its call needs. Belongs to the thread that makes the call."""

    batch: Batch[CinxCommand]
    account: CinxAccount
    client: CinxClient
    cache: RemoteCache
    timeouts: Timeouts
    quarantine: float
    installation: str
    pause: Callable[[float], None]
    now: Callable[[], datetime]
    release_slot: Callable[[], None]
    note: Callable[[DirectoryEntry], None] = lambda entry: None

    @property
    def task(self) -> Task[CinxCommand]:
        """The only task, or the first of those that share a reading call."""
        return self.batch.tasks[0]

    @property
    def command(self) -> CinxCommand:
        return self.task.command

    @property
    def element(self) -> object:
        """What was planned for the task."""
        return self.batch.calls[0].element

    @property
    def parts(self) -> Mapping[str, str]:
        """The parts with their hashes that the task's call writes."""
        return self.batch.calls[0].parts

    @property
    def order(self) -> OrderKey:
        """The cache's key of the purchase order."""
        return OrderKey.of(self.command)

    @property
    def plan_context(self) -> PlanContext:
        """The command beside its ledger entry, for what is decided without anything cached."""
        facts = CachedFacts(installation=self.installation)
        return PlanContext(self.command, self.task.entry, self.task.intent, facts)

    @property
    def write_terms(self) -> CallTerms:
        """Inside the send window, on the slot that is taken."""
        return CallTerms(lane=self.batch.lane, not_after=self.batch.not_after, admitted=True)

    @property
    def first(self) -> CallTerms:
        """The terms of the first reading request, which uses the slot that is taken."""
        return CallTerms(lane=self.batch.lane, admitted=True, pause=self.pause)

    @property
    def further(self) -> CallTerms:
        """The terms of further reading requests, which wait for slots of their own."""
        return CallTerms(lane=self.batch.lane, pause=self.pause)

    def read_poco(self, guid: str, terms: CallTerms | None = None) -> Poco | None:
        """Reads and caches a POCO as it is now; ``None``: CINX says that there is none.

        ``terms`` are :attr:`further` where they are left out. Raises what a reading call of the client raises.
        """
        poco = self.client.poco(guid, terms=terms or self.further)
        self.cache.pocos.put((self.command.account, guid), CachedPoco(poco))
        self.cache.command_pocos.put((self.command.command_id, guid), CachedPoco(poco))
        return poco

    def seconds_since(self, intent: Intent) -> float:
        """The age of a submission, counted from its job where there is one."""
        since = intent.job_since or intent.ambiguous_at or intent.intended_at
        return (self.now() - since).total_seconds()

    def same_for_all(self, result: Result) -> Results:
        """``result`` for every task of the batch."""
        return {task.command.origin_id: result for task in self.batch.tasks}
