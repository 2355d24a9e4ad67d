"""Events, each with the poll state that goes with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from producers.poll_state import AccountState
from producers.source import ReadChangeOrder, StatusChange
from relay.domain import identity
from relay.domain.change_order import ChangeOrder, Status
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.fingerprint import CURRENT_VERSION, fingerprint
from relay.domain.records import PollState


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The poll state that holds from now on, with the event to be published, if there is one.

    Where the event stands is added to the poll state once it is written. ``status_change``, seen ``at``, is published
    with both; where nothing but that has changed, without an event.
    """

    state: PollState
    event: ChangeOrderObserved | None = None
    status_change: StatusChange | None = None
    at: datetime | None = None


def observed(state: AccountState, read: ReadChangeOrder, at: datetime) -> Observation:
    """A change order that is not as it was last observed."""
    before = state.states.get(read.change_order_id)
    mark, sequence = fingerprint(read.reading.change_order), _next_sequence(before, at)
    own = read.reading.own
    root = identity.root_of(own.origin_id) if own else None
    change_order = read.reading.change_order
    event = ChangeOrderObserved(
        system=state.system,
        account=state.account,
        change_order_id=read.change_order_id,
        project=read.project,
        change=_change(state, before, first_load=read.first_load),
        observed_at=at,
        source_modified_at=read.reading.modified_at,
        change_order=change_order,
        defects=read.reading.defects,
        origin_id=own.origin_id if own else None,
        root=root[0] if root else None,
        echo=own is not None and own.echo,
        raw=read.raw,
        fingerprint=mark,
        fingerprint_version=CURRENT_VERSION,
        sequence=sequence,
        event_id=_event_id(state, read.change_order_id, sequence, mark),
        approved_seen_at=_approved_seen_at(before, change_order, at),
    )
    after = replace(_state_after(state, event), row=read.row, status=read.status)
    return Observation(state=after, event=event, status_change=read.status_change, at=at)


def rebased(state: AccountState, read: ReadChangeOrder) -> Observation:
    """The same content under today's fingerprint, or with another row in a listing: no event is published.

    What has moved at the remote beside the content is told, unless nothing is known of what it was before.
    """
    before = state.states[read.change_order_id]
    return Observation(
        state=replace(
            before,
            fingerprint=fingerprint(read.reading.change_order),
            fingerprint_version=CURRENT_VERSION,
            modified_at=read.reading.modified_at,
            row=read.row,
            status=read.status,
        ),
        status_change=read.status_change if before.status is not None else None,
    )


def deleted(state: AccountState, before: PollState, last: ChangeOrderObserved | None, at: datetime) -> Observation:
    """A change order that does not exist any more, with what its ``last`` event holds of it."""
    number = before.change_order_id or ""
    defects = () if last else ("the last observation could not be read back, so nothing is known but the id",)
    mark, sequence = before.fingerprint or "", _next_sequence(before, at)
    event = ChangeOrderObserved(
        system=state.system,
        account=state.account,
        change_order_id=number,
        project=before.project,
        change=Change.DELETED,
        observed_at=at,
        source_modified_at=before.modified_at,
        change_order=last.change_order if last else ChangeOrder(change_order_id=number, project=before.project),
        defects=defects,
        origin_id=last.origin_id if last else None,
        root=last.root if last else None,
        fingerprint=mark,
        fingerprint_version=before.fingerprint_version,
        sequence=sequence,
        event_id=_event_id(state, number, sequence, mark),
        approved_seen_at=before.approved_seen_at,
    )
    return Observation(state=replace(_state_after(state, event), deleted=True), event=event)


def _next_sequence(before: PollState | None, at: datetime) -> int:
    """From the second of the first observation on by one each time: higher still if the state is ever lost."""
    return int(at.timestamp()) if before is None else before.sequence + 1


def _approved_seen_at(before: PollState | None, change_order: ChangeOrder, at: datetime) -> datetime | None:
    """The first time stays, also when the approval is taken back or the change order was deleted meanwhile."""
    if before is not None and before.approved_seen_at is not None:
        return before.approved_seen_at
    return at if change_order.status is Status.APPROVED else None


def _event_id(state: AccountState, number: str, sequence: int, mark: str) -> str:
    key = identity.change_order_key(state.system, state.account, number)
    return identity.event_id(key, sequence, mark)


def _change(state: AccountState, before: PollState | None, *, first_load: bool) -> Change:
    if before is None:
        return Change.CREATED if state.account_state.loaded and not first_load else Change.SNAPSHOT
    return Change.CREATED if before.deleted else Change.UPDATED


def _state_after(state: AccountState, event: ChangeOrderObserved) -> PollState:
    return PollState(
        system=state.system,
        account=state.account,
        change_order_id=event.change_order_id,
        project=event.project,
        sequence=event.sequence,
        fingerprint=event.fingerprint,
        fingerprint_version=event.fingerprint_version,
        modified_at=event.source_modified_at,
        approved_seen_at=event.approved_seen_at,
    )
