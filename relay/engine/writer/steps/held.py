"""Whoever has waited long for something other than a rate limit is told once why: an outcome ``held``."""

from __future__ import annotations

from dataclasses import replace

from relay.domain import identity
from relay.domain.ledger import HoldKind, Intent, Waiting
from relay.domain.outcomes import OutcomeKind
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import UnitOfWork


def report_long_waits(state: PartitionState) -> None:
    """An outcome ``held`` for whoever has waited long for something other than a rate limit."""
    work = state.begin()
    for origin_id, sleep in state.scheduler.delayed():
        if sleep.told:
            _report_held(state, work, origin_id, sleep)
    for origin_id, group in state.scheduler.scheduled():
        hold = state.holds.on(group.tenant, *_scopes(state, origin_id))
        if hold is None:
            _report_queued(state, work, origin_id)
        elif hold.kind is not HoldKind.THROTTLED:
            _report_held(state, work, origin_id, Delay(0, hold.reason, hold.sentence))
    if not work.is_empty:
        state.commit(work, CrashPoint.WRITER_BEFORE_HOLD_COMMIT, CrashPoint.WRITER_AFTER_HOLD_COMMIT)


def _report_queued(state: PartitionState, work: UnitOfWork, origin_id: str) -> None:
    """A line that moves is no news, however long it is: only one whose head has stood still for long."""
    ahead = state.scheduler.claim_holder(origin_id)
    if ahead is None or not _stands_still(state, work.intent(ahead)):
        return
    task = state.task(origin_id, work)
    if task is not None:
        why = queued_sentence(ahead, task.command.destination.name)
        _report_held(state, work, origin_id, Delay(0, BEHIND_SUBMISSION, why))


def _stands_still(state: PartitionState, ahead: Intent | None) -> bool:
    return ahead is not None and (state.clock.now() - ahead.intended_at).total_seconds() >= state.timing.told_held_after


def _scopes(state: PartitionState, origin_id: str) -> tuple[str, ...]:
    task = state.task(origin_id, state.begin())
    return (state.adapter.destination_scope(task),) if task else ()


def _report_held(state: PartitionState, work: UnitOfWork, origin_id: str, sleep: Delay) -> None:
    current, waiting = work.current(origin_id), work.waiting(origin_id)
    record: Waiting | None = current or waiting
    if record is None or record.held_told:
        return
    if (state.clock.now() - record.received_at).total_seconds() < state.timing.told_held_after:
        return
    command = state.command(record.command)
    state.add_outcome(
        work, command, OutcomeDetails(kind=OutcomeKind.HELD, reason=sleep.reason, sentence=sleep.sentence)
    )
    told = replace(record, held_told=True)
    (work.put_current if current else work.put_waiting)(origin_id, told)


BEHIND_SUBMISSION = "behind_submission"
"""Why a change order waits in whose way another's open submission stands."""


def queued_sentence(ahead: str, destination: str) -> str:
    """``ahead`` is the origin id whose submission to ``destination`` is open."""
    return (
        f"It waits behind the submission of {change_order_of(ahead)} to {destination}, which has not ended: one "
        "submission to a purchase order is open at a time. It goes on by itself."
    )


def change_order_of(origin_id: str) -> str:
    """The change order's key of an origin id."""
    named = identity.root_of(origin_id)
    return named[0] if named else origin_id
