"""What is in a person's review keeps its claim: under its exclusive name no other change order sends until then.

The claim is a hold of its own in the inbox, so that it survives a takeover and can be seen. ``Holds.on`` does not
ask for it: reading, and following what was sent before, go on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from relay.domain.ledger import Hold, HoldKind, Intent
from relay.engine.writer.adapter import C, PlannedCall, Task
from relay.engine.writer.state.holds import claimant, scope_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import UnitOfWork

BEHIND_REVIEW = "behind_review"
"""Why a change order is delayed whose way another's review bars."""

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Until when a hold lasts that only a person ends."""


def keep_claim(state: PartitionState[C], work: UnitOfWork, command: C, intent: Intent) -> None:
    """Keeps what ``intent`` claims while a person reviews it."""
    destination = state.adapter.destination_scope(Task(command=command, entry=None))
    claim = claim_of(command.tenant, destination, command.change_order_key, intent.origin_id, state.clock.now())
    work.put_hold(claim.scope, claim)


def claim_of(tenant: str, destination: str, change_order_key: str, origin_id: str, since: datetime) -> Hold:
    """The claim of a change order in review. ``destination``: its scope; empty where it is not known."""
    sentence = (
        f"Whether {tenant.partition(':')[0]} has taken what was sent for {change_order_key} is unknown and waits for a "
        "person (`cor letters list`); until it is decided, nothing else is submitted to "
        f"{(destination or tenant).partition(':')[2]}."
    )
    scope = f"{scope_of(tenant, destination)}/{origin_id}"
    return Hold(scope=scope, kind=HoldKind.DOUBT, reason=BEHIND_REVIEW, sentence=sentence, since=since, until=FOR_EVER)


def release_claim(state: PartitionState[C], work: UnitOfWork, origin_id: str) -> None:
    """Ends the claims of a change order about which a person has decided."""
    for hold in state.holds.all():
        if hold.kind is HoldKind.DOUBT and hold.scope.endswith(f"/{origin_id}"):
            work.put_hold(hold.scope, None)


def claim_against(state: PartitionState[C], task: Task[C], call: PlannedCall) -> Hold | None:
    """The claim of another change order's review that bars ``call``, or ``None``."""
    if not call.writes or call.exclusive is None:
        return None
    destination = scope_of(task.command.tenant, state.adapter.destination_scope(task))
    doubts = (hold for hold in state.holds.all() if hold.kind is HoldKind.DOUBT)
    origin_id = task.command.origin_id
    return next((hold for hold in doubts if claimant(hold.scope, destination) not in (None, origin_id)), None)


def delay_if_barred(state: PartitionState[C], task: Task[C], call: PlannedCall) -> bool:
    """Delays the change order until another's review is decided, where that bars the way; returns whether it does."""
    claim = claim_against(state, task, call)
    if claim is not None:
        state.scheduler.delay(task.command.origin_id, Delay(float("inf"), BEHIND_REVIEW, claim.sentence))
    return claim is not None
