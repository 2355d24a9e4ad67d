"""When nobody knows what became of a call: only its change orders wait, and at last a person is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay.domain.ledger import HoldKind, Intent
from relay.engine.writer.adapter import NeedsReview, Task, Unknown
from relay.engine.writer.state.ledger_updates import entry_of, with_quarantine, with_sent_version
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps import settle


def mark_in_doubt(
    state: PartitionState,
    work: UnitOfWork,
    task: Task[Any],
    unknown: Unknown,
    *,
    counts: bool,
    alone: bool = False,
) -> None:
    """The outcome stays open. ``counts``: the host serves others, so that the record is suspect if it is ``alone``."""
    intent = work.intent(task.command.origin_id)
    if intent is None:
        return
    doubts = intent.doubts + (1 if counts and alone else 0)
    intent = replace(intent, ambiguous_at=state.clock.now(), doubts=doubts)
    work.put_intent(intent.origin_id, intent)
    if doubts >= state.timing.lone_doubts:
        _give_up(state, work, task, unknown, intent)


def _give_up(state: PartitionState, work: UnitOfWork, task: Task[Any], unknown: Unknown, intent: Intent) -> None:
    command = task.command
    record_sent(state, work, task, keep=True)
    sentence = (
        f"Whether {command.system} has taken the step '{intent.step}' of this change order is unknown after "
        f"{intent.doubts} attempts ({unknown.message}). Look at the record there, then say `cor letters adopt` "
        "if it is right, or `cor letters resubmit` to have it sent once more."
    )
    review = NeedsReview(reason=f"{command.system}.in_doubt", sentence=sentence)
    settle.settle(state, work, command.origin_id, review)


def delay_in_doubt(state: PartitionState, origin_id: str) -> None:
    """In doubt: it waits a little, and only it."""
    intent = state.begin().intent(origin_id)
    if intent is None:
        state.scheduler.make_ready(origin_id)
        return
    seconds = state.backoff(intent.doubts)
    words = "The answer of the remote system was lost; the record is read back before anything else."
    until = state.clock.running() + seconds
    state.scheduler.delay(origin_id, Delay(until, HoldKind.DOUBT.value, words, firm=True))


def delay_not_found(state: PartitionState, left: float) -> Delay:
    """Not found proves nothing while the lost request may still arrive: it is read again then."""
    words = "A request whose answer was lost may still arrive; it is looked for again when that is impossible."
    return Delay(state.clock.running() + left, HoldKind.QUARANTINE.value, words, told=False, firm=True)


def record_sent(state: PartitionState, work: UnitOfWork, task: Task[Any], *, keep: bool) -> None:
    """The call was answered: what may have been sent is noted before the intent goes."""
    if not keep:
        return
    entry = with_sent_version(entry_of(work, task), task.command)
    work.put_entry(with_quarantine(state, work, entry))
