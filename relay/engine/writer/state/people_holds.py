"""Holds by people: what they keep from being written, by the view of the control topic that is taken each turn.

A hold bars new writing calls and nothing else. What it bars is delayed, outside the inbox's cap, until it ends; then it
is planned anew. It is looked for when a call is planned, and once more before its intent is committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from relay.domain.person_holds import AnyHold, bars, hold_sentence, is_over
from relay.engine.control.membership import ControlView
from relay.engine.writer.adapter import C, PlannedCall, Task
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay

ON_HOLD = "on_hold"
"""Why a change order is delayed, and the reason of its outcome ``held``."""


def follow_people(state: PartitionState[C], view: ControlView) -> None:
    """Takes ``view`` over for this turn; what waited for a hold that has ended is planned anew."""
    before = state.people_holds
    state.control = view
    state.people_holds = _in_force(view.holds, state.clock.now())
    ended = {hold_id for hold_id, hold in before.items() if state.people_holds.get(hold_id) != hold}
    if ended:
        state.scheduler.end_people_holds(ended)


def _in_force(holds: Mapping[str, AnyHold], now: datetime) -> dict[str, AnyHold]:
    return {hold_id: hold for hold_id, hold in holds.items() if not is_over(hold, now)}


def delay_if_on_hold(state: PartitionState[C], task: Task[C], call: PlannedCall) -> bool:
    """Delays the change order until a person's hold has ended, where one bars the call; returns whether one does."""
    hold = hold_on(state, task) if call.writes else None
    if hold is None:
        return False
    sentence = f"It is {hold_sentence(hold)}."
    state.scheduler.delay(task.command.origin_id, Delay(float("inf"), ON_HOLD, sentence, people_hold=hold.hold_id))
    return True


def hold_on(state: PartitionState[C], task: Task[C]) -> AnyHold | None:
    """The first of people's holds on a change order; ``None``: there is none."""
    written_to = task.entry.destination if task.entry else None
    return next((hold for hold in state.people_holds.values() if bars(hold, task.command, written_to)), None)


def may_write(state: PartitionState[C], tenant: str) -> bool:
    """Whether people's holds are known well enough to write anything new for ``tenant``."""
    return state.control.may_write(tenant, state.clock.running(), state.timing.send_window)
