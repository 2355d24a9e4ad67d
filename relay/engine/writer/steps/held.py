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


def report_long_waits(desk: PartitionState) -> None:
    """An outcome ``held`` for whoever has waited long for something other than a rate limit."""
    draft = desk.begin()
    for origin_id, sleep in desk.scheduler.delayed():
        if sleep.told:
            _report_held(desk, draft, origin_id, sleep)
    for origin_id, group in desk.scheduler.scheduled():
        hold = desk.holds.on(group.tenant, *_scopes(desk, origin_id))
        if hold is None:
            _report_queued(desk, draft, origin_id)
        elif hold.kind is not HoldKind.THROTTLED:
            _report_held(desk, draft, origin_id, Delay(0, hold.reason, hold.sentence))
    if not draft.is_empty:
        desk.commit(draft, CrashPoint.WRITER_BEFORE_HOLD_COMMIT, CrashPoint.WRITER_AFTER_HOLD_COMMIT)


def _report_queued(desk: PartitionState, draft: UnitOfWork, origin_id: str) -> None:
    """A line that moves is no news, however long it is: only one whose head has stood still for long."""
    ahead = desk.scheduler.claim_holder(origin_id)
    if ahead is None or not _stands_still(desk, draft.intent(ahead)):
        return
    task = desk.task(origin_id, draft)
    if task is not None:
        why = queued_sentence(ahead, task.command.destination.name)
        _report_held(desk, draft, origin_id, Delay(0, BEHIND_SUBMISSION, why))


def _stands_still(desk: PartitionState, ahead: Intent | None) -> bool:
    return ahead is not None and (desk.clock.now() - ahead.intended_at).total_seconds() >= desk.timing.told_held_after


def _scopes(desk: PartitionState, origin_id: str) -> tuple[str, ...]:
    task = desk.task(origin_id, desk.begin())
    return (desk.adapter.destination_scope(task),) if task else ()


def _report_held(desk: PartitionState, draft: UnitOfWork, origin_id: str, sleep: Delay) -> None:
    current, waiting = draft.current(origin_id), draft.waiting(origin_id)
    record: Waiting | None = current or waiting
    if record is None or record.held_told:
        return
    if (desk.clock.now() - record.received_at).total_seconds() < desk.timing.told_held_after:
        return
    command = desk.command(record.command)
    desk.add_outcome(draft, command, OutcomeDetails(kind=OutcomeKind.HELD, reason=sleep.reason, sentence=sleep.sentence))
    told = replace(record, held_told=True)
    (draft.put_current if current else draft.put_waiting)(origin_id, told)


BEHIND_SUBMISSION = "behind_submission"
"""Why a change order waits in whose way another's open submission stands."""


def queued_sentence(ahead: str, destination: str) -> str:
    """``ahead`` is the origin id whose submission to ``destination`` is open."""
    return (
        f"It waits behind the submission of {change_order_of(ahead)} to {destination}, which has not ended: one submission to a "
        "purchase order is open at a time. It goes on by itself."
    )


def change_order_of(origin_id: str) -> str:
    """The change order's key of an origin id."""
    named = identity.root_of(origin_id)
    return named[0] if named else origin_id
