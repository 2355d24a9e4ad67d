"""A change order as a Procore potential change order and its lines.

Sources: Procore docs, "Change Orders" and "Using Sync Actions"; the field lists of the potential change
order and its line items in the API reference.
"""

from __future__ import annotations

from decimal import Decimal

from relay.domain.change_order import ChangeOrder, Item
from relay.domain.commands import ProcoreLine, ProcorePayload
from relay.domain.mapping.crosswalk import cost_code, line_item_type
from relay.domain.mapping.decision import CannotCarry
from relay.domain.mapping.splitting import REMAINDER, Share, amount_of, next_place
from relay.domain.mapping.texts import description_of, line_text, number_of, title_of
from relay.domain.routes import Amount, ProcoreTarget, Route
from relay.domain.sources.native_fields import moment_of

CENTS = Decimal("0.01")
"""Amounts of lines are sent in whole cents; a finer one would come back changed."""


def procore_payload(
    change_order: ChangeOrder, share: Share, target: ProcoreTarget, route: Route, *, status: str
) -> ProcorePayload:
    """What the target is to say. Raises :class:`CannotCarry` for what Procore would alter in silence."""
    lines = [_line(item, at, target, route) for at, item in enumerate(share.items)]
    if share.remainder is not None:
        lines.append(_remainder_line(share.remainder, next_place(line.position for line in lines), target))
    return ProcorePayload(
        title=title_of(change_order),
        status=status,
        number=number_of(change_order),
        description=description_of(change_order),
        due_date=_due_date(change_order),
        schedule_days=change_order.schedule_days,
        currency=change_order.currency,
        lines=tuple(lines),
    )


def _line(item: Item, place: int, target: ProcoreTarget, route: Route) -> ProcoreLine:
    amount = amount_of(item, target.amount)
    if amount is None:
        raise CannotCarry("amount_missing", f'The item "{line_text(item)}" states no amount that can be read.')
    is_cost = target.amount is Amount.COST
    return ProcoreLine(
        item_id=item.item_id,
        position=place if item.position is None else item.position,
        description=line_text(item),
        amount=_in_cents(amount, line_text(item)),
        quantity=item.quantity if is_cost else None,
        unit_cost=item.unit_cost if is_cost else None,
        unit=item.unit,
        cost_code=cost_code(item, route),
        line_item_type=line_item_type(item, route, target.line_item_type),
    )


def _remainder_line(amount: Decimal, place: int, target: ProcoreTarget) -> ProcoreLine:
    text = "Difference between the change order and its items"
    return ProcoreLine(
        item_id=REMAINDER,
        position=place,
        description=text,
        amount=_in_cents(amount, text),
        line_item_type=target.line_item_type,
    )


def _in_cents(amount: Decimal, text: str) -> Decimal:
    cents = amount.quantize(CENTS)
    if cents != amount:
        raise CannotCarry(
            "amount_precision",
            f'The amount {amount.normalize():f} of "{text}" has more than two places, which Procore would round. '
            "Correct it in the source.",
        )
    return cents


def _due_date(change_order: ChangeOrder) -> str | None:
    """Midnight UTC of the day: a badly formed date would become null at Procore without an error."""
    if change_order.due_on is None:
        return None
    day = moment_of(change_order.due_on)
    if day is None:
        raise CannotCarry(
            "due_date_unreadable",
            f'The due date "{change_order.due_on}" is no date, and Procore would drop it. Correct it in the source.',
        )
    return f"{day.date().isoformat()}T00:00:00Z"
