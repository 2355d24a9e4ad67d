"""The status that a record of ours has at its remote, as an outcome. Pure."""

from __future__ import annotations

from producers.source import StatusChange
from relay.domain import identity
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind


def outcome_of(
    stage: str, event: ChangeOrderObserved, change: StatusChange, reference: EventReference
) -> ChangeOrderOutcome | None:
    """Makes the ``remote_status`` of the change order that the record came from; ``None`` where its mark names none.

    ``event`` is the observation of the record itself, not one of the change order that it came from.
    """
    root_and_target = identity.root_of(change.own.origin_id)
    if root_and_target is None:
        return None
    root, target = root_and_target
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(event.event_id, OutcomeKind.REMOTE_STATUS),
        kind=OutcomeKind.REMOTE_STATUS,
        stage=stage,
        change_order_key=root,
        at=event.observed_at,
        sequence=change.own.sequence or 0,
        event=reference,
        system=event.system,
        account=event.account,
        target=target,
        origin_id=change.own.origin_id,
        idempotency_key=change.own.idempotency_key,
        reason=change.reason,
        sentence=change.sentence,
        remote=(change.remote,),
        facts=dict(change.facts) or None,
    )
