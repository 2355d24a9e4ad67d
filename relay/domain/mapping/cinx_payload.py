"""A change order as a CINX purchase order change order: what is ordered from a vendor, at cost.

Source: CINX API docs, "PO Change Orders" and the fields of its import template.
"""

from __future__ import annotations

from decimal import Decimal

from relay.domain.change_order import ChangeOrder, Item
from relay.domain.commands import CinxLine, CinxPayload
from relay.domain.mapping.crosswalk import cost_code
from relay.domain.mapping.decision import CannotCarry
from relay.domain.mapping.splitting import REMAINDER, Share, amount_of, next_place
from relay.domain.mapping.texts import description_of, line_text, number_of, title_of
from relay.domain.quantities import is_lost, makes, with_quantity
from relay.domain.routes import Amount, CinxTarget, Route

ONE = Decimal(1)


def cinx_payload(change_order: ChangeOrder, share: Share, target: CinxTarget, route: Route) -> CinxPayload:
    """What the target is to say; each line's quantity times its unit price is its amount, but for rounding to the cent.

    CINX knows no amount of a line, only quantity and price. Where those of the source make another amount, one of the
    amount is ordered, and the line's text names the quantity.
    """
    lines = [_line(item, at, change_order, target, route) for at, item in enumerate(share.items)]
    if share.remainder is not None:
        lines.append(_remainder_line(share.remainder, next_place(line.position for line in lines), change_order))
    return CinxPayload(
        description=description_of(change_order) or title_of(change_order),
        number=number_of(change_order),
        title=title_of(change_order),
        currency=change_order.currency,
        fields=dict(target.fields) or None,
        lines=tuple(lines),
    )


def _line(item: Item, place: int, change_order: ChangeOrder, target: CinxTarget, route: Route) -> CinxLine:
    amount = amount_of(item, target.amount)
    if amount is None:
        raise CannotCarry("amount_missing", f'The item "{line_text(item)}" states no amount that can be read.')
    as_entered = _factors(item, amount, target.amount)
    quantity, unit_price = as_entered or (ONE, amount)
    names_quantity = as_entered is None and item.quantity is not None and is_lost(item.quantity)
    return CinxLine(
        item_id=item.item_id,
        position=place if item.position is None else item.position,
        description=with_quantity(line_text(item), item.quantity or ONE) if names_quantity else line_text(item),
        quantity=quantity,
        unit_price=unit_price,
        unit=item.unit,
        currency=change_order.currency,
        cost_code=cost_code(item, route),
    )


def _factors(item: Item, amount: Decimal, kind: Amount) -> tuple[Decimal, Decimal] | None:
    """The source's quantity and unit cost, or ``None`` where they do not make the amount.

    A quantity of nothing is one of nothing: how CINX reads an ordered quantity of 0 is not documented.
    """
    quantity, unit_cost = item.quantity, item.unit_cost
    if kind is Amount.COST and quantity and unit_cost is not None and makes(quantity, unit_cost, amount):
        return quantity, unit_cost
    return None


def _remainder_line(amount: Decimal, place: int, change_order: ChangeOrder) -> CinxLine:
    return CinxLine(
        item_id=REMAINDER,
        position=place,
        description="Difference between the change order and its items",
        quantity=ONE,
        unit_price=amount,
        currency=change_order.currency,
    )
