"""The status that a record of ours has at its remote, as an outcome. Pure."""

from __future__ import annotations

from datetime import datetime

from producers.source import StatusChange
from relay.domain import identity
from relay.domain.events import EventReference
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.records import PollState


def outcome_of(
    stage: str, state: PollState, change: StatusChange, at: datetime, reference: EventReference | None
) -> ChangeOrderOutcome | None:
    """Makes the ``remote_status`` of the change order that the record came from; ``None`` where its mark names none.

    ``state`` is of the record itself, not of the change order that it came from; ``reference`` is the event that was
    published with it, if there is one.
    """
    root_and_target = identity.root_of(change.own.origin_id)
    if root_and_target is None:
        return None
    root, target = root_and_target
    return ChangeOrderOutcome(
        outcome_id=_outcome_id(state, at, reference),
        kind=OutcomeKind.REMOTE_STATUS,
        stage=stage,
        change_order_key=root,
        at=at,
        sequence=change.own.sequence or 0,
        event=reference,
        system=state.system,
        account=state.account,
        target=target,
        origin_id=change.own.origin_id,
        idempotency_key=change.own.idempotency_key,
        reason=change.reason,
        sentence=change.sentence,
        remote=(change.remote,),
        facts=dict(change.facts) or None,
    )


def _outcome_id(state: PollState, at: datetime, reference: EventReference | None) -> str:
    if reference is not None:
        return identity.outcome_id(reference.event_id, OutcomeKind.REMOTE_STATUS)
    key = identity.change_order_key(state.system, state.account, state.change_order_id or "")
    return identity.outcome_id(key, OutcomeKind.REMOTE_STATUS, at.isoformat())
