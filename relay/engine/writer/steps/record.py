"""What a call's answer means for each change order in it, recorded before anything else is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from relay.domain.failures import CallFailure
from relay.domain.outcomes import OutcomeKind
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


def record_answers(desk: PartitionState, calls: InFlightCalls, arrived: Sequence[CallCompleted]) -> None:
    """Records everything that these calls taught, in as few transactions as their size allows."""
    for _ in arrived:
        reached(CrashPoint.WRITER_AFTER_CALL)
    answered = [ended for ended in arrived if not isinstance(ended.results, CallFailure)]
    for together in _transactions(answered):
        _record(desk, together)
    for ended in arrived:
        if isinstance(ended.results, CallFailure):
            failed_calls.record_failure(desk, calls, ended, ended.results)


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


def _record(desk: PartitionState, together: list[CallCompleted]) -> None:
    """One transaction; after it everybody is free again, but for those who must wait."""
    draft = desk.begin()
    after = _Delays()
    for ended in together:
        hold.reset_failures(desk, ended.batch.tenant, ended.batch.step, ended.batch.batch)
        take = _record_written if ended.group.writes else _record_read
        for task, send in zip(ended.batch.tasks, ended.batch.calls, strict=True):
            take(desk, draft, ended, task, send, after)
    if not draft.is_empty:
        desk.record(draft)
    for ended in together:
        for task in ended.batch.tasks:
            desk.scheduler.make_ready(task.command.origin_id)
    for origin_id, sleep in after.sleeps:
        desk.scheduler.delay(origin_id, sleep)
    for origin_id in after.doubtful:
        in_doubt.delay_in_doubt(desk, origin_id)


def _record_written(desk: PartitionState, draft: UnitOfWork, ended: CallCompleted, task: Task[Any], send: PlannedCall, after: _Delays) -> None:
    origin_id = task.command.origin_id
    result = _results(ended).get(origin_id) or Unknown(message="the answer does not name this record")
    if isinstance(result, Unknown):
        after.doubtful.append(origin_id)
        in_doubt.mark_in_doubt(desk, draft, task, result, counts=True, alone=len(ended.batch.tasks) == 1)
    else:
        _record_result(desk, draft, task, send, result, after)


def _record_read(desk: PartitionState, draft: UnitOfWork, ended: CallCompleted, task: Task[Any], send: PlannedCall, after: _Delays) -> None:
    """A reading step: most teach only the carrier; a read-back resolves an intent."""
    origin_id = task.command.origin_id
    result = _results(ended).get(origin_id, ReadDone())
    if isinstance(result, NotApplied) and (left := lateness(desk, task)) > 0:
        after.sleeps.append((origin_id, in_doubt.delay_not_found(desk, left)))
    elif isinstance(result, Unknown):
        after.doubtful.append(origin_id)
    elif not isinstance(result, ReadDone):
        _record_result(desk, draft, task, send, result, after)


def _results(ended: CallCompleted) -> Mapping[str, Result]:
    if isinstance(ended.results, CallFailure):
        raise ended.results
    return ended.results


def _record_result(desk: PartitionState, draft: UnitOfWork, task: Task[Any], send: PlannedCall, result: Result, after: _Delays) -> None:
    """Puts one result into the draft."""
    origin_id = task.command.origin_id
    hold.settle_destination_hold(desk, draft, task)
    if isinstance(result, Accepted):
        _record_accepted(desk, draft, task, send, result)
    elif isinstance(result, NotApplied):
        _record_not_applied(desk, draft, task, result)
    elif isinstance(result, Pending):
        after.sleeps.append((origin_id, _record_pending(desk, draft, task, result)))
    elif isinstance(result, Reject | NeedsReview):
        in_doubt.record_sent(desk, draft, task, keep=isinstance(result, NeedsReview))
        settle.settle(desk, draft, origin_id, result)


def _record_accepted(desk: PartitionState, draft: UnitOfWork, task: Task[Any], send: PlannedCall, result: Accepted) -> None:
    command, origin_id = task.command, task.command.origin_id
    entry = with_accepted(entry_of(draft, task), result)
    if send.writes or task.intent is not None:
        entry = with_sent_version(entry, command)
    entry = with_quarantine(desk, draft, entry)
    draft.put_entry(entry)
    draft.put_intent(origin_id, None)
    if result.parts or result.removed:
        _touch(draft, origin_id)
    if result.refusal is not None:
        settle.settle(desk, draft, origin_id, result.refusal)
        return
    _settle_if_done(desk, draft, origin_id)


def _touch(draft: UnitOfWork, origin_id: str) -> None:
    current, waiting = draft.current(origin_id), draft.waiting(origin_id)
    if current is not None:
        draft.put_current(origin_id, replace(current, touched=True))
    elif waiting is not None:  # What a reading step found is the waiting command's, too.
        draft.put_waiting(origin_id, replace(waiting, touched=True))


def _settle_if_done(desk: PartitionState, draft: UnitOfWork, origin_id: str) -> None:
    """Record and settle in one transaction where nothing is left to send."""
    if draft.waiting(origin_id) is not None:
        return  # The newer command is carried instead; whether anything is left is its question.
    task = desk.task(origin_id, draft)
    plan = desk.plan(task) if task else None
    if isinstance(plan, Done | Reject | NeedsReview):
        settle.settle(desk, draft, origin_id, plan)


def _record_not_applied(desk: PartitionState, draft: UnitOfWork, task: Task[Any], result: NotApplied) -> None:
    entry = entry_of(draft, task)
    learned = replace(entry, remote=merged(entry.remote, result.remote))
    learned = with_quarantine(desk, draft, learned)
    if learned != entry or draft.entry(entry.origin_id) is None:
        draft.put_entry(learned)
    draft.put_intent(task.command.origin_id, None)


def _record_pending(desk: PartitionState, draft: UnitOfWork, task: Task[Any], result: Pending) -> Delay:
    intent = draft.intent(task.command.origin_id)
    if intent is not None and result.job_id is not None and intent.job_id is None:
        now = desk.clock.now()
        draft.put_intent(intent.origin_id, replace(intent, job_id=result.job_id, job_since=now))
        told = OutcomeDetails(
            kind=OutcomeKind.SUBMITTED,
            sentence=result.sentence or None,
            occasion=result.job_id,
            reason=f"job {result.job_id}",
        )
        desk.add_outcome(draft, task.command, told)
    until = desk.clock.running() + result.seconds
    return Delay(until, "job", result.sentence, told=False, firm=True)
