"""Events about records that we ourselves wrote into a target system."""

from __future__ import annotations

from collections.abc import Iterator

from relay.domain import identity
from relay.domain.commands import Operation, TargetCommand
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.ledger_facts import ProcoreFact, ProcorePart
from relay.domain.mapping import reasons
from relay.domain.mapping.commands import Occasion, build
from relay.domain.mapping.decision import Skip
from relay.domain.routes import CinxTarget, Route, Routing, Target
from relay.domain.sources import cinx, native_json, procore_marks
from relay.domain.sources.native_fields import NativeFields


def verify(event: ChangeOrderObserved, routing: Routing, occasion: Occasion) -> TargetCommand | Skip:
    """One ``verify`` for the record, to the target that wrote it; skipped where no route knows it any more."""
    named = identity.root_of(event.origin_id or "")
    target = next(_written_by(event, routing, named), None) if named else None
    if named is None or target is None:
        return Skip(
            reason=reasons.OWN_RECORD,
            sentence=f"The record carries our mark {event.origin_id}, but no target of that name writes there now.",
        )
    return build(
        event,
        target,
        occasion,
        operation=Operation.VERIFY,
        change_order_key=named[0],
        observed=_observed(event),
    )


def _observed(event: ChangeOrderObserved) -> dict[str, str] | None:
    """What the record said, so that one that is as the ledger says need not be read again."""
    if event.raw is None or event.change is Change.DELETED:
        return None
    try:
        native, items = native_json.parse(event.raw)
    except ValueError:
        return None
    if event.system == cinx.SYSTEM:
        return cinx.observed(native)
    return _observed_at_procore(event, procore_marks.observed(native, items))


def _observed_at_procore(event: ChangeOrderObserved, record: procore_marks.Observed | None) -> dict[str, str] | None:
    if record is None:
        return None
    said = {
        ProcoreFact.PCO: event.change_order_id,
        ProcorePart.HEADER: record.header,
        ProcorePart.STATUS: record.status,
        **record.lines,
    }
    return said if record.number is None else said | {ProcoreFact.NUMBER: record.number}


def _written_by(event: ChangeOrderObserved, routing: Routing, named: tuple[str, str]) -> Iterator[Target]:
    """Targets that may have written the record; where it certainly came from comes first."""
    root, name = named
    candidates = [
        (route, target)
        for route in routing.routes
        for target in route.targets
        if (target.system, target.account, target.name) == (event.system, event.account, name)
    ]
    contract = _contract(event)
    candidates.sort(key=lambda pair: (not _starts_at(pair[0], root), -_likeness(pair[1], event, contract)))
    return (target for _, target in candidates)


def _starts_at(route: Route, root: str) -> bool:
    return root.startswith(f"{route.source.system}:{route.source.account}:")


def _likeness(target: Target, event: ChangeOrderObserved, contract: str | None) -> int:
    """How much of the record's place is the target's: routes of several projects may give their targets one name."""
    if isinstance(target, CinxTarget):
        return int(target.destination.purchase_order == event.change_order.purchase_order)
    if str(target.destination.project_id) != event.project:
        return 0
    return 1 + (str(target.destination.contract_id) == contract)


def _contract(event: ChangeOrderObserved) -> str | None:
    """The contract of a record at Procore; its deletion does not tell it."""
    if event.raw is None or event.system == cinx.SYSTEM:
        return None
    try:
        native, _ = native_json.parse(event.raw)
    except ValueError:
        return None
    return NativeFields(native, []).text("contract_id")
