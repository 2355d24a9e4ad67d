"""What the calls have in common: the client, the terms, and the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from relay.clients.cinx import CinxClient, Poco
from relay.clients.http.terms import CallTerms
from relay.domain.commands import CinxCommand
from relay.domain.ledger import Intent
from relay.engine.configuration import CinxAccount
from relay.engine.writer.adapter import Batch, Result, Task
from workers.cinx_submitter.cache.cache import CachedFacts, CachedPoco, OrderKey, RemoteCache
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.timeouts import Timeouts

Results = Mapping[str, Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """One call in hand. Belongs to the thread that makes it."""

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

    @property
    def task(self) -> Task[CinxCommand]:
        """The only task, or the first of those that share a reading call."""
        return self.batch.tasks[0]

    @property
    def command(self) -> CinxCommand:
        """Its command."""
        return self.task.command

    @property
    def element(self) -> object:
        """What was planned for it."""
        return self.batch.calls[0].element

    @property
    def order(self) -> OrderKey:
        """The purchase order, as the memory names it."""
        return OrderKey.of(self.command)

    @property
    def plan_context(self) -> PlanContext:
        """The command beside what the ledger holds, for what is decided or told without the memory."""
        known = CachedFacts(installation=self.installation)
        return PlanContext(self.command, self.task.entry, self.task.intent, known)

    @property
    def write_terms(self) -> CallTerms:
        """Inside the send window, on the slot that is taken."""
        return CallTerms(lane=self.batch.lane, not_after=self.batch.not_after, admitted=True)

    @property
    def first(self) -> CallTerms:
        """The first reading request, on the slot that is taken."""
        return CallTerms(lane=self.batch.lane, admitted=True, pause=self.pause)

    @property
    def further(self) -> CallTerms:
        """Further reading requests wait for slots of their own."""
        return CallTerms(lane=self.batch.lane, pause=self.pause)

    def read_poco(self, guid: str, terms: CallTerms | None = None) -> Poco | None:
        """A POCO as it is now; what was read is remembered."""
        found = self.client.poco(guid, terms=terms or self.further)
        self.cache.pocos.put((self.command.account, guid), CachedPoco(found))
        self.cache.looks.put((self.command.command_id, guid), CachedPoco(found))
        return found

    def seconds_since(self, intent: Intent) -> float:
        """The age of a submission, by its job where there is one."""
        since = intent.job_since or intent.ambiguous_at or intent.intended_at
        return (self.now() - since).total_seconds()

    def same_for_all(self, result: Result) -> Results:
        """The same for all tasks."""
        return {task.command.origin_id: result for task in self.batch.tasks}
