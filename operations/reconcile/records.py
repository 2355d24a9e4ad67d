"""Records at the remotes as books have them: from what was observed, and from what the remotes answer."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from operations.reconcile.books import Place, Record, RecordLine
from relay.domain.change_order import ChangeOrder, Item
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.quantities import product, roundings

_CENT: Final = Decimal("0.01")


def observed_record(event: ChangeOrderObserved, place: Place, package: str | None) -> Record:
    """As it was last observed."""
    return record_of(
        event.change_order,
        place,
        origin_id=event.origin_id,
        read_at=event.observed_at,
        changed_at=event.observed_at,
        deleted=event.change is Change.DELETED,
        package=package,
    )


def record_of(
    shown: ChangeOrder,
    place: Place,
    *,
    origin_id: str | None,
    read_at: datetime,
    changed_at: datetime | None,
    deleted: bool = False,
    package: str | None = None,
) -> Record:
    """A record in canonical form. CINX states quantities and prices: each line is then worth whole cents.

    What we wrote is the sum of lines. Procore may add a markup to it, or have no lines at all: of what people entered
    there its own total counts, as its list shows it.
    """
    lines, span = _priced(shown) if place.system == "cinx" else (_stated(shown), None)
    total = shown.client_price if place.system == "procore" and origin_id is None else shown.cost
    if total is None:
        span = None
    elif span is not None:
        extra = total - sum((item.cost or Decimal(0) for item in shown.items), Decimal(0))
        total = sum((line.amount for line in lines), Decimal(0)) + extra
        span = (span[0] + extra, span[1] + extra)
    return Record(
        record_id=shown.change_order_id,
        number=shown.number,
        title=shown.title,
        place=place,
        origin_id=origin_id,
        currency=shown.currency,
        status=shown.status,
        status_raw=shown.status_raw,
        total=total,
        read_at=read_at,
        changed_at=changed_at,
        lines=lines,
        deleted=deleted,
        package=package,
        span=span,
    )


def _stated(shown: ChangeOrder) -> tuple[RecordLine, ...]:
    return tuple(_line(item, item.cost or Decimal(0)) for item in shown.items)


def _priced(shown: ChangeOrder) -> tuple[tuple[RecordLine, ...], tuple[Decimal, Decimal]]:
    """Lines in whole cents, and between what their sum may lie, by whichever way halves are rounded."""
    lines, least, most = [], Decimal(0), Decimal(0)
    for item in shown.items:
        ways = _ways(item)
        lines.append(_line(item, ways[0]))
        least, most = least + min(ways), most + max(ways)
    return tuple(lines), (least, most)


def _ways(item: Item) -> tuple[Decimal, ...]:
    if item.quantity is None or item.unit_cost is None:
        return (item.cost or Decimal(0),)
    exact = product(item.quantity, item.unit_cost)
    return (exact.quantize(_CENT, ROUND_HALF_UP), *roundings(exact))


def _line(item: Item, amount: Decimal) -> RecordLine:
    name = item.description or item.name or ""
    place = "" if item.position is None else f"{item.position} "
    return RecordLine(line_id=item.item_id, name=f"{place}{name}".strip(), amount=amount)
