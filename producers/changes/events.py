"""Events and the poll state that goes with them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from producers.poll_state import AccountState
from producers.source import ReadChangeOrder, StatusChange
from relay.domain import identity
from relay.domain.change_order import ChangeOrder
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.fingerprint import CURRENT_VERSION, fingerprint
from relay.domain.records import PollState


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An event to be published, or none, and the poll state that then holds. Where the event will
    stand is added to the state once it is known. ``told`` goes with the event.
    """

    state: PollState
    event: ChangeOrderObserved | None = None
    told: StatusChange | None = None


def observed(memory: AccountState, seen: ReadChangeOrder, at: datetime) -> Observation:
    """A change order that is not as it was last observed."""
    state = memory.states.get(seen.change_order_id)
    mark, sequence = fingerprint(seen.reading.change_order), _sequence(state, at)
    own = seen.reading.own
    named = identity.root_of(own.origin_id) if own else None
    event = ChangeOrderObserved(
        system=memory.system,
        account=memory.account,
        change_order_id=seen.change_order_id,
        project=seen.project,
        change=_change(memory, state, first_load=seen.first_load),
        observed_at=at,
        source_modified_at=seen.reading.modified_at,
        change_order=seen.reading.change_order,
        defects=seen.reading.defects,
        origin_id=own.origin_id if own else None,
        root=named[0] if named else None,
        echo=own is not None and own.echo,
        raw=seen.raw,
        fingerprint=mark,
        fingerprint_version=CURRENT_VERSION,
        sequence=sequence,
        event_id=_event_id(memory, seen.change_order_id, sequence, mark),
    )
    remembered = replace(_state(memory, event), row=seen.row, status=seen.status)
    return Observation(state=remembered, event=event, told=seen.status_change)


def rebased(memory: AccountState, seen: ReadChangeOrder) -> Observation:
    """The same content under today's fingerprint, or with another row in a listing: nothing is published."""
    state = memory.states[seen.change_order_id]
    return Observation(
        state=replace(
            state,
            fingerprint=fingerprint(seen.reading.change_order),
            fingerprint_version=CURRENT_VERSION,
            modified_at=seen.reading.modified_at,
            row=seen.row,
            status=seen.status,
        )
    )


def deleted(memory: AccountState, state: PollState, last: ChangeOrderObserved | None, at: datetime) -> Observation:
    """A change order that is gone, with what was last known of it."""
    number = state.change_order_id or ""
    lost = () if last else ("the last observation could not be read back, so nothing is known but the id",)
    mark, sequence = state.fingerprint or "", _sequence(state, at)
    event = ChangeOrderObserved(
        system=memory.system,
        account=memory.account,
        change_order_id=number,
        project=state.project,
        change=Change.DELETED,
        observed_at=at,
        source_modified_at=state.modified_at,
        change_order=last.change_order if last else ChangeOrder(change_order_id=number, project=state.project),
        defects=lost,
        origin_id=last.origin_id if last else None,
        root=last.root if last else None,
        fingerprint=mark,
        fingerprint_version=state.fingerprint_version,
        sequence=sequence,
        event_id=_event_id(memory, number, sequence, mark),
    )
    return Observation(state=replace(_state(memory, event), deleted=True), event=event)


def _sequence(state: PollState | None, at: datetime) -> int:
    """From the second of the first observation on by one each time: higher still if the state is ever lost."""
    return int(at.timestamp()) if state is None else state.sequence + 1


def _event_id(memory: AccountState, number: str, sequence: int, mark: str) -> str:
    key = identity.change_order_key(memory.system, memory.account, number)
    return identity.event_id(key, sequence, mark)


def _change(memory: AccountState, state: PollState | None, *, first_load: bool) -> Change:
    if state is None:
        return Change.CREATED if memory.account_state.loaded and not first_load else Change.SNAPSHOT
    return Change.CREATED if state.deleted else Change.UPDATED


def _state(memory: AccountState, event: ChangeOrderObserved) -> PollState:
    return PollState(
        system=memory.system,
        account=memory.account,
        change_order_id=event.change_order_id,
        project=event.project,
        sequence=event.sequence,
        fingerprint=event.fingerprint,
        fingerprint_version=event.fingerprint_version,
        modified_at=event.source_modified_at,
    )
