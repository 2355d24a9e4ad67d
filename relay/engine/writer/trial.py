"""The protocol without a word written: what an owner would do with commands, up to the first call that writes.

Inbox and ledger are read as an owner reads them, into a copy of this process; nothing is fenced, and what an owner
would commit is applied to the copy alone. Each turn is an owner's turn (:func:`.turn.run_once`), by a view of the
control topic that knows people's holds and lets nothing be written. So every rule here is the writers' own. What may
have been sent already is left alone: nobody but its owner brings it to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Generic

from relay.domain.commands import Lane
from relay.domain.ledger import Hold, LedgerEntry, OrderState
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.control.membership import ControlView
from relay.engine.kafka import Outgoing, Partition, Record
from relay.engine.writer.adapter import C, Plan, PlannedCall, Task, Wait
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import load_state
from relay.engine.writer.state.scheduler import Delay, ScheduledCall
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.turn import run_once

NOT_READ = "not_read"
"""Why nothing can be said of a change order for which something would have to be read first."""

_AT_ONCE = 500
"""Commands that are looked at together, as many as an owner receives with one poll."""

MayRead = Callable[[PlannedCall], str | None]
"""Of a reading step why it is not made, as a sentence; ``None``: it is."""


class Uncommitted:
    """A journal that writes nothing."""

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """The copy alone follows."""


@dataclass(kw_only=True)
class TrialState(PartitionState[C]):
    """A copy of an owner's state, which reads no more than ``may_read`` allows."""

    may_read: MayRead = lambda call: None

    def plan(self, task: Task[C]) -> Plan:
        """The adapter's plan; a reading step that is not made is a wait without an end."""
        plan = super().plan(task)
        if isinstance(plan, PlannedCall) and not plan.writes:
            refusal = self.may_read(plan)
            if refusal is not None:
                return Wait(seconds=float("inf"), reason=NOT_READ, sentence=refusal)
        return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen(Generic[C]):
    """What the protocol would do with one command.

    Of ``end``, ``delay`` and ``next_call`` one is set, unless it is under way. ``entry``: what the ledger knows of the
    change order; ``end``: the outcome without any writing; ``next_call``: the first call that was not made, a reading
    one where it could not be; ``hold``: what keeps that from going out; ``under_way``: an earlier command is not at its
    end.
    """

    command: C
    entry: LedgerEntry | None
    end: ChangeOrderOutcome | None = None
    next_call: PlannedCall | None = None
    delay: Delay | None = None
    hold: Hold | None = None
    under_way: bool = False


class Trial(Generic[C]):
    """Looks at the commands of one partition.

    ``pause`` waits for a rate slot, or returns false where that takes too long. ``holds``: a view of the control topic
    with people's holds; it must not let anything be written.
    """

    def __init__(self, state: TrialState[C], holds: ControlView, pause: Callable[[float], bool]) -> None:
        self._state = state
        self._holds = holds
        self._pause = pause
        self._ended: dict[str, ChangeOrderOutcome] = {}
        self._commits = 0
        self._pool = _AtOnce()
        self._calls: InFlightCalls[C] = InFlightCalls(self._pool)
        state.on_commit = self._note
        load_state(state, lambda origin_id: False)

    def look(self, lane: Lane, records: Iterable[Record]) -> Iterator[Foreseen[C]]:
        """What would become of the commands in ``records``, in their order. Raises ``Unreadable`` for what is none."""
        rest = iter(records)
        while batch := list(islice(rest, _AT_ONCE)):
            yield from self._look(lane, batch)

    def _look(self, lane: Lane, records: Sequence[Record]) -> Iterator[Foreseen[C]]:
        found = [(record, self._state.command(record.value or b"")) for record in records]
        before = {command.origin_id: self._state.store.order(command.origin_id) for _, command in found}
        free = [record for record, command in found if before[command.origin_id].open_intent is None]
        if free:
            receive_batch(self._state, lane, free)
            self._take_turns()
        delays = dict(self._state.scheduler.delayed())
        planned = {
            origin_id: scheduled
            for _, members in self._state.scheduler.batches()
            for origin_id, scheduled in members.items()
        }
        for _, command in found:
            yield self._foreseen(command, before[command.origin_id], delays, planned)
        for _, command in found:
            self._state.scheduler.remove(command.origin_id)

    def _take_turns(self) -> None:
        """Turns are taken until one does nothing."""
        while True:
            done = self._pool.submitted, self._commits
            slot_in = run_once(self._state, self._calls, self._holds)
            if (self._pool.submitted, self._commits) == done and (slot_in is None or not self._pause(slot_in)):
                return

    def _foreseen(
        self, command: C, before: OrderState, delays: Mapping[str, Delay], planned: Mapping[str, ScheduledCall[C]]
    ) -> Foreseen[C]:
        found = Foreseen(command=command, entry=before.entry, under_way=before.record is not None)
        if before.open_intent is not None:
            return found
        if command.command_id in self._ended:
            return replace(found, end=self._ended[command.command_id])
        if command.origin_id in delays:
            return replace(found, delay=delays[command.origin_id])
        scheduled = planned.get(command.origin_id)
        if scheduled is None:
            return replace(found, under_way=True)
        scope = self._state.adapter.destination_scope(scheduled.task)
        return replace(found, next_call=scheduled.call, hold=self._state.holds.on(command.tenant, scope))

    def _note(self, work: UnitOfWork) -> None:
        self._commits += 1
        for outcome, _ in work.outcomes:
            if outcome.kind.is_terminal and outcome.command_id is not None:
                self._ended[outcome.command_id] = outcome


class _AtOnce(Executor):
    """Makes each call on the thread that asks for it: nothing here hurries."""

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Runs ``fn`` now."""
        self.submitted += 1
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done
