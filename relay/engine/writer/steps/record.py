"""What a call's answer means for each change order in it, recorded before anything else is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from relay.domain.ledger import HoldKind, OrderState
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.engine.topics import MEBIBYTE
from relay.engine.writer.adapter import (
    Accepted,
    C,
    Done,
    NeedsReview,
    NotApplied,
    Pending,
    Plan,
    PlannedCall,
    ReadDone,
    Reject,
    Task,
    Unknown,
)
from relay.engine.writer.in_flight import CallAnswered
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.ledger_updates import with_accepted, with_ended_call, with_facts
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.quarantine import seconds_in_flight
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps.in_doubt import delay_in_doubt, follow_refusal, mark_in_doubt, not_found_delay
from relay.engine.writer.steps.settle import settle, settle_sent
from relay.engine.writer.steps.tell import Answer, tell

_MOST_RECORDED = 1_000  # Change orders in one transaction, of however many calls.
_MOST_BYTES = 8 * MEBIBYTE  # Of one transaction, as far as they can be told before they are made.
_NOT_NAMED = Unknown(message="the answer does not name this record")


@dataclass(slots=True)
class _Aftermath:
    """What is done once the transaction stands: which change orders are delayed, and which are in doubt."""

    delays: list[tuple[str, Delay]] = field(default_factory=list)
    in_doubt: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Recording:
    """One transaction in the making: what it says, of which change orders, and what follows it."""

    work: UnitOfWork
    origin_ids: list[str] = field(default_factory=list)
    after: _Aftermath = field(default_factory=_Aftermath)

    @property
    def is_full(self) -> bool:
        return len(self.origin_ids) >= _MOST_RECORDED or self.work.size >= _MOST_BYTES


def record_answers(state: PartitionState[C], answered: Sequence[CallAnswered[C]]) -> None:
    """Records what these calls taught, in as few transactions as their size allows. Raises ``CommitFailed``.

    A transaction ends between two change orders, be it within a call: each is recorded by itself, and where the rest
    is lost, the intents of the rest still stand.
    """
    recording = _Recording(state.begin())
    for call_answered in answered:
        state.history.call_answered(call_answered.key.call)
        for task, call in zip(call_answered.batch.tasks, call_answered.batch.calls, strict=True):
            if recording.is_full:
                _commit(state, recording)
                recording = _Recording(state.begin())
            _add(state, recording, call_answered, task, call)
    _commit(state, recording)


def _add(
    state: PartitionState[C], recording: _Recording, answered: CallAnswered[C], task: Task[C], call: PlannedCall
) -> None:
    recording.origin_ids.append(task.command.origin_id)
    state.work_on(
        recording.work,
        task.command.origin_id,
        partial(_record_order, state, answered=answered, task=task, call=call, after=recording.after),
        partial(_leave_in_doubt, state, answered=answered, task=task, after=recording.after),
    )


def _commit(state: PartitionState[C], recording: _Recording) -> None:
    """One transaction; after it all of its change orders are ready again, but those that must wait."""
    if not recording.work.is_empty:
        state.commit(recording.work, TransactionKind.RECORD)
    for origin_id in recording.origin_ids:
        state.scheduler.make_ready(origin_id)
    for origin_id, delay in recording.after.delays:
        state.scheduler.delay(origin_id, delay)
    for origin_id in recording.after.in_doubt:
        delay_in_doubt(state, origin_id)


def _record_order(
    state: PartitionState[C],
    work: UnitOfWork,
    answered: CallAnswered[C],
    task: Task[C],
    call: PlannedCall,
    after: _Aftermath,
) -> None:
    """One change order: what the answer of its call means for it alone."""
    origin_id = task.command.origin_id
    order = work.order(origin_id)
    result = answered.results.get(origin_id) or (_NOT_NAMED if answered.key.writes else ReadDone())
    if isinstance(result, ReadDone) and not answered.key.writes:
        return  # It taught only the adapter.
    if isinstance(result, Unknown):
        after.in_doubt.append(origin_id)
        if answered.key.writes:
            mark_in_doubt(state, work, order, task, result, suspect=len(answered.batch.tasks) == 1)
        return
    left = 0.0 if answered.key.writes else seconds_in_flight(state, task.intent)
    ends_early = isinstance(result, NotApplied) or (isinstance(result, Reject | NeedsReview) and not call.resolves)
    if left > 0 and ends_early:
        after.delays.append((origin_id, not_found_delay(state, left)))
        return
    _end_destination_hold(state, work, task)
    if isinstance(result, Accepted | NotApplied):
        _record_answer(state, work, answered, order, task, call, result)
        if isinstance(result, Accepted):
            _settle_accepted(state, work, origin_id, result)
    elif isinstance(result, Pending):
        after.delays.append((origin_id, _record_pending(state, work, order, result)))
    elif isinstance(result, NeedsReview):
        settle_sent(state, work, order, task.command, result)  # A person decides about what may have been sent.
    elif isinstance(result, Reject):
        follow_refusal(state, work, order, task, call, result)


def _leave_in_doubt(
    state: PartitionState[C],
    work: UnitOfWork,
    error: Exception,
    answered: CallAnswered[C],
    task: Task[C],
    after: _Aftermath,
) -> None:
    """What the answer was cannot be kept: as if it had been lost, until a person is asked."""
    origin_id = task.command.origin_id
    after.in_doubt.append(origin_id)
    if answered.key.writes:
        unknown = Unknown(message=f"the relay itself failed over the answer: {type(error).__name__}: {error}")
        mark_in_doubt(state, work, work.order(origin_id), task, unknown, suspect=True)


def _end_destination_hold(state: PartitionState[C], work: UnitOfWork, task: Task[C]) -> None:
    """A destination that was refused as a whole has answered: its hold and its letter end."""
    if not state.holds.is_retrying:
        return
    scope = scope_of(task.command.tenant, state.adapter.destination_scope(task))
    hold = state.holds.end_retry(scope)
    if hold is not None:
        work.put_hold(scope, None)
        if hold.letter_id:
            work.settle_letters([hold.letter_id], hold.letter_id)


def _record_answer(
    state: PartitionState[C],
    work: UnitOfWork,
    answered: CallAnswered[C],
    order: OrderState,
    task: Task[C],
    call: PlannedCall,
    result: Accepted | NotApplied,
) -> None:
    """What the remote holds now goes into the ledger, what we wrote is told, and the intent ends that it speaks of."""
    command = task.command
    before = order.entry_for(command)
    ends_intent = call.writes or call.resolves
    if isinstance(result, Accepted):
        sent = command if call.writes or (task.intent is not None and call.resolves) else None
        answer = Answer(
            answered=answered,
            task=task,
            call=call,
            order=order,
            result=result,
            before=before,
            after=with_accepted(before, result),
        )
        entry = tell(state, work, answer)
    else:
        sent = None
        entry = with_facts(before, result.remote)
    if ends_intent:
        entry = with_ended_call(entry, order.intent, state.timing.quarantine, sent)
        work.put_intent(command.origin_id, None)
    if isinstance(result, Accepted) or order.entry is None or entry != before:
        work.put_entry(entry)


def _settle_accepted(state: PartitionState[C], work: UnitOfWork, origin_id: str, result: Accepted) -> None:
    """Records and settles in one transaction where nothing is left to send."""
    if (result.parts or result.removed) and not result.was_there:
        work.mark_touched(origin_id)
    order = work.order(origin_id)
    plan = result.refusal or _plan_of_rest(state, order)
    if isinstance(plan, Done | Reject | NeedsReview) and order.open_intent is None:
        settle(state, work, order, plan)


def _plan_of_rest(state: PartitionState[C], order: OrderState) -> Plan | None:
    """The plan of what is left; where a newer command is sent instead, that is its question."""
    task = state.task(order) if order.waiting is None else None
    return None if task is None else state.plan(task)


def _record_pending(state: PartitionState[C], work: UnitOfWork, order: OrderState, result: Pending) -> Delay:
    intent = order.intent
    if intent is not None and order.record is not None and result.job_id is not None and intent.job_id is None:
        now = state.clock.now()
        work.put_intent(intent.origin_id, replace(intent, job_id=result.job_id, job_since=now))
        details = OutcomeDetails(
            kind=OutcomeKind.SUBMITTED,
            sentence=result.sentence or None,
            occasion=result.job_id,
            reason=f"{state.adapter.system}.job_started",
            remote=(RemoteRecord(kind="job", remote_id=result.job_id),),
        )
        state.add_outcome(work, order.record, details)
    until = state.running_in(result.seconds)
    return Delay(until, HoldKind.JOB.value, result.sentence, reported=False, firm=True)
