"""One turn of an owner's work: what has come back, what has ended, who is next, and what goes out."""

from __future__ import annotations

from relay.domain.ledger import HoldKind
from relay.engine.writer.state import account_notes
from relay.engine.writer.state.holds import tenant_of, within
from relay.engine.writer.state.partition_state import Desk
from relay.engine.writer.steps import failed_calls, hold, plan, record
from relay.engine.writer.steps.dispatch import Calls, Ended, Probed


def take_turn(desk: Desk, calls: Calls) -> float | None:
    """Returns the seconds until a rate slot is free, if one was wanted. Raises ``CommitFailed``."""
    take_arrivals(desk, calls)
    tend_holds(desk, calls)
    look_at_accounts(desk, calls)
    account_notes.note_accounts(desk)
    desk.agenda.wake_due(desk.clock.running())
    plan.plan_ready(desk)
    return calls.dispatch(desk)


def take_arrivals(desk: Desk, calls: Calls) -> None:
    """Records the answers that have come back, together, and then what the probes showed."""
    ended: list[Ended] = []
    probed: list[Probed] = []
    while (arrived := calls.arrived()) is not None:
        if isinstance(arrived, Ended):
            ended.append(arrived)
        else:
            probed.append(arrived)
    record.take_answers(desk, calls, ended)
    for one in probed:
        failed_calls.take_probe(desk, calls, one)


def look_at_accounts(desk: Desk, calls: Calls) -> None:
    """Accounts are looked at before there is anything to do for them; one that is held has a probe of its own."""
    for account in desk.accounts:
        tenant = f"{desk.carrier.system}:{account}"
        if desk.holds.on(tenant) is None and desk.carrier.wants_probe(account):
            calls.probe_account(desk, within(tenant), account)


def tend_holds(desk: Desk, calls: Calls) -> None:
    """Holds whose time has come are released or probed."""
    for due in desk.holds.due(desk.clock.now()):
        if due.probe:
            calls.probe_account(desk, due.scope, tenant_of(due.scope).partition(":")[2])
        elif due.kind is HoldKind.DENIED:
            hold.try_again(desk, due)
        else:
            hold.release(desk, due.scope)
