"""Events, routes and targets that the tests of mapping start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.events import Change, ChangeOrderObserved, EventReference
from relay.domain.routes import (
    EVERYTHING,
    Amount,
    CinxTarget,
    Match,
    ProcoreTarget,
    Route,
    RouteMode,
    Routing,
    Source,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
REFERENCE = EventReference(topic="observed", partition=3, offset=42, event_id="e")
HOME = Source(system="constructiononline", account="acme", project="1321036")


def item(item_id: str = "1", cost: object = 100, **changes: Any) -> Item:
    amount = None if cost is None else Decimal(str(cost))
    shown = Item(item_id=item_id, position=0, name=f"Item {item_id}", cost=amount, client_price=amount)
    return replace(shown, **changes)


def change_order(*items: Item, **changes: Any) -> ChangeOrder:
    total = sum((one.cost or Decimal(0) for one in items), Decimal(0)) if items else Decimal(2380)
    found = ChangeOrder(
        change_order_id="498099",
        project="1321036",
        project_name="3931 E Lake Blvd",
        number=" 2 ",
        title="Living Room Light Fixtures",
        status=Status.APPROVED,
        status_raw="1",
        cost=total,
        client_price=total,
        created_on="2026-01-17T18:15:45.037",
        items=items,
    )
    return replace(found, **changes)


def event(shown: ChangeOrder | None = None, **changes: Any) -> ChangeOrderObserved:
    found = ChangeOrderObserved(
        event_id="e",
        system="constructiononline",
        account="acme",
        change_order_id="498099",
        project="1321036",
        sequence=1700000000,
        fingerprint="f",
        fingerprint_version=1,
        change=Change.UPDATED,
        observed_at=NOW,
        source_modified_at=None,
        change_order=shown or change_order(),
    )
    return replace(found, **changes)


def procore(
    name: str = "main", match: Match = EVERYTHING, amount: Amount = Amount.COST, **changes: Any
) -> ProcoreTarget:
    contract = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)
    return replace(
        ProcoreTarget(name=name, account="acme", destination=contract, match=match, amount=amount), **changes
    )


def cinx(name: str = "steel", match: Match = EVERYTHING, **changes: Any) -> CinxTarget:
    return replace(
        CinxTarget(name=name, account="acme", destination=CinxDestination(purchase_order="PO-123"), match=match),
        **changes,
    )


def route(*targets: ProcoreTarget | CinxTarget, **changes: Any) -> Route:
    found = Route(source=HOME, targets=targets or (procore(),), mode=RouteMode.LIVE, since=date(2026, 1, 1))
    return replace(found, **changes)


def routing(*routes: Route, **changes: Any) -> Routing:
    return replace(Routing(routes=routes or (route(),)), **changes)


def only(*classes: Classification) -> Match:
    return Match(classifications=classes)
