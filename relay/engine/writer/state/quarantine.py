"""How long a request whose answer was lost may still take effect, and what therefore has to wait."""

from __future__ import annotations

from relay.domain.ledger import Intent
from relay.engine.writer.adapter import C, PlannedCall, Task
from relay.engine.writer.state.partition_state import PartitionState


def seconds_before_call(state: PartitionState[C], task: Task[C], call: PlannedCall) -> float:
    """Seconds before the bytes of ``call`` may go out; 0 or less: now."""
    if not call.writes:
        return 0.0  # Reading harms nothing; that it finds nothing is believed only later.
    if task.intent is not None:
        same = call.bytes_hash == task.intent.bytes_hash and call.step == task.intent.step
        return _seconds_after_takeover(state, task.intent) if same else seconds_in_flight(state, task.intent)
    after = task.entry.different_after if task.entry else None
    return 0.0 if after is None else (after - state.clock.now()).total_seconds()


def seconds_in_flight(state: PartitionState[C], intent: Intent | None) -> float:
    """Seconds in which the request of an open intent may still be applied; 0 or less: it cannot."""
    if intent is None or intent.job_id is not None:
        return 0.0
    under_way = intent.seconds_under_way(state.clock.now(), state.timing.quarantine)
    return max(under_way, _seconds_after_takeover(state, intent))


def _seconds_after_takeover(state: PartitionState[C], intent: Intent) -> float:
    """A predecessor's call may be under way still, counted from the moment it was fenced."""
    if intent.job_id is not None or state.is_own_intent(intent):
        return 0.0
    return state.fenced_at + state.timing.quarantine - state.clock.running()
