"""What has waited long for something other than a rate limit is told once why: an outcome ``held``."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.identity import change_order_key_of
from relay.domain.ledger import HoldKind, Intent
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import C
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import BatchKey
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork

BEHIND_SUBMISSION = "behind_submission"
"""Why a change order waits in whose way another's open submission stands."""


def report_long_waits(state: PartitionState[C]) -> None:
    """Commits an outcome ``held`` for what has waited longer than ``Timing.held_reported_after``."""
    work = state.begin()
    for origin_id, delay in state.scheduler.delayed():
        if delay.reported:
            _report_held(state, work, origin_id, delay.reason, delay.sentence)
    for origin_id, key in state.scheduler.scheduled():
        _report_scheduled(state, work, origin_id, key)
    if not work.is_empty:
        state.commit(work, TransactionKind.HOLD)


def _report_scheduled(state: PartitionState[C], work: UnitOfWork, origin_id: str, key: BatchKey) -> None:
    """What has its call planned waits for a hold, or for the submission before it."""
    task = state.task(work.order(origin_id))
    destinations = (state.adapter.destination_scope(task),) if task else ()
    hold = state.holds.on(key.tenant, *destinations)
    if hold is not None:
        if hold.kind is not HoldKind.THROTTLED:
            _report_held(state, work, origin_id, hold.reason, hold.sentence)
        return
    ahead = state.scheduler.claim_holder(origin_id)
    if task is not None and ahead is not None and _stands_still(state, work.order(ahead).intent):
        sentence = queued_sentence(ahead, task.command.destination.name)
        _report_held(state, work, origin_id, BEHIND_SUBMISSION, sentence)


def _stands_still(state: PartitionState[C], ahead: Intent | None) -> bool:
    """A line that moves is no news, however long it is: only one whose head has stood still for long."""
    if ahead is None:
        return False
    return (state.clock.now() - ahead.intended_at).total_seconds() >= state.timing.held_reported_after


def _report_held(state: PartitionState[C], work: UnitOfWork, origin_id: str, reason: str, sentence: str) -> None:
    order = work.order(origin_id)
    record = order.record
    if record is None or record.held_told:
        return
    if (state.clock.now() - record.received_at).total_seconds() < state.timing.held_reported_after:
        return
    state.add_outcome(work, record, OutcomeDetails(kind=OutcomeKind.HELD, reason=reason, sentence=sentence))
    reported = replace(record, held_told=True)
    if order.current is not None:
        work.put_current(origin_id, reported)
    else:
        work.put_waiting(origin_id, reported)


def queued_sentence(ahead: str, destination: str) -> str:
    """Says why a change order waits; ``ahead`` is the origin id whose submission to ``destination`` is open."""
    return (
        f"It waits behind the submission of {change_order_key_of(ahead)} to {destination}, which has not ended: one "
        "submission to a purchase order is open at a time. It goes on by itself."
    )
