"""What a call's answer means for each change order in it, recorded before anything else is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from relay.domain.failures import (
    Ambiguous,
    CallFailure,
    Denied,
    Rejected,
    TenantBlocked,
    Throttled,
    Unavailable,
)
from relay.domain.ledger import HoldKind, Intent, LedgerEntry, Part
from relay.domain.outcomes import OutcomeKind
from relay.engine.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from relay.engine.writer import holding, settling
from relay.engine.writer.agenda import Sleep
from relay.engine.writer.books import Draft
from relay.engine.writer.calls import Calls, Ended, Probed
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
from relay.engine.writer.desk import Desk, new_entry, with_destination
from relay.engine.writer.planning import lateness
from relay.engine.writer.telling import Telling

_log = structlog.get_logger(__name__)


def take_answer(desk: Desk, calls: Calls, ended: Ended) -> None:
    """Records everything that the call taught, in one transaction."""
    reached(CrashPoint.WRITER_AFTER_CALL)
    results = ended.results
    if isinstance(results, CallFailure):
        _failed(desk, calls, ended, results)
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
            _doubt(desk, draft, task, result, counts=True, alone=len(ended.batch.tasks) == 1)
        else:
            after += _result(desk, draft, task, send, result)
    _commit(desk, draft)
    _go_on(desk, ended, after)
    for origin_id in doubtful:
        _rest(desk, origin_id)


def _learned(desk: Desk, ended: Ended, results: Mapping[str, Result]) -> None:
    """A reading step: most teach only the carrier; a read-back resolves an intent."""
    draft = desk.books.draft()
    after: list[tuple[Task[Any], Any]] = []
    for task, send in zip(ended.batch.tasks, ended.batch.sends, strict=True):
        result = results.get(task.command.origin_id, Learned())
        if isinstance(result, Absent) and (left := lateness(desk, task)) > 0:
            after.append((task, _not_yet(desk, left)))
        elif isinstance(result, Unknown):
            _rest(desk, task.command.origin_id)
        elif not isinstance(result, Learned):
            after += _result(desk, draft, task, send, result)
    if not draft.is_empty:
        _commit(desk, draft)
    _go_on(desk, ended, after)


def _not_yet(desk: Desk, left: float) -> Sleep:
    """Not found proves nothing while the lost request may still arrive: it is read again then."""
    words = "A request whose answer was lost may still arrive; it is looked for again when that is impossible."
    return Sleep(desk.clock.running() + left, HoldKind.QUARANTINE.value, words, told=False, firm=True)


def _commit(desk: Desk, draft: Draft) -> None:
    desk.commit(draft, CrashPoint.WRITER_BEFORE_RECORD_COMMIT, CrashPoint.WRITER_AFTER_RECORD)


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
        _close(desk, draft, task, keep=isinstance(result, Review))
        settling.end(desk, draft, origin_id, result)
    return []


def _entry(draft: Draft, task: Task[Any]) -> LedgerEntry:
    command = task.command
    return with_destination(draft.entry(command.origin_id), command) or new_entry(command)


def _accepted(desk: Desk, draft: Draft, task: Task[Any], send: Send, result: Accepted) -> None:
    command, origin_id = task.command, task.command.origin_id
    entry = learn(_entry(draft, task), result)
    if send.writes or task.intent is not None:
        entry = _as_sent(entry, command)
    entry = _after_doubt(desk, draft, entry)
    draft.put_entry(entry)
    draft.put_intent(origin_id, None)
    if result.parts or result.removed:
        _touch(draft, origin_id)
    if result.refusal is not None:
        settling.end(desk, draft, origin_id, result.refusal)
        return
    _settle_if_done(desk, draft, origin_id)


def learn(entry: LedgerEntry, result: Accepted) -> LedgerEntry:
    """The entry after what the remote accepted."""
    parts = {name: part for name, part in entry.parts.items() if name not in result.removed}
    for name, value in result.parts.items():
        kept = entry.parts.get(name)
        person = kept is not None and kept.person and name not in result.parts
        parts[name] = Part(hash=value, person=person or name in result.person)
    for name in result.person - set(result.parts):
        if name in parts:
            parts[name] = replace(parts[name], person=True)
    return replace(entry, parts=parts, remote=_merged(entry.remote, result.remote))


def _merged(known: Mapping[str, str], news: Mapping[str, str]) -> dict[str, str]:
    merged = {**known, **news}
    return {name: value for name, value in merged.items() if value != ""}


def _as_sent(entry: LedgerEntry, command: Any) -> LedgerEntry:
    if entry.sent_sequence is not None and entry.sent_sequence > command.sequence:
        return entry
    return replace(entry, sent_sequence=command.sequence, sent_payload_hash=command.payload_hash)


def _after_doubt(desk: Desk, draft: Draft, entry: LedgerEntry) -> LedgerEntry:
    """A lost request may be applied late: different bytes wait until that is impossible."""
    intent = draft.intent(entry.origin_id)
    if intent is None or intent.ambiguous_at is None:
        return entry
    until = intent.ambiguous_at + timedelta(seconds=desk.timing.quarantine)
    later = until if entry.different_after is None else max(until, entry.different_after)
    return replace(entry, different_after=later)


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
    entry = _entry(draft, task)
    learned = replace(entry, remote=_merged(entry.remote, result.remote))
    learned = _after_doubt(desk, draft, learned)
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


def _close(desk: Desk, draft: Draft, task: Task[Any], *, keep: bool) -> None:
    """The call was answered: what may have been sent is noted before the intent goes."""
    if not keep:
        return
    entry = _as_sent(_entry(draft, task), task.command)
    draft.put_entry(_after_doubt(desk, draft, entry))


# -- failures of whole calls


def _failed(desk: Desk, calls: Calls, ended: Ended, failure: CallFailure) -> None:
    tenant = ended.batch.tenant
    if isinstance(failure, Throttled):
        holding.throttled(desk, tenant, failure)
        _not_sent(desk, ended)
    elif isinstance(failure, Unavailable):
        holding.unavailable(desk, tenant, failure)
        _not_sent(desk, ended)
    elif isinstance(failure, TenantBlocked):
        holding.blocked(desk, tenant, failure)
        _not_sent(desk, ended)
    elif isinstance(failure, Rejected):
        _rejected(desk, ended, failure)
    elif isinstance(failure, Denied):
        _not_sent(desk, ended, free=False)
        calls.probe(desk, tenant, ended.batch.tasks[0], about=ended)
    else:
        _lost(desk, calls, ended, failure)


def _not_sent(desk: Desk, ended: Ended, *, free: bool = True) -> None:
    """It certainly was not applied: the intents are closed, and the newest version goes next."""
    if ended.group.writes:
        draft = desk.books.draft()
        for task in ended.batch.tasks:
            if task.intent is None:
                draft.put_intent(task.command.origin_id, None)
        if not draft.is_empty:
            _commit(desk, draft)
    if free:
        for task in ended.batch.tasks:
            desk.agenda.free(task.command.origin_id)


def _rejected(desk: Desk, ended: Ended, failure: Rejected) -> None:
    """Refused as a whole: alone it is the record's fault; in company the halves are tried."""
    tasks = ended.batch.tasks
    if len(tasks) > 1:
        _halve(desk, ended)
        _not_sent(desk, ended)
        return
    draft = desk.books.draft()
    refuse = Refuse(reason=failure.reason, sentence=failure.message, remote_answer=failure.remote_answer)
    settling.end(desk, draft, tasks[0].command.origin_id, refuse)
    _commit(desk, draft)
    desk.agenda.free(tasks[0].command.origin_id)


def _halve(desk: Desk, ended: Ended) -> None:
    """Twice as many calls, each half the size, until the poison is alone."""
    size = len(ended.batch.tasks)
    most = max(send.most for send in ended.batch.sends)
    level = ended.group.level
    while most >> level >= size:
        level += 1
    for task in ended.batch.tasks:
        desk.levels[task.command.origin_id] = level


def _lost(desk: Desk, calls: Calls, ended: Ended, failure: CallFailure) -> None:
    """Nobody knows what became of it. Whether it counts depends on whether the host serves others."""
    _log.warning(
        events.ANSWER_LOST,
        tenant=ended.batch.tenant,
        step=ended.batch.step,
        records=len(ended.batch.tasks),
        message=failure.message,
    )
    if not ended.group.writes:
        holding.unavailable(desk, ended.batch.tenant, failure)
        for task in ended.batch.tasks:
            desk.agenda.free(task.command.origin_id)
        return
    draft = desk.books.draft()
    for task in ended.batch.tasks:
        _doubt(desk, draft, task, Unknown(message=failure.message, remote_answer=failure.remote_answer), counts=False)
    _commit(desk, draft)
    calls.probe(desk, ended.batch.tenant, ended.batch.tasks[0], about=ended)


def _doubt(
    desk: Desk,
    draft: Draft,
    task: Task[Any],
    unknown: Unknown,
    *,
    counts: bool,
    alone: bool = False,
) -> None:
    intent = draft.intent(task.command.origin_id)
    if intent is None:
        return
    doubts = intent.doubts + (1 if counts and alone else 0)
    intent = replace(intent, ambiguous_at=desk.clock.now(), doubts=doubts)
    draft.put_intent(intent.origin_id, intent)
    if doubts >= desk.timing.lone_doubts:
        _give_up(desk, draft, task, unknown, intent)


def _give_up(desk: Desk, draft: Draft, task: Task[Any], unknown: Unknown, intent: Intent) -> None:
    command = task.command
    _close(desk, draft, task, keep=True)
    sentence = (
        f"Whether {command.system} has taken the step '{intent.step}' of this change order is unknown after "
        f"{intent.doubts} attempts ({unknown.message}). Look at the record there, then say `cor letters adopt` "
        "if it is right, or `cor letters resubmit` to have it sent once more."
    )
    review = Review(reason=f"{command.system}.in_doubt", sentence=sentence)
    settling.end(desk, draft, command.origin_id, review)


def _rest(desk: Desk, origin_id: str) -> None:
    """In doubt: it waits a little, and only it."""
    intent = desk.books.draft().intent(origin_id)
    if intent is None:
        desk.agenda.free(origin_id)
        return
    seconds = desk.backoff(intent.doubts)
    words = "The answer of the remote system was lost; the record is read back before anything else."
    until = desk.clock.running() + seconds
    desk.agenda.sleep(origin_id, Sleep(until, HoldKind.DOUBT.value, words, firm=True))


# -- probes


def take_probe(desk: Desk, calls: Calls, probed: Probed) -> None:
    """What a probe showed."""
    if probed.about is None:
        holding.probed(desk, probed.scope, probed.failure)
    elif isinstance(probed.about.results, Denied):
        _denied(desk, calls, probed, probed.about, probed.about.results)
    else:
        _host_told(desk, probed, probed.about)


def _host_told(desk: Desk, probed: Probed, ended: Ended) -> None:
    """After a lost answer: while the host serves others, the batch is suspect; else the host is held."""
    if probed.failure is not None:
        holding.by_failure(desk, ended.batch.tenant, probed.failure)
    else:
        _count_doubts(desk, ended)
    for task in ended.batch.tasks:
        _rest(desk, task.command.origin_id)


def _count_doubts(desk: Desk, ended: Ended) -> None:
    alone = len(ended.batch.tasks) == 1
    if not alone:
        _halve(desk, ended)
        return
    draft = desk.books.draft()
    failure = ended.results
    message = failure.message if isinstance(failure, Ambiguous) else "no readable answer"
    _doubt(desk, draft, ended.batch.tasks[0], Unknown(message=message), counts=True, alone=True)
    _commit(desk, draft)


def _denied(desk: Desk, calls: Calls, probed: Probed, ended: Ended, failure: Denied) -> None:
    tenant, task = ended.batch.tenant, ended.batch.tasks[0]
    if not probed.wide:
        if probed.failure is not None:
            holding.by_failure(desk, tenant, probed.failure)
            _free_all(desk, ended)
            return
        scope = f"{tenant}/{desk.carrier.wide_scope(task)}"
        calls.probe(desk, scope, task, about=ended, wide=True)
        return
    if isinstance(probed.failure, Denied | Rejected):
        holding.denied(desk, probed.scope, task, probed.failure)
    elif probed.failure is not None:
        holding.by_failure(desk, tenant, probed.failure)
    else:
        reason = f"{task.command.system}.denied"
        _rejected(desk, ended, Rejected(reason, failure.message, remote_answer=failure.remote_answer))
    _free_all(desk, ended)


def _free_all(desk: Desk, ended: Ended) -> None:
    for task in ended.batch.tasks:
        desk.agenda.free(task.command.origin_id)


__all__ = ["learn", "take_answer", "take_probe"]
