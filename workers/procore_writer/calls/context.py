"""What the calls have in common: the client, the terms, and the tasks of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from relay.clients.http.terms import CallTerms
from relay.clients.procore import ProcoreClient
from relay.domain.commands import ProcoreCommand, ProcoreDestination, ProcorePayload
from relay.engine.writer.adapter import Batch, NotApplied, PlannedCall, ReadDone, Result, Task
from workers.procore_writer.cache.cache import ContractKey, RemoteCache
from workers.procore_writer.cache.contracts import ContractView
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.situation import PlanContext

Results = Mapping[str, Result]


@dataclass(frozen=True, slots=True)
class CallContext:
    """One call in hand. Belongs to the thread that makes it."""

    batch: Batch[ProcoreCommand]
    client: ProcoreClient
    cache: RemoteCache
    installation: str
    web: str
    pause: Callable[[float], None]
    release_slot: Callable[[], None]
    """Gives the rate slot back where no request is made after all."""
    remap: Callable[[str, str], ProcoreCommand | None] = lambda origin_id, place: None
    """See :mod:`workers.procore_writer.mapping_again`."""

    @property
    def command(self) -> ProcoreCommand:
        """The first command; what they share can be taken from it."""
        return self.batch.tasks[0].command

    @property
    def destination(self) -> ProcoreDestination:
        """The contract that all of them write to."""
        return self.command.destination

    @property
    def contract(self) -> ContractKey:
        """The same, as the memory names it."""
        return ContractKey.of(self.command)

    def change_view(self, change: Callable[[ContractView], ContractView]) -> None:
        """Changes what is cached of the contract, if anything is."""
        self.cache.change_view(self.contract, change)

    @property
    def write_terms(self) -> CallTerms:
        """Inside the send window, on the slot that is taken."""
        return CallTerms(lane=self.batch.lane, not_after=self.batch.not_after, admitted=True)

    @property
    def read_terms(self) -> CallTerms:
        """A long listing waits for further slots instead of beginning anew."""
        return CallTerms(lane=self.batch.lane, admitted=True, pause=self.pause)

    def further(self, *, admitted: bool = False) -> CallTerms:
        """The terms of a read; ``admitted``: on the slot that is taken, which counts for one request alone."""
        return replace(self.read_terms, admitted=admitted)

    def pairs(self) -> Iterator[tuple[Task[ProcoreCommand], PlannedCall]]:
        """Each task with what it planned."""
        return zip(self.batch.tasks, self.batch.calls, strict=True)

    def plan_context(self, task: Task[ProcoreCommand]) -> PlanContext:
        """The task as planning sees it; what a ``verify`` writes again is what it speaks of."""
        payload = task.command.payload or ProcorePayload(title="", status="")
        facts = self.cache.cached_facts(task.command, self.installation)
        return PlanContext(task.command, payload, task.entry, task.intent, facts).rewriting()

    def skip_call(self) -> Results:
        """No request is made: what was planned no longer fits what is known, so it is planned anew."""
        self.release_slot()
        return self.same_for_all(NotApplied() if self.batch.calls[0].writes else ReadDone())

    def same_for_all(self, result: Result) -> Results:
        """The same for all of them."""
        return {task.command.origin_id: result for task in self.batch.tasks}


def body_of(send: PlannedCall) -> Json:
    """A planned element."""
    return cast("Json", send.element)
