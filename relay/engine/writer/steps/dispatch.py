"""Steps 3 and 4, intend and call: first what is about to be sent is made durable, then it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Generic

from relay.domain import identity
from relay.domain.commands import Lane
from relay.domain.failures import TenantBlocked
from relay.domain.ledger import Intent
from relay.domain.tenant import Tenant
from relay.engine.writer.adapter import Batch, C
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.state.claims import delay_if_barred
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.people_holds import delay_if_on_hold, may_write
from relay.engine.writer.state.scheduler import BatchKey, ScheduledCall
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import promote
from relay.engine.writer.steps.hold import hold_blocked_tenant
from relay.engine.writer.steps.settle import settle_defect

_MOST_READING = 1_000  # Change orders that wait for the same reading call.


@dataclass(frozen=True, slots=True)
class _AdmittedCall(Generic[C]):
    """A call that goes out in this turn; its rate slot is taken."""

    key: BatchKey
    chosen: list[ScheduledCall[C]]

    @property
    def account(self) -> str:
        return Tenant.parse(self.key.tenant).account

    @property
    def exclusive_names(self) -> set[str]:
        return {scheduled.call.exclusive for scheduled in self.chosen if self.key.writes and scheduled.call.exclusive}

    def batch(self, not_after: float) -> Batch[C]:
        """What the adapter is given."""
        return Batch(
            tenant=self.key.tenant,
            step=self.key.step,
            batch=self.key.batch,
            lane=self.key.lane,
            not_after=not_after,
            idempotency_key=identity.batch_key([scheduled.task.command.idempotency_key for scheduled in self.chosen]),
            tasks=[scheduled.task for scheduled in self.chosen],
            calls=[scheduled.call for scheduled in self.chosen],
        )


@dataclass(slots=True)
class _Admission(Generic[C]):
    """What came of asking for rate slots. ``seconds``: until the first one is free, if one was refused."""

    calls: list[_AdmittedCall[C]]
    blocked: dict[str, TenantBlocked]
    seconds: float | None = None


def dispatch(state: PartitionState[C], calls: InFlightCalls[C]) -> float | None:
    """Sends what may be sent now. Returns the seconds until a rate slot is free, if one was wanted.

    All that goes out in one turn is intended in one transaction. Raises ``CommitFailed``.
    """
    admission = _admit(state, calls)
    _send(state, calls, admission.calls)
    for tenant, failure in admission.blocked.items():
        hold_blocked_tenant(state, tenant, failure)
    return admission.seconds


def _admit(state: PartitionState[C], calls: InFlightCalls[C]) -> _Admission[C]:
    """Chooses what is not held and has room, and takes a rate slot for each call."""
    admission: _Admission[C] = _Admission(calls=[], blocked={})
    claimed: set[str] = set()
    spent: set[tuple[str, Lane]] = set()  # Without a slot now: to ask for each of many calls would tell the same.
    for key, members in state.scheduler.batches():
        if key.tenant in admission.blocked or not calls.has_room(key, state.timing.calls_per_tenant):
            continue
        if key.writes and not may_write(state, key.tenant):
            continue
        chosen = list(islice(_sendable(state, key, members, claimed), _batch_limit(key, members)))
        if not chosen or (key.tenant, key.lane) in spent:
            continue
        call = _AdmittedCall(key, chosen)
        seconds = _acquire_slot(state, call, admission.blocked)
        if seconds > 0:
            spent.add((key.tenant, key.lane))
            admission.seconds = seconds if admission.seconds is None else min(admission.seconds, seconds)
            continue
        claimed |= call.exclusive_names
        calls.reserve(key)
        admission.calls.append(call)
    return admission


def _acquire_slot(state: PartitionState[C], call: _AdmittedCall[C], blocked: dict[str, TenantBlocked]) -> float:
    """Takes a rate slot. An account that has left the configuration is blocked like any other tenant."""
    try:
        return state.adapter.acquire_slot(call.account, call.key.lane)
    except TenantBlocked as failure:
        blocked[call.key.tenant] = failure
        return state.timing.backoff.longest


def _batch_limit(key: BatchKey, members: Mapping[str, ScheduledCall[C]]) -> int:
    if not key.writes:
        return _MOST_READING
    most = next(iter(members.values())).call.most
    return max(1, most >> key.halvings)


def _sendable(
    state: PartitionState[C], key: BatchKey, members: Mapping[str, ScheduledCall[C]], taken: set[str]
) -> Iterator[ScheduledCall[C]]:
    """Those that nothing holds back. In one turn no two may claim the same exclusive name."""
    claimed = set(taken)
    for origin_id, scheduled in list(members.items()):
        exclusive = scheduled.call.exclusive if scheduled.call.writes else None
        if delay_if_on_hold(state, scheduled.task, scheduled.call):
            continue
        if state.holds.on(key.tenant, state.adapter.destination_scope(scheduled.task)) is not None:
            continue
        if exclusive in claimed or state.scheduler.is_claimed(exclusive, origin_id):
            continue
        if delay_if_barred(state, scheduled.task, scheduled.call):
            continue
        if exclusive is not None:
            claimed.add(exclusive)
        yield scheduled


def _send(state: PartitionState[C], calls: InFlightCalls[C], admitted: list[_AdmittedCall[C]]) -> None:
    not_after = state.running_in(state.timing.send_window)
    try:
        refused = intend(state, [scheduled for call in admitted if call.key.writes for scheduled in call.chosen])
    except BaseException:
        for call in admitted:
            state.adapter.release_slot(call.account, call.key.lane)
            calls.give_up(call.key)
        raise
    for call in admitted:
        call.chosen[:] = [scheduled for scheduled in call.chosen if scheduled.task.command.origin_id not in refused]
        if not call.chosen:
            state.adapter.release_slot(call.account, call.key.lane)
            calls.give_up(call.key)
            continue
        for scheduled in call.chosen:
            state.scheduler.mark_in_flight(scheduled.task.command.origin_id)
        calls.execute(state.adapter, call.batch(not_after), call.key)


def intend(state: PartitionState[C], chosen: list[ScheduledCall[C]]) -> set[str]:
    """Makes what waits current, each with its intent, in one transaction. Raises ``CommitFailed``.

    Returns the origin ids of which no intent can be written: nothing may be sent of them.
    """
    refused: set[str] = set()
    if not chosen:
        return refused

    def refuse(own: UnitOfWork, error: Exception, origin_id: str) -> None:
        refused.add(origin_id)
        settle_defect(state, own, origin_id, error)

    work = state.begin()
    for scheduled in chosen:
        origin_id = scheduled.task.command.origin_id
        state.work_on(
            work,
            origin_id,
            partial(_intend_order, state, scheduled=scheduled),
            partial(refuse, origin_id=origin_id),
        )
    state.commit(work, TransactionKind.INTEND)
    for scheduled in chosen:
        origin_id = scheduled.task.command.origin_id
        if origin_id not in refused:
            state.memory[origin_id].sent_call = scheduled.call
    return refused


def _intend_order(state: PartitionState[C], work: UnitOfWork, scheduled: ScheduledCall[C]) -> None:
    origin_id = scheduled.task.command.origin_id
    if work.order(origin_id).current is None:
        promote(state, work, origin_id)
    work.put_intent(origin_id, _intent(state, scheduled))


def _intent(state: PartitionState[C], scheduled: ScheduledCall[C]) -> Intent:
    """Sent again, an intent in doubt keeps its age and its count."""
    command, call = scheduled.task.command, scheduled.call
    earlier = scheduled.task.intent
    if earlier is not None and earlier.step == call.step and earlier.bytes_hash == call.bytes_hash:
        return earlier
    return Intent(
        origin_id=command.origin_id,
        command_id=command.command_id,
        step=call.step,
        parts=dict(call.parts),
        bytes_hash=call.bytes_hash,
        intended_at=state.clock.now(),
        sent=True,
        before=call.before,
        exclusive=call.exclusive,
        doubts=earlier.doubts if earlier else 0,
        ambiguous_at=earlier.ambiguous_at if earlier else None,
    )
