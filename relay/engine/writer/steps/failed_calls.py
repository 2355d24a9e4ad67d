"""Calls that failed as a whole, by what may be done about it; and what the probes after them showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

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
from relay.domain.ledger import HoldKind
from relay.domain.letters import DEFECT
from relay.engine.telemetry import events
from relay.engine.writer.adapter import C, PlannedCall, Reject, Task, Unknown
from relay.engine.writer.in_flight import CallFailed, InFlightCalls, ProbeCompleted
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps import hold
from relay.engine.writer.steps.in_doubt import delay_in_doubt, follow_refusal, mark_in_doubt
from relay.engine.writer.steps.settle import settle_defect

_log = structlog.get_logger(__name__)

_UNENDED = (
    "The remote system refuses it, and the relay itself failed over saying so; the log holds the details. It is tried "
    "again every minute. Report it."
)


def record_failure(state: PartitionState[C], calls: InFlightCalls[C], failed: CallFailed[C]) -> None:
    """Decides what becomes of a call's change orders, by the class of its failure. Raises ``CommitFailed``."""
    tenant, step = failed.batch.tenant, failed.batch.step
    match failed.failure:
        case Throttled() as failure:
            hold.hold_tenant_until(state, tenant, failure)
            _close_new_intents(state, failed)
            _make_ready(state, failed)
        case Unavailable() as failure:
            hold.hold_host(state, tenant, failure, step)
            _close_new_intents(state, failed)
            _delay_repeated(state, failed)
        case TenantBlocked() as failure:
            hold.hold_blocked_tenant(state, tenant, failure, step)
            _close_new_intents(state, failed)
            _delay_repeated(state, failed)
        case Rejected() as failure:
            _reject(state, failed, failure)
        case Denied():
            _close_new_intents(state, failed)
            calls.probe_after(state.adapter, failed)
        case _:
            _mark_lost(state, calls, failed)


def _close_new_intents(state: PartitionState[C], failed: CallFailed[C]) -> None:
    """Closes the intents of a call that certainly was not applied, so that the newest version goes next.

    Those that were open before the call stay: they tell of an earlier one, which may have been applied.
    """
    if not failed.key.writes:
        return
    work = state.begin()
    for task in failed.batch.tasks:
        if task.intent is None:
            work.put_intent(task.command.origin_id, None)
    if not work.is_empty:
        state.commit(work, TransactionKind.RECORD)


def _make_ready(state: PartitionState[C], failed: CallFailed[C]) -> None:
    for task in failed.batch.tasks:
        state.scheduler.make_ready(task.command.origin_id)


def _delay_repeated(state: PartitionState[C], failed: CallFailed[C]) -> None:
    """Delays those whose call fails again and again while probes succeed, so that it is not repeated without end."""
    repetitions = state.history.call_failed(failed.key.call) - 1
    if repetitions == 0:  # It may be the remote.
        _make_ready(state, failed)
        return
    failure = failed.failure
    kind = HoldKind.TENANT_BLOCKED if isinstance(failure, TenantBlocked) else HoldKind.UNAVAILABLE
    delay = Delay(state.running_in(state.timing.backoff.seconds(repetitions)), kind.value, failure.message)
    for task in failed.batch.tasks:
        state.scheduler.delay(task.command.origin_id, delay)


def _reject(state: PartitionState[C], failed: CallFailed[C], failure: Rejected) -> None:
    """Refused as a whole: alone it is the record's fault; in company the halves are tried.

    What several wait to read is the same for each of them: no half of it would be answered otherwise.
    """
    tasks = failed.batch.tasks
    if not failed.key.writes and any(task.intent is not None for task in tasks):
        _delay_repeated(state, failed)  # A look that is refused tells nothing of what may have been written.
        return
    if failed.key.writes and len(tasks) > 1:
        _halve(state, failed)
        _close_new_intents(state, failed)
        _make_ready(state, failed)
        return
    work = state.begin()
    reject = Reject(reason=failure.reason, sentence=failure.message, remote_answer=failure.remote_answer)
    for task, call in zip(tasks, failed.batch.calls, strict=True):
        state.work_on(
            work,
            task.command.origin_id,
            partial(_end_refused, state, task=task, call=call, reject=reject),
            partial(_end_defect, state, task=task),
        )
    state.commit(work, TransactionKind.RECORD)
    _make_ready(state, failed)
    _delay_unended(state, tasks)


def _end_refused(state: PartitionState[C], work: UnitOfWork, task: Task[C], call: PlannedCall, reject: Reject) -> None:
    follow_refusal(state, work, work.order(task.command.origin_id), task, call, reject)


def _end_defect(state: PartitionState[C], work: UnitOfWork, error: Exception, task: Task[C]) -> None:
    """A refused record over whose end the relay itself failed: a letter says so, or it waits alone."""
    if task.intent is None:  # It was refused for certain: nothing of it is under way.
        work.put_intent(task.command.origin_id, None)
    settle_defect(state, work, task.command.origin_id, error)


def _delay_unended(state: PartitionState[C], tasks: Sequence[Task[C]]) -> None:
    """Delays those whose end could not be written at all: sent again at once, they would be refused without end.

    Of those whose open intent has ended, what an earlier call has made is looked for.
    """
    for task in tasks:
        order = state.store.order(task.command.origin_id)
        if task.intent is not None and order.open_intent is None:
            continue
        record = order.record
        if record is not None and record.command_id == task.command.command_id:
            until = state.running_in(state.timing.backoff.longest)
            state.scheduler.delay(task.command.origin_id, Delay(until, DEFECT, _UNENDED))


def _halve(state: PartitionState[C], failed: CallFailed[C]) -> None:
    """Plans twice as many calls, each half the size, until the record that spoils them is alone."""
    size = len(failed.batch.tasks)
    most = max(call.most for call in failed.batch.calls)
    halvings = failed.key.halvings
    while most >> halvings >= size:
        halvings += 1
    for task in failed.batch.tasks:
        state.scheduler.halve(task.command.origin_id, halvings)


def _mark_lost(state: PartitionState[C], calls: InFlightCalls[C], failed: CallFailed[C]) -> None:
    """What became of it is unknown. Whether it counts depends on whether the host serves others."""
    batch, failure = failed.batch, failed.failure
    _log.warning(
        events.ANSWER_LOST,
        tenant=batch.tenant,
        step=batch.step,
        records=len(batch.tasks),
        message=failure.message,
    )
    if not failed.key.writes:
        hold.hold_host(state, batch.tenant, failure, batch.step)
        _delay_repeated(state, failed)
        return
    work = state.begin()
    unknown = Unknown(message=failure.message, remote_answer=failure.remote_answer)
    for task in batch.tasks:
        _mark(state, work, task, unknown, suspect=False)
    state.commit(work, TransactionKind.RECORD)
    calls.probe_after(state.adapter, failed)


def _mark(state: PartitionState[C], work: UnitOfWork, task: Task[C], unknown: Unknown, *, suspect: bool) -> None:
    origin_id = task.command.origin_id

    def mark(own: UnitOfWork) -> None:
        mark_in_doubt(state, own, own.order(origin_id), task, unknown, suspect=suspect)

    state.work_on(work, origin_id, mark, partial(_stay_in_doubt, state, origin_id=origin_id))


def _stay_in_doubt(state: PartitionState[C], work: UnitOfWork, error: Exception, origin_id: str) -> None:
    """Where not even the question to a person can be written, it stays in doubt, and its neighbours go on."""
    intent = work.order(origin_id).intent
    if intent is not None:
        work.put_intent(origin_id, replace(intent, ambiguous_at=state.clock.now()))


# -- what a probe showed


def record_probe(state: PartitionState[C], calls: InFlightCalls[C], probed: ProbeCompleted[C]) -> None:
    """Decides what follows from a probe. Raises ``CommitFailed``."""
    failed = probed.about
    if failed is None:
        hold.end_or_prolong(state, probed.scope, probed.failure)
    elif not isinstance(failed.failure, Denied):
        _after_lost_answer(state, failed, probed.failure)
    elif probed.of_destination:
        _after_probed_destination(state, probed, failed, failed.failure)
    else:
        _after_probed_tenant(state, calls, failed, probed.failure)


def _after_lost_answer(state: PartitionState[C], failed: CallFailed[C], failure: CallFailure | None) -> None:
    """While the host serves others, the batch is suspect; else the host is held."""
    if failure is not None:
        hold.hold_tenant(state, failed.batch.tenant, failure)
    else:
        _suspect(state, failed)
    for task in failed.batch.tasks:
        delay_in_doubt(state, task.command.origin_id)


def _suspect(state: PartitionState[C], failed: CallFailed[C]) -> None:
    """Halves the batch; where it is a single change order, counts a doubt about it."""
    if len(failed.batch.tasks) > 1:
        _halve(state, failed)
        return
    work = state.begin()
    failure = failed.failure
    message = failure.message if isinstance(failure, Ambiguous) else "no readable answer"
    task = failed.batch.tasks[0]
    _mark(state, work, task, Unknown(message=message), suspect=True)
    state.commit(work, TransactionKind.RECORD)


def _after_probed_tenant(
    state: PartitionState[C], calls: InFlightCalls[C], failed: CallFailed[C], failure: CallFailure | None
) -> None:
    """A refused call: where the tenant is served, its destination is probed next."""
    tenant, task = failed.batch.tenant, failed.batch.tasks[0]
    if failure is None:
        scope = scope_of(tenant, state.adapter.destination_scope(task))
        calls.probe_destination_after(state.adapter, failed, scope, task)
    else:
        hold.hold_tenant(state, tenant, failure)
        _make_ready(state, failed)


def _after_probed_destination(
    state: PartitionState[C], probed: ProbeCompleted[C], failed: CallFailed[C], denied: Denied
) -> None:
    """A refused call: where the destination is served too, it is the record that is refused."""
    task = failed.batch.tasks[0]
    if probed.failure is None:
        reason = f"{task.command.system}.denied"
        _reject(state, failed, Rejected(reason, denied.message, remote_answer=denied.remote_answer))
        return
    if isinstance(probed.failure, Denied | Rejected):
        hold.hold_destination(state, probed.scope, task, probed.failure)
    else:
        hold.hold_tenant(state, failed.batch.tenant, probed.failure)
    _make_ready(state, failed)
