"""Calls that failed as a whole, by what may be done about it; and what the probes after them showed."""

from __future__ import annotations

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
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Reject, Unknown
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.steps import hold, in_doubt, settle
from relay.engine.writer.steps.dispatch import CallCompleted, InFlightCalls, ProbeCompleted

_log = structlog.get_logger(__name__)


def record_failure(state: PartitionState, calls: InFlightCalls, ended: CallCompleted, failure: CallFailure) -> None:
    """What becomes of a call's change orders, by the class of its failure."""
    tenant = ended.batch.tenant
    if isinstance(failure, Throttled):
        hold.hold_tenant_until(state, tenant, failure)
        _not_sent(state, ended)
    elif isinstance(failure, Unavailable):
        hold.hold_host(state, tenant, failure, ended.batch.step)
        _not_sent(state, ended, free=False)
        _rest(state, ended, failure)
    elif isinstance(failure, TenantBlocked):
        hold.hold_blocked_tenant(state, tenant, failure, ended.batch.step)
        _not_sent(state, ended, free=False)
        _rest(state, ended, failure)
    elif isinstance(failure, Rejected):
        _rejected(state, ended, failure)
    elif isinstance(failure, Denied):
        _not_sent(state, ended, free=False)
        calls.probe(state, tenant, ended.batch.tasks[0], about=ended)
    else:
        _lost(state, calls, ended, failure)


def _not_sent(state: PartitionState, ended: CallCompleted, *, free: bool = True) -> None:
    """It certainly was not applied: the intents are closed, and the newest version goes next."""
    if ended.group.writes:
        work = state.begin()
        for task in ended.batch.tasks:
            if task.intent is None:
                work.put_intent(task.command.origin_id, None)
        if not work.is_empty:
            state.record(work)
    if free:
        _free_all(state, ended)


def _rest(state: PartitionState, ended: CallCompleted, failure: CallFailure) -> None:
    """Whoever waits for a call that fails again and again rests, so that it is not repeated without end."""
    seconds = hold.repeated_failure_delay(state, ended.batch.tenant, ended.batch.step, ended.batch.batch)
    if seconds <= 0:
        _free_all(state, ended)
        return
    kind = HoldKind.TENANT_BLOCKED if isinstance(failure, TenantBlocked) else HoldKind.UNAVAILABLE
    sleep = Delay(state.clock.running() + seconds, kind.value, failure.message)
    for task in ended.batch.tasks:
        state.scheduler.delay(task.command.origin_id, sleep)


def _rejected(state: PartitionState, ended: CallCompleted, failure: Rejected) -> None:
    """Refused as a whole: alone it is the record's fault; in company the halves are tried.

    What several wait to read is the same for each of them: no half of it would be answered otherwise.
    """
    tasks = ended.batch.tasks
    if not ended.group.writes and any(task.intent is not None for task in tasks):
        _rest(state, ended, failure)  # A look that is refused tells nothing of what may have been written.
        return
    if ended.group.writes and len(tasks) > 1:
        _halve(state, ended)
        _not_sent(state, ended)
        return
    work = state.begin()
    refuse = Reject(reason=failure.reason, sentence=failure.message, remote_answer=failure.remote_answer)
    for task in tasks:
        settle.settle(state, work, task.command.origin_id, refuse)
    state.record(work)
    for task in tasks:
        state.scheduler.make_ready(task.command.origin_id)


def _halve(state: PartitionState, ended: CallCompleted) -> None:
    """Twice as many calls, each half the size, until the poison is alone."""
    size = len(ended.batch.tasks)
    most = max(send.most for send in ended.batch.calls)
    level = ended.group.level
    while most >> level >= size:
        level += 1
    for task in ended.batch.tasks:
        state.batch_halvings[task.command.origin_id] = level


def _lost(state: PartitionState, calls: InFlightCalls, ended: CallCompleted, failure: CallFailure) -> None:
    """Nobody knows what became of it. Whether it counts depends on whether the host serves others."""
    _log.warning(
        events.ANSWER_LOST,
        tenant=ended.batch.tenant,
        step=ended.batch.step,
        records=len(ended.batch.tasks),
        message=failure.message,
    )
    if not ended.group.writes:
        hold.hold_host(state, ended.batch.tenant, failure, ended.batch.step)
        _rest(state, ended, failure)
        return
    work = state.begin()
    for task in ended.batch.tasks:
        in_doubt.mark_in_doubt(
            state, work, task, Unknown(message=failure.message, remote_answer=failure.remote_answer), counts=False
        )
    state.record(work)
    calls.probe(state, ended.batch.tenant, ended.batch.tasks[0], about=ended)


def take_probe(state: PartitionState, calls: InFlightCalls, probed: ProbeCompleted) -> None:
    """What a probe showed."""
    if probed.about is None:
        hold.take_probe(state, probed.scope, probed.failure)
    elif isinstance(probed.about.results, Denied):
        _denied(state, calls, probed, probed.about, probed.about.results)
    else:
        _host_told(state, probed, probed.about)


def _host_told(state: PartitionState, probed: ProbeCompleted, ended: CallCompleted) -> None:
    """After a lost answer: while the host serves others, the batch is suspect; else the host is held."""
    if probed.failure is not None:
        hold.hold_tenant(state, ended.batch.tenant, probed.failure)
    else:
        _count_doubts(state, ended)
    for task in ended.batch.tasks:
        in_doubt.delay_in_doubt(state, task.command.origin_id)


def _count_doubts(state: PartitionState, ended: CallCompleted) -> None:
    alone = len(ended.batch.tasks) == 1
    if not alone:
        _halve(state, ended)
        return
    work = state.begin()
    failure = ended.results
    message = failure.message if isinstance(failure, Ambiguous) else "no readable answer"
    in_doubt.mark_in_doubt(state, work, ended.batch.tasks[0], Unknown(message=message), counts=True, alone=True)
    state.record(work)


def _denied(
    state: PartitionState, calls: InFlightCalls, probed: ProbeCompleted, ended: CallCompleted, failure: Denied
) -> None:
    tenant, task = ended.batch.tenant, ended.batch.tasks[0]
    if not probed.wide:
        if probed.failure is not None:
            hold.hold_tenant(state, tenant, probed.failure)
            _free_all(state, ended)
            return
        scope = f"{tenant}/{state.adapter.destination_scope(task)}"
        calls.probe(state, scope, task, about=ended, wide=True)
        return
    if isinstance(probed.failure, Denied | Rejected):
        hold.hold_destination(state, probed.scope, task, probed.failure)
    elif probed.failure is not None:
        hold.hold_tenant(state, tenant, probed.failure)
    else:
        reason = f"{task.command.system}.denied"
        _rejected(state, ended, Rejected(reason, failure.message, remote_answer=failure.remote_answer))
        return
    _free_all(state, ended)


def _free_all(state: PartitionState, ended: CallCompleted) -> None:
    for task in ended.batch.tasks:
        state.scheduler.make_ready(task.command.origin_id)
