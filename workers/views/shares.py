"""What of a change order each destination of the routes is to hold, and what none of a side takes.

The two sides are never added up: the owner's (prime contracts, client price) and the cost side (commitments and
purchase orders, cost). On each side the shares of a change order and what no destination takes of it are its amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from relay.domain import identity
from relay.domain.change_order import ChangeOrder
from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping.decision import CannotCarry
from relay.domain.mapping.events import starts_here
from relay.domain.mapping.splitting import amount_of, share
from relay.domain.mapping.targets import not_carried
from relay.domain.routes import OwnRecords, ProcoreTarget, Route, RouteMode, Routing, Target
from relay.domain.side import Side, side_of
from relay.domain.sources.native_fields import moment_of
from workers.views.amounts import ten_thousandths

NO_TARGET = ""
"""Stands in the place of a target's name where no destination takes an amount."""


def shares_of(event: ChangeOrderObserved, routing: Routing) -> Iterator[dict[str, Any]]:
    """Rows of the table ``shares``. A record of ours that no route takes on has none: its amount is its root's."""
    routes = [route for route in routing.routes if starts_here(route, event) and _takes(route, event)]
    if event.origin_id is not None and not routes:
        return
    rows = {
        (side_of(target.destination), target.name): (route, target, mine.amount)
        for route in routes
        for target in route.targets
        if (mine := _taken(event.change_order, route, target)) is not None
    }
    for side in Side:
        amounts = [amount for (of_side, _), (_, _, amount) in rows.items() if of_side is side]
        yield from _left_over(event, side, amounts, alone=not rows)
    for (side, _), (route, target, amount) in rows.items():
        yield {
            **_head(event, side, amount),
            "target": target.name,
            "origin_id": identity.origin_id(event.root or event.key, target.name),
            "system": target.system,
            "account": target.account,
            **place_of(target.destination.name),
            "mode": route.mode.value,
            "status": _status(event, route, target),
        }


def origins_of(event: ChangeOrderObserved, routing: Routing) -> set[str]:
    """The origin ids that its shares can have."""
    routes = (route for route in routing.routes if starts_here(route, event))
    return {identity.origin_id(event.root or event.key, target.name) for route in routes for target in route.targets}


def place_of(destination: str) -> dict[str, str | None]:
    """A destination's name as project and contract; a purchase order of CINX does not tell its project."""
    project, _, contract = destination.rpartition("/")
    return {"project_id": project or None, "contract": contract}


def _status(event: ChangeOrderObserved, route: Route, target: Target) -> str | None:
    """What the target is to call its status; ``None``: with its status it is not carried."""
    if not_carried(event, route, target):
        return None
    status = event.change_order.status.value
    return route.statuses[status] if isinstance(target, ProcoreTarget) else status


def _takes(route: Route, event: ChangeOrderObserved) -> bool:
    if event.origin_id is not None and route.own_records is not OwnRecords.MAP:
        return False
    if route.mode is RouteMode.OBSERVE:
        return False
    created = moment_of(event.change_order.created_on)
    return route.history or route.since is None or created is None or created.date() >= route.since


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a target takes; ``None``: it does not add up, or the source states no amount."""

    amount: Decimal | None


def _taken(change_order: ChangeOrder, route: Route, target: Target) -> _Taken | None:
    """``None`` where the target takes nothing of it."""
    try:
        mine = share(change_order, route, target)
    except CannotCarry:
        return _Taken(None)
    if mine.is_empty:
        return None
    amounts = [amount_of(item, target.amount) for item in mine.items]
    known = [amount for amount in amounts if amount is not None]
    return _Taken(sum(known, mine.remainder or Decimal(0)) if len(known) == len(amounts) else None)


def _left_over(
    event: ChangeOrderObserved, side: Side, amounts: Sequence[Decimal | None], *, alone: bool
) -> Iterator[dict[str, Any]]:
    """What is left of a side's total. ``alone``: nothing takes anything; then a row is there whatever the amount is."""
    total = event.change_order.client_price if side is Side.OWNER else event.change_order.cost
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts) or (total is None and amounts):
        return
    left = None if total is None else total - sum(known, Decimal(0))
    if left or (alone and side is Side.OWNER):
        nowhere = dict.fromkeys(("origin_id", "system", "account", "project_id", "contract", "mode", "status"))
        yield {**_head(event, side, left), "target": NO_TARGET, **nowhere}


def _head(event: ChangeOrderObserved, side: Side, amount: Decimal | None) -> dict[str, Any]:
    return {"change_order_key": event.key, "side": side.value, "amount": ten_thousandths(amount)}
