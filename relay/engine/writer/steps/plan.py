"""Step 2, choose: what each change order needs next, and which of them may share a call."""

from __future__ import annotations

from typing import Any

from relay.domain.ledger import Intent
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.adapter import Done, NeedsReview, Plan, PlannedCall, Reject, Task, Wait
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import BatchKey, Delay, ScheduledCall
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import promote
from relay.engine.writer.steps import claims, settle

_MOST_PLANNED = 4_000  # Enough to fill four of the largest calls; the rest stay ready.
_MOST_SETTLED = 500  # Per transaction.

_REVIEW = Delay(
    float("inf"),
    "review",
    "An earlier submission of this change order is in doubt and waits for a person: see `cor letters list`.",
)


def plan_ready(state: PartitionState) -> None:
    """Plans whoever is ready, and settles whoever has nothing left to send."""
    work = state.begin()
    settled: list[str] = []
    while state.scheduler.planned() < _MOST_PLANNED and len(settled) < _MOST_SETTLED:
        origin_id = state.scheduler.next_ready()
        if origin_id is None:
            break
        if _plan_one(state, work, origin_id):
            settled.append(origin_id)
    if not work.is_empty:
        state.commit(work, CrashPoint.WRITER_BEFORE_SETTLE_COMMIT, CrashPoint.WRITER_AFTER_SETTLE)


def _plan_one(state: PartitionState, work: UnitOfWork, origin_id: str) -> bool:
    """Whether it was settled."""
    entry = work.entry(origin_id)
    if entry is not None and entry.review is not None and work.current(origin_id) is None:
        state.scheduler.delay(origin_id, _REVIEW)
        return False
    intent = work.intent(origin_id)
    if (intent is None or not intent.sent) and work.current(origin_id) and work.waiting(origin_id):
        promote(state, work, origin_id)
    task = state.task(origin_id, work)
    if task is None:
        return False
    plan = state.plan(task)
    if isinstance(plan, Done | Reject | NeedsReview):
        settle.settle(state, work, origin_id, plan)
        return True
    arrange(state, task, plan)
    return False


def arrange(state: PartitionState, task: Task[Any], plan: Plan) -> None:
    """Puts a planned call, or the wait before it, on the agenda."""
    origin_id = task.command.origin_id
    if isinstance(plan, Wait):
        until = state.clock.running() + plan.seconds
        state.scheduler.delay(origin_id, Delay(until, plan.reason, plan.sentence))
    elif isinstance(plan, PlannedCall) and not claims.is_barred(state, task, plan):
        wait = quarantine(state, task, plan)
        if wait > 0:
            until = state.clock.running() + wait
            state.scheduler.delay(origin_id, Delay(until, "quarantine", _QUARANTINE, told=task.intent is None))
        else:
            state.scheduler.plan(origin_id, _group(state, task, plan), ScheduledCall(task, plan))


_QUARANTINE = (
    "An earlier request for this change order may still take effect at the remote system; nothing else is sent for "
    "it until that is impossible."
)


def quarantine(state: PartitionState, task: Task[Any], send: PlannedCall) -> float:
    """Seconds before these bytes may go out: a request that was lost may be applied late."""
    if not send.writes:
        return 0.0  # Reading harms nothing; that it finds nothing is believed only later.
    if task.intent is not None:
        same = send.bytes_hash == task.intent.bytes_hash and send.step == task.intent.step
        return _since_takeover(state, task.intent) if same else lateness(state, task)
    after = task.entry.different_after if task.entry else None
    return 0.0 if after is None else (after - state.clock.now()).total_seconds()


def lateness(state: PartitionState, task: Task[Any]) -> float:
    """Seconds in which the task's open request may still be applied."""
    intent = task.intent
    if intent is None or intent.job_id is not None:
        return 0.0
    lost_at = intent.ambiguous_at or intent.intended_at
    left = state.timing.quarantine - (state.clock.now() - lost_at).total_seconds()
    return max(left, _since_takeover(state, intent))


def _since_takeover(state: PartitionState, intent: Intent) -> float:
    """A predecessor's call may be under way still, counted from the moment it was fenced."""
    if intent.job_id is not None or state.is_own_intent(intent):
        return 0.0
    return state.fenced_at + state.timing.quarantine - state.clock.running()


def _group(state: PartitionState, task: Task[Any], send: PlannedCall) -> BatchKey:
    level = state.batch_halvings.get(task.command.origin_id, 0)
    doubt = task.intent is not None  # What is in doubt shares no call with what is not.
    return BatchKey(task.lane, task.command.tenant, send.step, send.batch, level, doubt, send.writes)
