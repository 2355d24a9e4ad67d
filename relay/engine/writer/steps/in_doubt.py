"""Calls whose outcome is unknown delay their own change orders only; at last a person is asked."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Command
from relay.domain.ledger import HoldKind, Intent, OrderState
from relay.engine.writer.adapter import C, NeedsReview, PlannedCall, Reject, Task, Unknown
from relay.engine.writer.state.ledger_updates import with_doubted
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps.settle import entry_once_sent, settle, settle_sent

_READ_BACK = "The answer of the remote system was lost; the record is read back before anything else."
_MAY_ARRIVE = "A request whose answer was lost may still arrive; it is looked for again when that is impossible."


def mark_in_doubt(
    state: PartitionState[C], work: UnitOfWork, order: OrderState, task: Task[C], unknown: Unknown, *, suspect: bool
) -> None:
    """Leaves the outcome open. ``suspect``: the remote answers others, and this change order's call was its own.

    After ``Timing.lone_doubts`` such doubts a person is asked.
    """
    if order.intent is None:
        return
    doubts = order.intent.doubts + (1 if suspect else 0)
    intent = replace(order.intent, ambiguous_at=state.clock.now(), doubts=doubts)
    work.put_intent(intent.origin_id, intent)
    if doubts >= state.timing.lone_doubts:
        question = _question(task.command, intent, unknown)
        settle_sent(state, work, replace(order, intent=intent), task.command, question)


def _question(command: Command, intent: Intent, unknown: Unknown) -> NeedsReview:
    sentence = (
        f"Whether {command.system} has taken the step '{intent.step}' of this change order is unknown after "
        f"{intent.doubts} attempts ({unknown.message}). Look at the record there, then say `cor letters adopt` "
        "if it is right, or `cor letters resubmit` to have it sent once more."
    )
    return NeedsReview(reason=f"{command.system}.in_doubt", sentence=sentence)


def follow_refusal(
    state: PartitionState[C], work: UnitOfWork, order: OrderState, task: Task[C], call: PlannedCall, plan: Reject
) -> None:
    """Ends the command in hand whose ``call`` was refused, and so had no effect.

    Where an intent was open when it was planned, an earlier call may have been taken all the same, unless this one has
    told what became of it. Then that is looked for before the refusal is told, where the adapter can: the command goes
    on without an intent, from a ledger that says what is in doubt. A remote that loses and refuses by turns is asked
    ``Timing.lone_doubts`` times.
    """
    if task.intent is None or call.resolves:
        settle(state, work, order, plan)
        return
    memory = state.memory[task.command.origin_id]
    if not state.adapter.looks_first or memory.refused_in_doubt >= state.timing.lone_doubts:
        settle_sent(state, work, order, task.command, plan)
        return
    memory.refused_in_doubt += 1
    work.put_entry(with_doubted(entry_once_sent(state, order, task.command), order.intent))
    work.put_intent(task.command.origin_id, None)


def delay_in_doubt(state: PartitionState[C], origin_id: str) -> None:
    """Delays a change order in doubt, longer with every doubt; without an intent it is ready."""
    intent = state.store.order(origin_id).intent
    if intent is None:
        state.scheduler.make_ready(origin_id)
        return
    until = state.running_in(state.timing.backoff.seconds(intent.doubts))
    state.scheduler.delay(origin_id, Delay(until, HoldKind.DOUBT.value, _READ_BACK, firm=True))


def not_found_delay(state: PartitionState[C], seconds: float) -> Delay:
    """The wait of what was not found: that proves nothing while the lost request may still arrive."""
    until = state.running_in(seconds)
    return Delay(until, HoldKind.QUARANTINE.value, _MAY_ARRIVE, reported=False, firm=True)
