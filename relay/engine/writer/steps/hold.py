"""Holds in use: what makes them, and how they end by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from relay.domain import identity
from relay.domain.failures import CallFailure, Denied, TenantBlocked, Throttled
from relay.domain.ledger import Hold, HoldKind
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.engine.letters import Failure, letter_of
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Task
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.holds import HOST, scope_of, tenant_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork

_log = structlog.get_logger(__name__)

_WORTH_KEEPING = 30.0  # Seconds; a shorter wait of our own choice is chosen again by a successor.

_ALWAYS_KEPT = (HoldKind.THROTTLED, HoldKind.TENANT_BLOCKED, HoldKind.DENIED)
"""A successor does not know better: it has to wait as long as the remote has asked for, too."""


def hold_tenant_until(state: PartitionState, tenant: str, failure: Throttled) -> None:
    """The tenant waits as long as it was asked to."""
    until = state.later(failure.wait_seconds)
    _hold(state, scope_of(tenant), HoldKind.THROTTLED, failure.message, until, probe=False)


def hold_host(state: PartitionState, tenant: str, failure: CallFailure, step: str = "") -> None:
    """The host does not answer: 1, 2, 4 … seconds, then the same bytes again."""
    scope = scope_of(tenant, HOST)
    known = state.holds.get(scope)
    attempts = known.attempts + 1 if known else _failures(state, scope, step)
    until = state.later(state.backoff(attempts - 1))
    _hold(state, scope, HoldKind.UNAVAILABLE, failure.message, until, attempts=attempts, probe=True)


def hold_blocked_tenant(state: PartitionState, tenant: str, failure: CallFailure, step: str = "") -> None:
    """Nothing of the tenant can go out until a probe succeeds."""
    known = state.holds.get(scope_of(tenant))
    is_known = known is not None and known.kind is HoldKind.TENANT_BLOCKED
    attempts = known.attempts + 1 if known and is_known else _failures(state, scope_of(tenant), step)
    until = state.later(state.backoff(attempts))
    _hold(
        state,
        scope_of(tenant),
        HoldKind.TENANT_BLOCKED,
        failure.message,
        until,
        attempts=attempts,
        probe=True,
    )


def hold_tenant(state: PartitionState, tenant: str, failure: CallFailure) -> None:
    """The hold that a failed probe calls for."""
    if isinstance(failure, Throttled):
        hold_tenant_until(state, tenant, failure)
    elif isinstance(failure, TenantBlocked | Denied):
        hold_blocked_tenant(state, tenant, failure)
    else:
        hold_host(state, tenant, failure)


def hold_destination(state: PartitionState, scope: str, task: Task[Any], failure: CallFailure) -> None:
    """A destination refuses as a whole: it is held, with one letter for all that waits for it."""
    known = state.denied.get(scope)
    attempts = known.attempts + 1 if known else 1
    letter_id = known.letter_id if known else _letter(state, scope, task, failure)
    _hold(
        state,
        scope,
        HoldKind.DENIED,
        failure.message,
        state.later(state.backoff(attempts + 2)),
        probe=False,
        attempts=attempts,
        letter_id=letter_id,
    )


def retry_destination(state: PartitionState, hold: Hold) -> None:
    """A denied destination is tried again; until it answers, a successor would hold it too."""
    state.holds.release(hold.scope)
    state.denied[hold.scope] = hold


def settle_destination_hold(state: PartitionState, work: UnitOfWork, task: Task[Any]) -> None:
    """A destination that was denied has answered: its letter is settled."""
    if not state.denied:
        return
    scope = scope_of(task.command.tenant, state.adapter.destination_scope(task))
    hold = state.denied.pop(scope, None)
    if hold is not None:
        work.put_hold(scope, None)
        if hold.letter_id:
            work.settle_letter(hold.letter_id, hold.letter_id)


def _letter(state: PartitionState, scope: str, task: Task[Any], failure: CallFailure) -> str | None:
    work = state.begin()
    command = task.command
    record = work.current(command.origin_id) or work.waiting(command.origin_id)
    if record is None:
        return None
    what = scope.partition("/")[2]
    sentence = (
        f"{command.system} refuses {what} for the account {command.account!r} as a whole ({failure.message}). "
        "All its change orders wait: give the service account access to it (or correct the route); they go on "
        "by themselves."
    )
    reason = f"{command.system}.{what.partition(':')[0]}_denied"
    about = Failure(
        kind=LetterKind.REJECTED,
        reason=reason,
        sentence=sentence,
        remote_answer=failure.remote_answer,
    )
    letter = letter_of(record, command, about, state.stage, state.clock.now())
    letter_id = identity.letter_id(state.stage, scope, state.store.topics.number, 0)
    letter = replace(letter, letter_id=letter_id, change_order_key=None)
    work.add_letter(letter)
    told = OutcomeDetails(
        kind=OutcomeKind.HELD,
        reason=reason,
        sentence=sentence,
        letter_id=letter.letter_id,
        occasion=scope,
    )
    state.add_outcome(work, command, told)
    _keep(state, work)
    return letter.letter_id


def _failures(state: PartitionState, scope: str, step: str) -> int:
    state.failures[scope, step] = state.failures.get((scope, step), 0) + 1
    return state.failures[scope, step]


def reset_failures(state: PartitionState, tenant: str, step: str, batch: str) -> None:
    """The remote answers: earlier failures of this step, and of this very call, are forgotten."""
    for scope in (scope_of(tenant, HOST), scope_of(tenant)):
        state.failures.pop((scope, step), None)
    state.repeated.pop((tenant, step, batch), None)


def repeated_failure_delay(state: PartitionState, tenant: str, step: str, batch: str) -> float:
    """Seconds for which one call rests that has just failed as a whole.

    None at first, when it may be the remote; more and more for one that fails while probes succeed.
    """
    call = (tenant, step, batch)
    state.repeated[call] = state.repeated.get(call, 0) + 1
    return 0.0 if state.repeated[call] == 1 else state.backoff(state.repeated[call] - 1)


def _hold(
    state: PartitionState,
    scope: str,
    kind: HoldKind,
    sentence: str,
    until: datetime,
    *,
    probe: bool,
    attempts: int = 0,
    letter_id: str | None = None,
) -> None:
    known = state.holds.get(scope)
    since = known.since if known else state.clock.now()
    hold = Hold(
        scope=scope,
        kind=kind,
        reason=kind.value,
        sentence=sentence,
        since=since,
        until=until,
        probe=probe,
        attempts=attempts,
        letter_id=letter_id,
    )
    state.holds.put(hold)
    if known is None or known.kind is not kind:
        _log.warning(events.HELD, scope=scope, kind=kind.value, sentence=sentence)
    if kind in _ALWAYS_KEPT or _is_long(state, until):
        work = state.begin()
        work.put_hold(scope, hold)
        _keep(state, work)


def _is_long(state: PartitionState, until: datetime) -> bool:
    return (until - state.clock.now()).total_seconds() > _WORTH_KEEPING


def _keep(state: PartitionState, work: UnitOfWork) -> None:
    state.commit(work, CrashPoint.WRITER_BEFORE_HOLD_COMMIT, CrashPoint.WRITER_AFTER_HOLD_COMMIT)


def release(state: PartitionState, scope: str) -> None:
    """It holds no longer, here and for a successor."""
    hold = state.holds.release(scope)
    if hold is None:
        return
    _log.info(events.RELEASED, scope=scope, kind=hold.kind.value)
    work = state.begin()
    work.put_hold(scope, None)
    if not work.is_empty:
        _keep(state, work)


def take_probe(state: PartitionState, scope: str, failure: CallFailure | None) -> None:
    """A hold's own probe came back."""
    if failure is None:
        state.failures.pop((scope, ""), None)
        release(state, scope)
        return
    held = state.holds.get(scope)
    hold_tenant(state, tenant_of(scope), failure)
    if held is not None and state.holds.get(scope) is held:  # the failure called for another hold than this one
        release(state, scope)
