"""What the calls have in common: the client, the terms, and the tasks of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import TypeVar, cast

from relay.clients.http.terms import CallTerms
from relay.clients.procore import ProcoreClient
from relay.domain.commands import ProcoreCommand, ProcoreDestination, ProcorePayload
from relay.domain.directory import DirectoryEntry
from relay.engine.writer.adapter import Batch, NotApplied, PlannedCall, ReadDone, Result, Task
from workers.procore_writer.cache.cache import ContractKey, RemoteCache
from workers.procore_writer.cache.contracts import ContractView
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.situation import PlanContext

Results = Mapping[str, Result]
UpdateT = TypeVar("UpdateT")


def _one_slot() -> Iterator[bool]:
    return chain([True], repeat(False))


@dataclass(frozen=True, slots=True)
class CallContext:
    """A call that is being made, by one thread."""

    batch: Batch[ProcoreCommand]
    client: ProcoreClient
    cache: RemoteCache
    installation: str
    web: str
    pause: Callable[[float], None]
    release_slot: Callable[[], None]
    """Gives the rate slot back where no request is made after all."""
    remap: Callable[[str, str], ProcoreCommand | None] = lambda origin_id, place: None
    """See :class:`workers.procore_writer.calls.remap.ObservedEvents`."""
    note: Callable[[DirectoryEntry], None] = lambda entry: None
    """Where what a call says of contracts goes on the way."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    slots: Iterator[bool] = field(default_factory=_one_slot)
    """Whether the next request goes out on the rate slot that the protocol has taken: the first does, no other."""

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
        """The contract as the cache names it."""
        return ContractKey.of(self.command)

    def change_view(self, change: Callable[[ContractView], ContractView]) -> None:
        """Changes what is cached of the contract, if anything is."""
        self.cache.change_view(self.contract, change)

    def write_terms(self) -> CallTerms:
        """Terms of the next request, which has to begin inside the send window."""
        return CallTerms(lane=self.batch.lane, not_after=self.batch.not_after, admitted=next(self.slots))

    def read_terms(self) -> CallTerms:
        """Terms of the next read; a long listing waits for further slots instead of beginning anew."""
        return CallTerms(lane=self.batch.lane, admitted=next(self.slots), pause=self.pause)

    def pairs(self) -> Iterator[tuple[Task[ProcoreCommand], PlannedCall]]:
        """Each task with what it planned."""
        return zip(self.batch.tasks, self.batch.calls, strict=True)

    def plan_context(self, task: Task[ProcoreCommand]) -> PlanContext:
        """The task as planning sees it; what a ``verify`` writes again is what it speaks of."""
        payload = task.command.payload or ProcorePayload(title="", status="")
        facts = self.cache.cached_facts(task.command, self.installation)
        return PlanContext(task.command, payload, task.entry, task.intent, facts).rewriting()

    def skip_call(self) -> Results:
        """Makes no request, where what was planned no longer fits what is cached, so that it is planned anew."""
        self.release_slot()
        return self.same_for_all(NotApplied() if self.batch.calls[0].writes else ReadDone())

    def same_for_all(self, result: Result) -> Results:
        """``result`` for each task of the batch."""
        return {task.command.origin_id: result for task in self.batch.tasks}


def body_of(planned: PlannedCall) -> Json:
    """The JSON of a sync's element, or of a record to be created."""
    return cast("Json", planned.element)


def update_of(planned: PlannedCall, kind: type[UpdateT]) -> UpdateT:
    """What is to be written to one record. Raises ``TypeError`` where the step planned something else."""
    if not isinstance(planned.element, kind):
        raise TypeError(f"the step {planned.step} is planned with {type(planned.element).__name__}")
    return planned.element
