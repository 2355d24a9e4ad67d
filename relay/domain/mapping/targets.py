"""What one target of a route is to be made to say about one event."""

from __future__ import annotations

from relay.domain import identity
from relay.domain.change_order import Status
from relay.domain.commands import Operation, TargetCommand
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.mapping import reasons
from relay.domain.mapping.cinx_payload import cinx_payload
from relay.domain.mapping.commands import Occasion, Payload, build, root_of
from relay.domain.mapping.decision import CannotCarry, Refusal
from relay.domain.mapping.procore_payload import procore_payload
from relay.domain.mapping.splitting import Share, check_items, items_of, share, unplaced
from relay.domain.routes import CinxTarget, NoItems, ProcoreTarget, Route, Target


def for_target(event: ChangeOrderObserved, route: Route, target: Target, occasion: Occasion) -> TargetCommand | Refusal:
    """An ``apply``, a ``withdraw`` with its reason, or why neither can be said."""
    reason = not_carried(event, route, target)
    try:
        if reason is not None:
            _check_status(event, reason)
            return _withdraw(event, route, target, occasion, reason)
        return _apply(event, route, target, occasion)
    except CannotCarry as cannot:
        return _refusal(event, target, cannot)


def _apply(event: ChangeOrderObserved, route: Route, target: Target, occasion: Occasion) -> TargetCommand:
    items = items_of(event.change_order)
    check_items(items)
    mine = share(event.change_order, route, target)
    if mine.is_empty and not _is_asked_about(target):
        return _withdraw(event, route, target, occasion, reasons.NO_ITEMS)
    return build(
        event,
        target,
        occasion,
        operation=Operation.APPLY,
        mode=route.mode,
        payload=_payload(event, route, target, mine),
        unplaced=unplaced(items, route),
    )


def _withdraw(
    event: ChangeOrderObserved, route: Route, target: Target, occasion: Occasion, reason: str
) -> TargetCommand:
    left_over = unplaced(items_of(event.change_order), route) if reason == reasons.NO_ITEMS else ()
    return build(
        event,
        target,
        occasion,
        operation=Operation.WITHDRAW,
        mode=route.mode,
        reason=reason,
        unplaced=left_over,
    )


def _is_asked_about(target: Target) -> bool:
    """Whether nothing to order is a person's business: the order goes on without lines, and is refused by its name."""
    return isinstance(target, CinxTarget) and target.no_items is NoItems.LETTER


def not_carried(event: ChangeOrderObserved, route: Route, target: Target) -> str | None:
    """Why the target must not hold the change order as it is now: one of :mod:`reasons`; ``None``: it is carried."""
    status = event.change_order.status
    if event.change is Change.DELETED:
        return reasons.DELETED
    if status.value not in route.statuses:
        return reasons.STATUS_NOT_CARRIED
    if target.system == "cinx" and status is not Status.APPROVED:
        return reasons.STATUS_NOT_CARRIED  # Nothing is ordered from a vendor before it is approved.
    return None


def _check_status(event: ChangeOrderObserved, reason: str) -> None:
    """Raises :class:`CannotCarry` where the status is not known: that it may not be carried is known of no such one."""
    shown = event.change_order
    if reason != reasons.STATUS_NOT_CARRIED or shown.status is not Status.UNKNOWN:
        return
    words = f'The status "{shown.status_raw}" is none that is known' if shown.status_raw else "No status could be read"
    raise CannotCarry(
        "status_unreadable",
        f"{words}, so that nothing is taken back and nothing is changed. Set one that is known in the "
        "source, or say under `statuses` of the route what `unknown` becomes.",
    )


def _payload(event: ChangeOrderObserved, route: Route, target: Target, mine: Share) -> Payload:
    if isinstance(target, ProcoreTarget):
        status = route.statuses[event.change_order.status.value]
        return procore_payload(event.change_order, mine, target, route, status=status)
    return cinx_payload(event.change_order, mine, target, route)


def _refusal(event: ChangeOrderObserved, target: Target, cannot: CannotCarry) -> Refusal:
    sentence = cannot.sentence
    if event.defects:
        sentence += f" What the source states could not all be read: {'; '.join(event.defects[:5])}."
    return Refusal(
        reason=reasons.about(target.system, cannot.what),
        sentence=sentence,
        system=target.system,
        account=target.account,
        target=target.name,
        origin_id=identity.origin_id(root_of(event), target.name),
    )
