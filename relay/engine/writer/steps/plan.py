"""Step 2, plan: what each change order needs next, and which of them may share a call."""

from __future__ import annotations

from functools import partial

from relay.domain.ledger import HoldKind, OrderState
from relay.engine.writer.adapter import C, Done, NeedsReview, PlannedCall, Reject, Task, Wait
from relay.engine.writer.state.claims import delay_if_barred
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.people_holds import delay_if_on_hold
from relay.engine.writer.state.quarantine import seconds_before_call, seconds_in_flight
from relay.engine.writer.state.routed import within_routes
from relay.engine.writer.state.scheduler import BatchKey, Delay, ScheduledCall
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import promote
from relay.engine.writer.steps.settle import settle, settle_defect, settle_sent

_MOST_PLANNED = 4_000  # Enough to fill four of the largest calls, and looked at in one turn; the rest stay ready.
_MOST_SETTLED = 500  # Per transaction: a record of some KiB each keeps it well under the broker's limits.

_REVIEW = Delay(
    float("inf"),
    "review",
    "An earlier submission of this change order is in doubt and waits for a person: see `cor letters list`.",
)
_QUARANTINE = (
    "An earlier request for this change order may still take effect at the remote system; nothing else is sent for "
    "it until that is impossible."
)


def plan_ready(state: PartitionState[C]) -> None:
    """Plans what is ready, and settles what has nothing left to send. Raises ``CommitFailed``."""
    work = state.begin()
    settled = 0
    for _ in range(_MOST_PLANNED):
        if state.scheduler.planned() >= _MOST_PLANNED or settled >= _MOST_SETTLED:
            break
        origin_id = state.scheduler.next_ready()
        if origin_id is None:
            break
        settled += state.work_on(
            work,
            origin_id,
            partial(_plan_order, state, origin_id=origin_id),
            partial(_end_defect, state, origin_id=origin_id),
        )
    if not work.is_empty:
        state.commit(work, TransactionKind.SETTLE)


def _end_defect(state: PartitionState[C], work: UnitOfWork, error: Exception, origin_id: str) -> bool:
    return settle_defect(state, work, origin_id, error)


def _plan_order(state: PartitionState[C], work: UnitOfWork, origin_id: str) -> bool:
    """Plans one change order; returns whether it was settled."""
    order = work.order(origin_id)
    if order.in_review and order.current is None:
        state.scheduler.delay(origin_id, _REVIEW)
        return False
    if order.open_intent is None and order.current and order.waiting:
        promote(state, work, origin_id)
        order = work.order(origin_id)
    task, record = state.task(order), order.record
    if task is None or record is None:
        return False
    plan = within_routes(state, record, task, state.plan(task))
    if not isinstance(plan, Done | Reject | NeedsReview):
        _schedule(state, task, plan)
        return False
    if task.intent is None:
        settle(state, work, order, plan)
        return True
    return _settle_in_flight(state, work, order, task, plan)


def _settle_in_flight(
    state: PartitionState[C], work: UnitOfWork, order: OrderState, task: Task[C], plan: Done | Reject | NeedsReview
) -> bool:
    """Settles a command with an open intent, once nothing of it can be under way; returns whether it was settled."""
    seconds = seconds_in_flight(state, task.intent)
    if seconds > 0:
        until, reason = state.running_in(seconds), HoldKind.QUARANTINE.value
        state.scheduler.delay(task.command.origin_id, Delay(until, reason, _QUARANTINE, reported=False))
        return False
    settle_sent(state, work, order, task.command, plan)
    return True


def _schedule(state: PartitionState[C], task: Task[C], plan: PlannedCall | Wait) -> None:
    """Schedules a planned call, or the wait before it."""
    origin_id = task.command.origin_id
    if isinstance(plan, Wait):
        state.scheduler.delay(origin_id, Delay(state.running_in(plan.seconds), plan.reason, plan.sentence))
    elif not (delay_if_on_hold(state, task, plan) or delay_if_barred(state, task, plan)):
        seconds = seconds_before_call(state, task, plan)
        if seconds > 0:
            until, reason = state.running_in(seconds), HoldKind.QUARANTINE.value
            state.scheduler.delay(origin_id, Delay(until, reason, _QUARANTINE, reported=task.intent is None))
        else:
            state.scheduler.plan(_batch_key(state, task, plan), ScheduledCall(task, plan))


def _batch_key(state: PartitionState[C], task: Task[C], call: PlannedCall) -> BatchKey:
    return BatchKey(
        lane=task.lane,
        tenant=task.command.tenant,
        step=call.step,
        batch=call.batch,
        halvings=state.scheduler.halvings(task.command.origin_id),
        in_doubt=task.intent is not None,
        writes=call.writes,
    )
