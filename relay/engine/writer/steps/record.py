"""What a call's answer means for each change order in it, recorded before anything else is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from relay.domain.failures import CallFailure
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.writer.adapter import (
    Accepted,
    Done,
    NeedsReview,
    NotApplied,
    Pending,
    PlannedCall,
    ReadDone,
    Reject,
    Result,
    Task,
    Unknown,
)
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.ledger_updates import entry_of, merged, with_accepted, with_quarantine, with_sent_version
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps import failed_calls, hold, in_doubt, settle
from relay.engine.writer.steps.dispatch import CallCompleted, InFlightCalls
from relay.engine.writer.steps.plan import lateness

_MOST_RECORDED = 1_000  # Change orders in one transaction, where several calls have come back.


@dataclass(slots=True)
class _Delays:
    """What is done once the transaction stands: who waits for a time, and who is in doubt."""

    sleeps: list[tuple[str, Delay]] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)


def record_answers(state: PartitionState, calls: InFlightCalls, arrived: Sequence[CallCompleted]) -> None:
    """Records everything that these calls taught, in as few transactions as their size allows."""
    for _ in arrived:
        reached(CrashPoint.WRITER_AFTER_CALL)
    answered = [ended for ended in arrived if not isinstance(ended.results, CallFailure)]
    for together in _transactions(answered):
        _record(state, together)
    for ended in arrived:
        if isinstance(ended.results, CallFailure):
            failed_calls.record_failure(state, calls, ended, ended.results)


def _transactions(arrived: Sequence[CallCompleted]) -> Iterator[list[CallCompleted]]:
    portion: list[CallCompleted] = []
    size = 0
    for ended in arrived:
        if portion and size + len(ended.batch.tasks) > _MOST_RECORDED:
            yield portion
            portion, size = [], 0
        portion.append(ended)
        size += len(ended.batch.tasks)
    if portion:
        yield portion


def _record(state: PartitionState, together: list[CallCompleted]) -> None:
    """One transaction; after it everybody is free again, but for those who must wait."""
    work = state.begin()
    after = _Delays()
    for ended in together:
        hold.reset_failures(state, ended.batch.tenant, ended.batch.step, ended.batch.batch)
        take = _record_written if ended.group.writes else _record_read
        for task, send in zip(ended.batch.tasks, ended.batch.calls, strict=True):
            take(state, work, ended, task, send, after)
    if not work.is_empty:
        state.record(work)
    for ended in together:
        for task in ended.batch.tasks:
            state.scheduler.make_ready(task.command.origin_id)
    for origin_id, sleep in after.sleeps:
        state.scheduler.delay(origin_id, sleep)
    for origin_id in after.doubtful:
        in_doubt.delay_in_doubt(state, origin_id)


def _record_written(
    state: PartitionState, work: UnitOfWork, ended: CallCompleted, task: Task[Any], send: PlannedCall, after: _Delays
) -> None:
    origin_id = task.command.origin_id
    result = _results(ended).get(origin_id) or Unknown(message="the answer does not name this record")
    if isinstance(result, Unknown):
        after.doubtful.append(origin_id)
        in_doubt.mark_in_doubt(state, work, task, result, counts=True, alone=len(ended.batch.tasks) == 1)
    else:
        _record_result(state, work, task, send, result, after)


def _record_read(
    state: PartitionState, work: UnitOfWork, ended: CallCompleted, task: Task[Any], send: PlannedCall, after: _Delays
) -> None:
    """A reading step: most teach only the carrier; a read-back resolves an intent."""
    origin_id = task.command.origin_id
    result = _results(ended).get(origin_id, ReadDone())
    if isinstance(result, NotApplied) and (left := lateness(state, task)) > 0:
        after.sleeps.append((origin_id, in_doubt.delay_not_found(state, left)))
    elif isinstance(result, Unknown):
        after.doubtful.append(origin_id)
    elif not isinstance(result, ReadDone):
        _record_result(state, work, task, send, result, after)


def _results(ended: CallCompleted) -> Mapping[str, Result]:
    if isinstance(ended.results, CallFailure):
        raise ended.results
    return ended.results


def _record_result(
    state: PartitionState, work: UnitOfWork, task: Task[Any], send: PlannedCall, result: Result, after: _Delays
) -> None:
    """Puts one result into the work."""
    origin_id = task.command.origin_id
    hold.settle_destination_hold(state, work, task)
    if isinstance(result, Accepted):
        _record_accepted(state, work, task, send, result)
    elif isinstance(result, NotApplied):
        _record_not_applied(state, work, task, result)
    elif isinstance(result, Pending):
        after.sleeps.append((origin_id, _record_pending(state, work, task, result)))
    elif isinstance(result, Reject | NeedsReview):
        in_doubt.record_sent(state, work, task, keep=isinstance(result, NeedsReview))
        settle.settle(state, work, origin_id, result)


def _record_accepted(
    state: PartitionState, work: UnitOfWork, task: Task[Any], send: PlannedCall, result: Accepted
) -> None:
    command, origin_id = task.command, task.command.origin_id
    entry = with_accepted(entry_of(work, task), result)
    if send.writes or task.intent is not None:
        entry = with_sent_version(entry, command)
    entry = with_quarantine(state, work, entry)
    work.put_entry(entry)
    work.put_intent(origin_id, None)
    if (result.parts or result.removed) and not result.was_there:
        _touch(work, origin_id)
    if result.refusal is not None:
        settle.settle(state, work, origin_id, result.refusal)
        return
    _settle_if_done(state, work, origin_id)


def _touch(work: UnitOfWork, origin_id: str) -> None:
    current, waiting = work.current(origin_id), work.waiting(origin_id)
    if current is not None:
        work.put_current(origin_id, replace(current, touched=True))
    elif waiting is not None:  # What a reading step found is the waiting command's, too.
        work.put_waiting(origin_id, replace(waiting, touched=True))


def _settle_if_done(state: PartitionState, work: UnitOfWork, origin_id: str) -> None:
    """Record and settle in one transaction where nothing is left to send."""
    if work.waiting(origin_id) is not None:
        return  # The newer command is carried instead; whether anything is left is its question.
    task = state.task(origin_id, work)
    plan = state.plan(task) if task else None
    if isinstance(plan, Done | Reject | NeedsReview):
        settle.settle(state, work, origin_id, plan)


def _record_not_applied(state: PartitionState, work: UnitOfWork, task: Task[Any], result: NotApplied) -> None:
    entry = entry_of(work, task)
    learned = replace(entry, remote=merged(entry.remote, result.remote))
    learned = with_quarantine(state, work, learned)
    if learned != entry or work.entry(entry.origin_id) is None:
        work.put_entry(learned)
    work.put_intent(task.command.origin_id, None)


def _record_pending(state: PartitionState, work: UnitOfWork, task: Task[Any], result: Pending) -> Delay:
    intent = work.intent(task.command.origin_id)
    if intent is not None and result.job_id is not None and intent.job_id is None:
        now = state.clock.now()
        work.put_intent(intent.origin_id, replace(intent, job_id=result.job_id, job_since=now))
        told = OutcomeDetails(
            kind=OutcomeKind.SUBMITTED,
            sentence=result.sentence or None,
            occasion=result.job_id,
            reason=f"{state.adapter.system}.job_started",
            remote=(RemoteRecord(kind="job", remote_id=result.job_id),),
        )
        state.add_outcome(work, task.command, told)
    until = state.clock.running() + result.seconds
    return Delay(until, "job", result.sentence, told=False, firm=True)
