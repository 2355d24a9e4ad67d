"""Holds in use: what makes them, and how they end by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from relay.domain import identity
from relay.domain.failures import CallFailure, Denied, TenantBlocked, Throttled
from relay.domain.ledger import Hold, HoldKind
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.engine.letters import Failure, letter_of
from relay.engine.telemetry import events
from relay.engine.writer.adapter import C, Task
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.holds import HOST, scope_of, tenant_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.transactions import TransactionKind

_log = structlog.get_logger(__name__)

_WORTH_KEEPING = 30.0  # Seconds; a shorter wait of our own choice is chosen again by a successor.

_ALWAYS_KEPT = (HoldKind.THROTTLED, HoldKind.TENANT_BLOCKED, HoldKind.DENIED)
"""A successor does not know better: it has to wait as long as the remote has asked for, too."""


def hold_tenant_until(state: PartitionState[C], tenant: str, failure: Throttled) -> None:
    """Holds the tenant as long as the remote asks for."""
    until = state.later(failure.wait_seconds)
    _hold(state, scope_of(tenant), HoldKind.THROTTLED, failure.message, until, probe=False)


def hold_host(state: PartitionState[C], tenant: str, failure: CallFailure, step: str = "") -> None:
    """Holds a host that does not answer: 1, 2, 4 … seconds, then the same bytes again."""
    scope = scope_of(tenant, HOST)
    earlier = state.holds.get(scope)
    attempts = earlier.attempts + 1 if earlier else state.history.scope_failed(scope, step)
    until = state.later(state.timing.backoff.seconds(attempts - 1))
    _hold(state, scope, HoldKind.UNAVAILABLE, failure.message, until, attempts=attempts, probe=True)


def hold_blocked_tenant(state: PartitionState[C], tenant: str, failure: CallFailure, step: str = "") -> None:
    """Holds all of a tenant until a probe succeeds."""
    scope = scope_of(tenant)
    earlier = state.holds.get(scope)
    if earlier is not None and earlier.kind is HoldKind.TENANT_BLOCKED:
        attempts = earlier.attempts + 1
    else:
        attempts = state.history.scope_failed(scope, step)
    until = state.later(state.timing.backoff.seconds(attempts))
    _hold(state, scope, HoldKind.TENANT_BLOCKED, failure.message, until, attempts=attempts, probe=True)


def hold_tenant(state: PartitionState[C], tenant: str, failure: CallFailure) -> None:
    """Makes the hold that a failed probe calls for."""
    if isinstance(failure, Throttled):
        hold_tenant_until(state, tenant, failure)
    elif isinstance(failure, TenantBlocked | Denied):
        hold_blocked_tenant(state, tenant, failure)
    else:
        hold_host(state, tenant, failure)


def hold_destination(state: PartitionState[C], scope: str, task: Task[C], failure: CallFailure) -> None:
    """Holds a destination that refuses as a whole, with one letter for all that waits for it."""
    earlier = state.holds.retried(scope)
    attempts = earlier.attempts + 1 if earlier else 1
    letter_id = earlier.letter_id if earlier else _write_letter(state, scope, task, failure)
    _hold(
        state,
        scope,
        HoldKind.DENIED,
        failure.message,
        state.later(state.timing.backoff.seconds(attempts + 2)),
        probe=False,
        attempts=attempts,
        letter_id=letter_id,
    )


def _write_letter(state: PartitionState[C], scope: str, task: Task[C], failure: CallFailure) -> str | None:
    work = state.begin()
    command = task.command
    record = work.order(command.origin_id).record
    if record is None:
        return None
    destination = scope.partition("/")[2]
    sentence = (
        f"{command.system} refuses {destination} for the account {command.account!r} as a whole ({failure.message}). "
        "All its change orders wait: give the service account access to it, or correct the route. Either way they go "
        "on by themselves, and this letter ends: what waits here when no route names it any more is mapped anew within "
        "about ten minutes."
    )
    reason = f"{command.system}.{destination.partition(':')[0]}_denied"
    about = Failure(kind=LetterKind.REJECTED, reason=reason, sentence=sentence, remote_answer=failure.remote_answer)
    letter_id = identity.letter_id(state.stage, scope, state.store.topics.number, 0)
    letter = letter_of(record, command, about, state.stage, state.clock.now())
    work.add_letter(replace(letter, letter_id=letter_id, change_order_key=None))
    details = OutcomeDetails(
        kind=OutcomeKind.HELD, reason=reason, sentence=sentence, letter_id=letter_id, occasion=scope
    )
    state.add_outcome(work, record, details)
    state.commit(work, TransactionKind.HOLD)
    return letter_id


def _hold(
    state: PartitionState[C],
    scope: str,
    kind: HoldKind,
    sentence: str,
    until: datetime,
    *,
    probe: bool,
    attempts: int = 0,
    letter_id: str | None = None,
) -> None:
    earlier = state.holds.get(scope)
    hold = Hold(
        scope=scope,
        kind=kind,
        reason=kind.value,
        sentence=sentence,
        since=earlier.since if earlier else state.clock.now(),
        until=until,
        probe=probe,
        attempts=attempts,
        letter_id=letter_id,
    )
    state.holds.put(hold)
    if earlier is None or earlier.kind is not kind:
        _log.warning(events.HELD, scope=scope, kind=kind.value, sentence=sentence)
    if kind in _ALWAYS_KEPT or _is_long(state, until):
        work = state.begin()
        work.put_hold(scope, hold)
        state.commit(work, TransactionKind.HOLD)


def _is_long(state: PartitionState[C], until: datetime) -> bool:
    return (until - state.clock.now()).total_seconds() > _WORTH_KEEPING


def release(state: PartitionState[C], scope: str) -> None:
    """Ends a hold, here and for a successor; where there is none, nothing happens."""
    hold = state.holds.release(scope)
    if hold is None:
        return
    _log.info(events.RELEASED, scope=scope, kind=hold.kind.value)
    work = state.begin()
    work.put_hold(scope, None)
    if not work.is_empty:
        state.commit(work, TransactionKind.HOLD)


def end_idle_holds(state: PartitionState[C]) -> None:
    """Ends the holds of places for which nothing waits any more, with their letters. Raises ``CommitFailed``.

    Places are destinations that refused as a whole, and accounts that have left the configuration.
    """
    idle = state.holds.denied() | _of_accounts_that_left(state)
    for origin_id in list(state.queued) if idle else ():
        order = state.store.order(origin_id)
        task = state.task(order)
        waits_for_a_person = order.in_review and order.current is None
        if task is not None and not waits_for_a_person:
            for place in (state.adapter.destination_scope(task), "", HOST):
                idle.pop(scope_of(task.command.tenant, place), None)
        if not idle:
            return
    if not idle:
        return
    work = state.begin()
    for scope, hold in idle.items():
        _log.info(events.RELEASED, scope=scope, kind=hold.kind.value)
        state.holds.end_retry(scope)
        work.put_hold(scope, None)
        if hold.letter_id:
            work.settle_letters([hold.letter_id], hold.letter_id)
    if not work.is_empty:
        state.commit(work, TransactionKind.HOLD)


def _of_accounts_that_left(state: PartitionState[C]) -> dict[str, Hold]:
    """Holds that nothing would ever end: their probes have no account to ask."""
    kept = {str(tenant) for tenant in state.tenants()}
    probed = (hold for hold in state.holds.all() if hold.probe)
    return {hold.scope: hold for hold in probed if tenant_of(hold.scope) not in kept}


def end_or_prolong(state: PartitionState[C], scope: str, failure: CallFailure | None) -> None:
    """Follows a hold's own probe: ends the hold (``failure`` ``None``), or makes the one that is called for now."""
    if failure is None:
        state.history.probe_succeeded(scope)
        release(state, scope)
        return
    earlier = state.holds.get(scope)
    hold_tenant(state, tenant_of(scope), failure)
    if earlier is not None and state.holds.get(scope) is earlier:  # another hold than this one was called for
        release(state, scope)
