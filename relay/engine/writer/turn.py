"""One turn of an owner's work: what has come back, what has ended, who is next, and what goes out."""

from __future__ import annotations

from relay.domain.ledger import HoldKind
from relay.engine.writer import answers, failing, holding, noting, planning
from relay.engine.writer.calls import Calls, Ended, Probed
from relay.engine.writer.desk import Desk
from relay.engine.writer.holds import tenant_of, within


def take_turn(desk: Desk, calls: Calls) -> float | None:
    """Returns the seconds until a rate slot is free, if one was wanted. Raises ``CommitFailed``."""
    take_arrivals(desk, calls)
    tend_holds(desk, calls)
    look_at_accounts(desk, calls)
    noting.note_accounts(desk)
    desk.agenda.wake_due(desk.clock.running())
    planning.plan_ready(desk)
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
    answers.take_answers(desk, calls, ended)
    for one in probed:
        failing.take_probe(desk, calls, one)


def look_at_accounts(desk: Desk, calls: Calls) -> None:
    """Accounts are looked at before there is anything to do for them; one that is held has a probe of its own."""
    for account in desk.accounts:
        tenant = f"{desk.carrier.system}:{account}"
        if desk.holds.on(tenant) is None and desk.carrier.wants_probe(account):
            calls.probe_account(desk, within(tenant), account)


def tend_holds(desk: Desk, calls: Calls) -> None:
    """Holds whose time has come are released or probed."""
    for hold in desk.holds.due(desk.clock.now()):
        if hold.probe:
            calls.probe_account(desk, hold.scope, tenant_of(hold.scope).partition(":")[2])
        elif hold.kind is HoldKind.DENIED:
            holding.try_again(desk, hold)
        else:
            holding.release(desk, hold.scope)
