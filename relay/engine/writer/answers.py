"""What a call's answer means for each change order in it, recorded before anything else is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from relay.domain.failures import CallFailure
from relay.domain.outcomes import OutcomeKind
from relay.engine.crash_points import CrashPoint, reached
from relay.engine.writer import doubting, failing, holding, settling
from relay.engine.writer.agenda import Sleep
from relay.engine.writer.books import Draft
from relay.engine.writer.calls import Calls, Ended
from relay.engine.writer.carrier import (
    Absent,
    Accepted,
    Done,
    Learned,
    Pending,
    Refuse,
    Result,
    Review,
    Send,
    Task,
    Unknown,
)
from relay.engine.writer.desk import Desk
from relay.engine.writer.learning import after_doubt, as_sent, entry_of, learn, merged
from relay.engine.writer.planning import lateness
from relay.engine.writer.telling import Telling


def take_answer(desk: Desk, calls: Calls, ended: Ended) -> None:
    """Records everything that the call taught, in one transaction."""
    reached(CrashPoint.WRITER_AFTER_CALL)
    results = ended.results
    if isinstance(results, CallFailure):
        failing.failed(desk, calls, ended, results)
        return
    holding.served(desk, ended.batch.tenant)
    if ended.group.writes:
        _record(desk, ended, results)
    else:
        _learned(desk, ended, results)


def _record(desk: Desk, ended: Ended, results: Mapping[str, Result]) -> None:
    draft = desk.books.draft()
    after: list[tuple[Task[Any], Any]] = []
    doubtful: list[str] = []
    for task, send in zip(ended.batch.tasks, ended.batch.sends, strict=True):
        origin_id = task.command.origin_id
        result = results.get(origin_id) or Unknown(message="the answer does not name this record")
        if isinstance(result, Unknown):
            doubtful.append(origin_id)
            doubting.doubt(desk, draft, task, result, counts=True, alone=len(ended.batch.tasks) == 1)
        else:
            after += _result(desk, draft, task, send, result)
    desk.record(draft)
    _go_on(desk, ended, after)
    for origin_id in doubtful:
        doubting.rest(desk, origin_id)


def _learned(desk: Desk, ended: Ended, results: Mapping[str, Result]) -> None:
    """A reading step: most teach only the carrier; a read-back resolves an intent."""
    draft = desk.books.draft()
    after: list[tuple[Task[Any], Any]] = []
    for task, send in zip(ended.batch.tasks, ended.batch.sends, strict=True):
        result = results.get(task.command.origin_id, Learned())
        if isinstance(result, Absent) and (left := lateness(desk, task)) > 0:
            after.append((task, doubting.not_yet(desk, left)))
        elif isinstance(result, Unknown):
            doubting.rest(desk, task.command.origin_id)
        elif not isinstance(result, Learned):
            after += _result(desk, draft, task, send, result)
    if not draft.is_empty:
        desk.record(draft)
    _go_on(desk, ended, after)


def _go_on(desk: Desk, ended: Ended, after: list[tuple[Task[Any], Any]]) -> None:
    """After the commit: everybody is free again; those who must wait are put to sleep."""
    for task in ended.batch.tasks:
        desk.agenda.free(task.command.origin_id)
    for task, wait in after:
        if isinstance(wait, Sleep):
            desk.agenda.sleep(task.command.origin_id, wait)


def _result(desk: Desk, draft: Draft, task: Task[Any], send: Send, result: Result) -> list[tuple[Task[Any], Any]]:
    """Puts one result into the draft. Returns what is to be done after the commit."""
    origin_id = task.command.origin_id
    holding.admitted(desk, draft, task)
    if isinstance(result, Accepted):
        _accepted(desk, draft, task, send, result)
    elif isinstance(result, Absent):
        _absent(desk, draft, task, result)
    elif isinstance(result, Pending):
        return _pending(desk, draft, task, result)
    elif isinstance(result, Refuse | Review):
        doubting.note_sent(desk, draft, task, keep=isinstance(result, Review))
        settling.end(desk, draft, origin_id, result)
    return []


def _accepted(desk: Desk, draft: Draft, task: Task[Any], send: Send, result: Accepted) -> None:
    command, origin_id = task.command, task.command.origin_id
    entry = learn(entry_of(draft, task), result)
    if send.writes or task.intent is not None:
        entry = as_sent(entry, command)
    entry = after_doubt(desk, draft, entry)
    draft.put_entry(entry)
    draft.put_intent(origin_id, None)
    if result.parts or result.removed:
        _touch(draft, origin_id)
    if result.refusal is not None:
        settling.end(desk, draft, origin_id, result.refusal)
        return
    _settle_if_done(desk, draft, origin_id)


def _touch(draft: Draft, origin_id: str) -> None:
    current, waiting = draft.current(origin_id), draft.waiting(origin_id)
    if current is not None:
        draft.put_current(origin_id, replace(current, touched=True))
    elif waiting is not None:  # What a reading step found is the waiting command's, too.
        draft.put_waiting(origin_id, replace(waiting, touched=True))


def _settle_if_done(desk: Desk, draft: Draft, origin_id: str) -> None:
    """Record and settle in one transaction where nothing is left to send."""
    if draft.waiting(origin_id) is not None:
        return  # The newer command is carried instead; whether anything is left is its question.
    task = desk.task(origin_id, draft)
    plan = desk.plan(task) if task else None
    if isinstance(plan, Done | Refuse | Review):
        settling.end(desk, draft, origin_id, plan)


def _absent(desk: Desk, draft: Draft, task: Task[Any], result: Absent) -> None:
    entry = entry_of(draft, task)
    learned = replace(entry, remote=merged(entry.remote, result.remote))
    learned = after_doubt(desk, draft, learned)
    if learned != entry or draft.entry(entry.origin_id) is None:
        draft.put_entry(learned)
    draft.put_intent(task.command.origin_id, None)


def _pending(desk: Desk, draft: Draft, task: Task[Any], result: Pending) -> list[tuple[Task[Any], Any]]:
    intent = draft.intent(task.command.origin_id)
    if intent is not None and result.job_id is not None and intent.job_id is None:
        now = desk.clock.now()
        draft.put_intent(intent.origin_id, replace(intent, job_id=result.job_id, job_since=now))
        told = Telling(
            kind=OutcomeKind.SUBMITTED,
            sentence=result.sentence or None,
            occasion=result.job_id,
            reason=f"job {result.job_id}",
        )
        desk.tell(draft, task.command, told)
    until = desk.clock.running() + result.seconds
    return [(task, Sleep(until, "job", result.sentence, told=False, firm=True))]
