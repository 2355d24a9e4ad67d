"""Observed change orders of any number and size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from relay.domain import identity
from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.fingerprint import fingerprint

PROJECT = "1321036"


def observed(count: int, items: int) -> Iterator[ChangeOrderObserved]:
    """``count`` events of different change orders, each amount another."""
    for number in range(1, count + 1):
        yield _event(_change_order(number, items))


def _change_order(number: int, items: int) -> ChangeOrder:
    lines = tuple(_item(number, at) for at in range(items))
    cost = sum((line.cost or Decimal(0) for line in lines), Decimal(0)) if lines else Decimal(number) / 4
    return ChangeOrder(
        change_order_id=str(number),
        project=PROJECT,
        project_name="Lakeside house",
        number=str(number),
        title=f"Change {number}",
        description="The client asks for different fixtures.\nThey have to be ordered in time.",
        status=Status.PENDING,
        status_raw="0",
        cost=cost,
        markup=Decimal(0),
        tax=Decimal(0),
        client_price=cost,
        schedule_days=3,
        quantity=None if lines else Decimal(1),
        unit_cost=None if lines else cost,
        items=lines,
    )


def _item(number: int, at: int) -> Item:
    cost = Decimal(number * 7 + at * 13) / 100
    return Item(
        item_id=f"{number}{at}",
        position=at,
        name=f"Line {at}",
        classification=Classification.MATERIAL,
        quantity=Decimal(1),
        unit_cost=cost,
        cost=cost,
        client_price=cost,
    )


def _event(change_order: ChangeOrder) -> ChangeOrderObserved:
    key = identity.change_order_key("constructiononline", "acme", change_order.change_order_id)
    print_ = fingerprint(change_order)
    return ChangeOrderObserved(
        event_id=identity.event_id(key, 1, print_),
        system="constructiononline",
        account="acme",
        change_order_id=change_order.change_order_id,
        project=PROJECT,
        sequence=1,
        fingerprint=print_,
        fingerprint_version=1,
        change=Change.CREATED,
        observed_at=datetime.now(UTC),
        source_modified_at=None,
        change_order=change_order,
    )
