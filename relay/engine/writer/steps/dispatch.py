"""Steps 3 and 4, intend and call: first what is about to be sent is made durable, then it is sent."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import structlog

from relay.domain import identity
from relay.domain.failures import Ambiguous, CallFailure, TenantBlocked
from relay.domain.ledger import Intent
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Batch, Result
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.scheduler import BatchKey, ScheduledCall
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.state.waiting import promote
from relay.engine.writer.steps import claims, hold


def intend(state: PartitionState, chosen: list[ScheduledCall]) -> None:
    """What waits becomes current, each with its intent, in one transaction. Raises ``CommitFailed``."""
    if not chosen:
        return
    work = state.begin()
    for planned in chosen:
        origin_id = planned.task.command.origin_id
        if work.current(origin_id) is None:
            promote(state, work, origin_id)
        work.put_intent(origin_id, _intent(state, planned, work))
    state.commit(work, CrashPoint.WRITER_BEFORE_INTEND_COMMIT, CrashPoint.WRITER_AFTER_INTEND)
    state.own_intents.update(planned.task.command.origin_id for planned in chosen)


def _intent(state: PartitionState, planned: ScheduledCall, work: UnitOfWork) -> Intent:
    """Sent again, an intent in doubt keeps its age and its count."""
    command, send = planned.task.command, planned.call
    known = planned.task.intent
    if known is not None and known.step == send.step and known.bytes_hash == send.bytes_hash:
        return known
    return Intent(
        origin_id=command.origin_id,
        command_id=command.command_id,
        step=send.step,
        parts=dict(send.parts),
        bytes_hash=send.bytes_hash,
        intended_at=state.clock.now(),
        sent=True,
        before=send.before,
        exclusive=send.exclusive,
        doubts=known.doubts if known else 0,
        ambiguous_at=known.ambiguous_at if known else None,
    )


_log = structlog.get_logger(__name__)
_MOST_LEARNING = 1_000  # Change orders that wait for the same reading call.


@dataclass(frozen=True, slots=True)
class CallCompleted:
    """A call that came back: a result per origin id, or the failure of the whole call."""

    batch: Batch[Any]
    group: BatchKey
    results: Mapping[str, Result] | CallFailure


@dataclass(frozen=True, slots=True)
class ProbeCompleted:
    """A probe that came back; ``failure`` ``None``: the way is free. ``about``: the call that caused it."""

    scope: str
    failure: CallFailure | None
    about: CallCompleted | None = None
    wide: bool = False


@dataclass(frozen=True, slots=True)
class _AdmittedCall:
    """A call that goes out in this turn; its rate slot is taken."""

    group: BatchKey
    chosen: list[ScheduledCall]
    account: str

    def batch(self, not_after: float) -> Batch[Any]:
        """What the carrier is given."""
        keys = [planned.task.command.idempotency_key for planned in self.chosen]
        return Batch(
            tenant=self.group.tenant,
            step=self.group.step,
            batch=self.group.batch,
            lane=self.group.lane,
            not_after=not_after,
            idempotency_key=identity.batch_key(keys),
            tasks=[planned.task for planned in self.chosen],
            calls=[planned.call for planned in self.chosen],
        )


class InFlightCalls:
    """Calls under way. Only :meth:`arrived` and the pool's threads touch the queue of answers.

    ``news`` is told by the pool's threads when an answer has come back.
    """

    def __init__(self, pool: Executor, news: Callable[[], None] = lambda: None) -> None:
        self._pool = pool
        self._on_completed = news
        self._completed: queue.SimpleQueue[CallCompleted | ProbeCompleted] = queue.SimpleQueue()
        self._under_way: dict[tuple[str, str, str], int] = {}
        self._per_tenant: dict[str, int] = {}
        self._probes: set[str] = set()
        self._asked = 0

    def __len__(self) -> int:
        return sum(self._per_tenant.values()) + len(self._probes) + self._asked

    def next_completed(self) -> CallCompleted | ProbeCompleted | None:
        """The next answer, if there is one."""
        try:
            answer = self._completed.get_nowait()
        except queue.Empty:
            return None
        if isinstance(answer, CallCompleted):
            self._count(answer.group, -1)
        elif answer.about is None:
            self._probes.discard(answer.scope)
        else:
            self._asked -= 1
        return answer

    def dispatch(self, state: PartitionState) -> float | None:
        """Sends what may be sent now. Returns the seconds until a rate slot is free, if one was wanted.

        All that goes out in one turn is intended in one transaction.
        """
        wait: float | None = None
        ready: list[_AdmittedCall] = []
        claimed: set[str] = set()
        for group, members in state.scheduler.batches():
            if not self._has_room(state, group):
                continue
            chosen = list(islice(_sendable(state, group, members, claimed), _batch_limit(group, members)))
            if not chosen:
                continue
            account = chosen[0].task.command.account
            needed = _acquire_slot(state, group, account)
            if needed > 0:
                wait = needed if wait is None else min(wait, needed)
                continue
            claimed.update(one.call.exclusive for one in chosen if group.writes and one.call.exclusive)
            self._count(group, 1)
            ready.append(_AdmittedCall(group, chosen, account))
        self._send(state, ready)
        return wait

    def probe(
        self, state: PartitionState, scope: str, task: Any, *, about: CallCompleted | None = None, wide: bool = False
    ) -> None:
        """A harmless call that tells whether the tenant (``wide``: the destination) is served."""
        self._asked += 1
        self._pool.submit(self._probe, state.adapter, scope, task, about, wide=wide)

    def probe_account(self, state: PartitionState, scope: str, account: str) -> None:
        """The same for a tenant as a whole."""
        if scope not in self._probes:
            self._probes.add(scope)
            self._pool.submit(self._probe_account, state.adapter, scope, account)

    def _has_room(self, state: PartitionState, group: BatchKey) -> bool:
        busy = self._per_tenant.get(group.tenant, 0) >= state.timing.calls_per_tenant
        return not busy and (group.tenant, group.step, group.batch) not in self._under_way

    def _count(self, group: BatchKey, by: int) -> None:
        self._per_tenant[group.tenant] = self._per_tenant.get(group.tenant, 0) + by
        key = (group.tenant, group.step, group.batch)
        if by > 0:
            self._under_way[key] = by
        else:
            self._under_way.pop(key, None)

    def _send(self, state: PartitionState, ready: list[_AdmittedCall]) -> None:
        not_after = state.clock.running() + state.timing.send_window
        try:
            intend(state, [planned for one in ready if one.group.writes for planned in one.chosen])
        except BaseException:
            for one in ready:
                state.adapter.release_slot(one.account, one.group.lane)
                self._count(one.group, -1)
            raise
        for one in ready:
            for planned in one.chosen:
                state.scheduler.mark_in_flight(planned.task.command.origin_id)
            self._pool.submit(self._execute, state.adapter, one.batch(not_after), one.group)

    def _execute(self, adapter: Any, batch: Batch[Any], group: BatchKey) -> None:
        results: Mapping[str, Result] | CallFailure
        try:
            results = adapter.execute(batch)
        except CallFailure as failure:
            results = failure
        except Exception as error:  # noqa: BLE001 - a defect of ours after the call may have gone out: nobody knows
            _log.exception(events.CARRIER_DEFECT, step=batch.step, tenant=batch.tenant)
            results = Ambiguous(f"{batch.step} ended in a defect of the relay ({type(error).__name__})")
        self._complete(CallCompleted(batch, group, results))

    def _probe(self, adapter: Any, scope: str, task: Any, about: CallCompleted | None, *, wide: bool) -> None:
        failure = _failure_of(
            (lambda: adapter.probe_destination(task)) if wide else (lambda: adapter.probe_tenant(task.command.account))
        )
        self._complete(ProbeCompleted(scope, failure, about, wide))

    def _probe_account(self, adapter: Any, scope: str, account: str) -> None:
        self._complete(ProbeCompleted(scope, _failure_of(lambda: adapter.probe_tenant(account))))

    def _complete(self, answer: CallCompleted | ProbeCompleted) -> None:
        self._completed.put(answer)
        self._on_completed()


def _acquire_slot(state: PartitionState, group: BatchKey, account: str) -> float:
    """Takes a rate slot. An account that has left the configuration is blocked like any other tenant."""
    try:
        return state.adapter.acquire_slot(account, group.lane)
    except TenantBlocked as blocked:
        hold.hold_blocked_tenant(state, group.tenant, blocked)
        return state.timing.longest_backoff


def _failure_of(call: Any) -> CallFailure | None:
    try:
        call()
    except CallFailure as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - a probe that breaks has not shown that the way is free
        _log.exception(events.CARRIER_DEFECT, step="probe", tenant="")
        return Ambiguous(f"the probe ended in a defect of the relay ({type(error).__name__})")
    return None


def _batch_limit(group: BatchKey, members: Mapping[str, ScheduledCall]) -> int:
    if not group.writes:
        return _MOST_LEARNING
    most = next(iter(members.values())).call.most
    return max(1, most >> group.level)


def _sendable(
    state: PartitionState, group: BatchKey, members: Mapping[str, ScheduledCall], taken: set[str]
) -> Iterator[ScheduledCall]:
    """Those that nothing holds back. In one turn no two may claim the same exclusive name."""
    claimed = set(taken)
    for origin_id, planned in list(members.items()):
        exclusive = planned.call.exclusive if planned.call.writes else None
        if state.holds.on(group.tenant, state.adapter.destination_scope(planned.task)) is not None:
            continue
        if exclusive in claimed or state.scheduler.is_claimed(exclusive, origin_id):
            continue
        if claims.is_barred(state, planned.task, planned.call):
            continue
        if exclusive is not None:
            claimed.add(exclusive)
        yield planned


__all__ = ["CallCompleted", "InFlightCalls", "ProbeCompleted"]
