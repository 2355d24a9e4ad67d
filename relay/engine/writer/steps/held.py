"""What has waited long for something other than a rate limit is told once why: an outcome ``held``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from relay.domain.identity import change_order_key_of
from relay.domain.ledger import HoldKind, Intent
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import C
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.people_holds import may_write
from relay.engine.writer.state.scheduler import BatchKey, Delay
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork

BEHIND_SUBMISSION = "behind_submission"
"""Why a change order waits in whose way another's open submission stands."""

CONTROL_UNREAD = "control_unread"
"""Why a change order waits where people's holds are not known."""

_CONTROL_UNREAD = (
    "The writer cannot read what people hold (the topic change-orders.control.v1), or could not state there that it "
    "works for this account; it writes nothing new until it can. It goes on by itself."
)
_MOST_NAMED = 10  # Parts in a sentence.


def report_long_waits(state: PartitionState[C]) -> None:
    """Commits an outcome ``held`` for what has waited longer than ``Timing.held_reported_after``."""
    work = state.begin()
    for origin_id, delay in state.scheduler.delayed():
        if delay.people_hold is not None:
            _report_on_hold(state, work, origin_id, delay)
        elif delay.reported:
            _report_held(state, work, origin_id, delay.reason, delay.sentence)
    for origin_id, key in state.scheduler.scheduled():
        _report_scheduled(state, work, origin_id, key)
    if not work.is_empty:
        state.commit(work, TransactionKind.HOLD)


def _report_scheduled(state: PartitionState[C], work: UnitOfWork, origin_id: str, key: BatchKey) -> None:
    """What has its call planned waits for a hold, for the control topic, or for the submission before it."""
    if key.writes and not may_write(state, key.tenant):
        _report_held(state, work, origin_id, CONTROL_UNREAD, _CONTROL_UNREAD)
        return
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


def _report_on_hold(state: PartitionState[C], work: UnitOfWork, origin_id: str, delay: Delay) -> None:
    """A person's hold is told once for each command, also where another wait was told before."""
    hold_id, queued = delay.people_hold or "", state.queued.get(origin_id)
    if queued is None or (queued.held_told and state.memory[origin_id].last_held_occasion in (None, hold_id)):
        return
    entry = work.order(origin_id).entry
    written = sorted(entry.parts) if entry else []
    details = OutcomeDetails(
        kind=OutcomeKind.HELD,
        reason=delay.reason,
        sentence=f"{delay.sentence} {_written_sentence(written)}",
        remote=state.adapter.describe(entry) if entry else (),
        occasion=hold_id,
    )
    _tell(state, work, origin_id, details)


def _written_sentence(parts: Sequence[str]) -> str:
    if not parts:
        return "Nothing of it is written there."
    more = f" and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
    return f"Written there already: {', '.join(parts[:_MOST_NAMED])}{more}."


def _report_held(state: PartitionState[C], work: UnitOfWork, origin_id: str, reason: str, sentence: str) -> None:
    queued = state.queued.get(origin_id)
    if queued is not None and not queued.held_told:
        _tell(state, work, origin_id, OutcomeDetails(kind=OutcomeKind.HELD, reason=reason, sentence=sentence))


def _tell(state: PartitionState[C], work: UnitOfWork, origin_id: str, details: OutcomeDetails) -> None:
    order = work.order(origin_id)
    record = order.record
    if record is None:
        return
    if (state.clock.now() - record.received_at).total_seconds() < state.timing.held_reported_after:
        return
    state.add_outcome(work, record, details)
    state.memory[origin_id].last_held_occasion = details.occasion
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
