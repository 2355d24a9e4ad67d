"""One turn of the protocol over an owned partition: everything that can be done now, in its order."""

from __future__ import annotations

from relay.domain.ledger import HoldKind
from relay.domain.tenant import Tenant
from relay.engine.control.membership import ControlView
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.writer.adapter import C
from relay.engine.writer.in_flight import CallAnswered, CallFailed, InFlightCalls, ProbeCompleted
from relay.engine.writer.state.account_notes import note_accounts
from relay.engine.writer.state.holds import scope_of, tenant_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.people_holds import follow_people
from relay.engine.writer.state.unreadable import report_unreadable
from relay.engine.writer.steps.dispatch import dispatch
from relay.engine.writer.steps.failed_calls import record_failure, record_probe
from relay.engine.writer.steps.hold import release
from relay.engine.writer.steps.plan import plan_ready
from relay.engine.writer.steps.record import record_answers


def run_once(state: PartitionState[C], calls: InFlightCalls[C], control: ControlView) -> float | None:
    """Takes one turn of the protocol, in which people's holds are those of ``control``.

    Returns the seconds until a rate slot is free, if one was wanted.

    Raises ``CommitFailed``.
    """
    follow_people(state, control)
    report_unreadable(state)
    collect_answers(state, calls)
    expire_holds(state, calls)
    probe_accounts(state, calls)
    note_accounts(state)
    state.scheduler.end_due_delays(state.clock.running())
    plan_ready(state)
    return dispatch(state, calls)


def collect_answers(state: PartitionState[C], calls: InFlightCalls[C]) -> None:
    """Records the answers that have come back, together, then what failed, and then what the probes showed."""
    answered: list[CallAnswered[C]] = []
    failed: list[CallFailed[C]] = []
    probed: list[ProbeCompleted[C]] = []
    while (completed := calls.next_completed()) is not None:
        if isinstance(completed, ProbeCompleted):
            probed.append(completed)
            continue
        reached(CrashPoint.WRITER_AFTER_CALL)
        if isinstance(completed, CallAnswered):
            answered.append(completed)
        else:
            failed.append(completed)
    record_answers(state, answered)
    for call in failed:
        record_failure(state, calls, call)
    for probe in probed:
        record_probe(state, calls, probe)


def probe_accounts(state: PartitionState[C], calls: InFlightCalls[C]) -> None:
    """Probes accounts before there is anything to do for them; one that is held has a probe of its own."""
    for tenant in state.tenants():
        if state.holds.on(str(tenant)) is None and state.adapter.needs_probe(tenant.account):
            calls.probe_account(state.adapter, scope_of(str(tenant)), tenant.account)


def expire_holds(state: PartitionState[C], calls: InFlightCalls[C]) -> None:
    """Releases, probes or retries the holds whose time has come."""
    for hold in state.holds.due(state.clock.now()):
        if hold.probe:
            calls.probe_account(state.adapter, hold.scope, Tenant.parse(tenant_of(hold.scope)).account)
        elif hold.kind is HoldKind.DENIED:
            state.holds.retry(hold)  # Until it answers, a successor would hold it too.
        else:
            release(state, hold.scope)
