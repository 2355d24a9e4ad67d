"""What is in a person's review keeps its claim: under the same exclusive name nobody else sends until it is decided.

The claim is a hold of its own in the inbox, so that it survives a takeover and can be seen. It is not asked for by
:meth:`Holds.on`: whoever reads, or follows what was sent before, goes on.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from relay.domain.ledger import Hold, HoldKind, Intent
from relay.engine.writer.adapter import PlannedCall, Task
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import Delay
from relay.engine.writer.state.unit_of_work import UnitOfWork

_FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
_ORIGIN = "cor:"  # With it every origin id begins; a destination's name may hold a slash.

BEHIND = "behind_review"
"""Why a change order sleeps whose way another's review bars."""


def keep_claim(state: PartitionState, work: UnitOfWork, command: Any, intent: Intent) -> None:
    """``intent`` goes into the review of a person, and what it claims stays claimed."""
    destination = state.adapter.destination_scope(Task(command=command, entry=None))
    sentence = (
        f"Whether {command.system} has taken what was sent for {command.change_order_key} is unknown and waits for a "
        "person (`cor letters list`); until it is decided, nothing else is submitted to "
        f"{destination.partition(':')[2]}."
    )
    scope = _scope(command.tenant, destination, intent.origin_id)
    now = state.clock.now()
    hold = Hold(scope=scope, kind=HoldKind.DOUBT, reason=BEHIND, sentence=sentence, since=now, until=_FOR_EVER)
    work.put_hold(scope, hold)


def release_claim(state: PartitionState, work: UnitOfWork, origin_id: str) -> None:
    """It is decided."""
    for hold in state.holds.all():
        if hold.kind is HoldKind.DOUBT and hold.scope.endswith(f"/{origin_id}"):
            work.put_hold(hold.scope, None)


def is_barred(state: PartitionState, task: Task[Any], send: PlannedCall) -> bool:
    """Whether another's review bars the way; then it sleeps until that is decided."""
    if not send.writes or send.exclusive is None:
        return False
    origin_id = task.command.origin_id
    hold = _claims_at(state, task.command.tenant, state.adapter.destination_scope(task), origin_id)
    if hold is not None:
        state.scheduler.delay(origin_id, Delay(float("inf"), BEHIND, hold.sentence))
    return hold is not None


def _claims_at(state: PartitionState, tenant: str, destination: str, origin_id: str) -> Hold | None:
    scope = scope_of(tenant, destination)
    doubts = (hold for hold in state.holds.all() if hold.kind is HoldKind.DOUBT)
    return next((hold for hold in doubts if claimant(hold.scope, scope) not in (None, origin_id)), None)


def claimant(claim: str, destination: str) -> str | None:
    """Whose claim it is, if it is one to ``destination``; both are scopes of holds."""
    whose = claim.removeprefix(f"{destination}/")
    return whose if whose != claim and whose.startswith(_ORIGIN) else None


def _scope(tenant: str, destination: str, origin_id: str) -> str:
    return f"{scope_of(tenant, destination)}/{origin_id}"
