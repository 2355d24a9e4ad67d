"""A change order split into what each target takes: nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from relay.domain.change_order import ChangeOrder, Classification, Item
from relay.domain.expression import Expression
from relay.domain.mapping.crosswalk import cost_code
from relay.domain.mapping.decision import CannotCarry
from relay.domain.routes import Amount, Match, Pattern, Remainder, Route, Target
from relay.domain.text_folding import folded

FIELDS = ("name", "description", "unit", "cost_code", "classification_raw", "item_id")
"""Text fields of an item that a match may name."""


def takes(match: Match, item: Item, route: Route) -> bool:
    """Whether all given conditions hold for the item.

    A cost code fits as the source writes it or as the route translates it.
    """
    if match.classifications is not None and item.classification not in match.classifications:
        return False
    if match.cost_codes is not None and not _code_fits(match.cost_codes, item, route):
        return False
    return all(_fits(patterns, _text(item, name)) for name, patterns in match.fields.items())


def _code_fits(patterns: Sequence[Pattern], item: Item, route: Route) -> bool:
    return _fits(patterns, item.cost_code) or _fits(patterns, cost_code(item, route))


def _text(item: Item, name: str) -> str | None:
    value = getattr(item, name) if name in FIELDS else None
    return value if isinstance(value, str) else None


def _fits(patterns: Sequence[Pattern], text: str | None) -> bool:
    return text is not None and any(_one_fits(pattern, text) for pattern in patterns)


def _one_fits(pattern: Pattern, text: str) -> bool:
    if isinstance(pattern, Expression):
        return pattern.is_found_in(text)
    return pattern == text or folded(pattern) == folded(text)


TOLERANCE = Decimal("0.01")
"""A header total this close to the sum of its items is equal to it."""
LUMP_SUM = "lump-sum"
"""The item id of a change order that has no items of its own."""
REMAINDER = "remainder"
"""The item id of the line that carries what the header has beyond its items."""
UNREADABLE_ID = "?"
_LAST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one target takes, in order. ``remainder`` is a line of its own, or ``None``."""

    items: tuple[Item, ...]
    remainder: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the target has nothing to carry."""
        return not self.items and self.remainder is None


def items_of(change_order: ChangeOrder) -> tuple[Item, ...]:
    """The items by position, then id; a lump sum is one that is unclassified."""
    if change_order.is_lump_sum:
        return (_lump_sum(change_order),)
    return tuple(sorted(change_order.items, key=_rank))


def unplaced(items: Iterable[Item], route: Route) -> tuple[str, ...]:
    """Ids of the items that no target of the route takes."""
    return tuple(item.item_id for item in items if not any(_takes(route, target, item) for target in route.targets))


def share(change_order: ChangeOrder, route: Route, target: Target) -> Share:
    """What ``target`` takes. Raises :class:`CannotCarry` where the change order does not add up."""
    items = items_of(change_order)
    mine = tuple(item for item in items if _takes(route, target, item))
    if not mine and not target.takes_remainder:
        return Share(items=())
    left = _remainder(change_order, items, target.amount)
    if abs(left) <= TOLERANCE:
        return Share(items=mine)
    if route.remainder is Remainder.LETTER or not _somebody_takes_it(route, target.amount):
        raise CannotCarry("remainder", _does_not_add_up(change_order, left, target.amount))
    return Share(items=mine, remainder=left if target.takes_remainder else None)


def amount_of(priced: Item | ChangeOrder, amount: Amount) -> Decimal | None:
    """The amount of an item or a whole change order that the route takes; ``None`` where the source gives none."""
    return priced.cost if amount is Amount.COST else priced.client_price


def next_place(places: Iterable[int]) -> int:
    """The position after all others."""
    return max(places, default=-1) + 1


def check_items(items: Sequence[Item]) -> None:
    """Raises :class:`CannotCarry` where the items cannot be told apart."""
    seen: set[str] = set()
    for item in items:
        if item.item_id == UNREADABLE_ID or item.item_id in seen:
            words = "has no id" if item.item_id == UNREADABLE_ID else f"comes twice under the id {item.item_id}"
            raise CannotCarry(
                "item_unreadable",
                f'The item "{item.name or item.item_id}" {words}, so its line could not be found again later. '
                "Remove the item in the source and enter it anew.",
            )
        seen.add(item.item_id)


def _takes(route: Route, target: Target, item: Item) -> bool:
    return takes(target.match, item, route)


def _somebody_takes_it(route: Route, amount: Amount) -> bool:
    return any(target.takes_remainder and target.amount is amount for target in route.targets)


def _remainder(change_order: ChangeOrder, items: Sequence[Item], amount: Amount) -> Decimal:
    total = amount_of(change_order, amount)
    if total is None:
        raise CannotCarry("amount_missing", _no_amount("The change order", amount))
    return total - sum((_stated(item, amount) for item in items), Decimal(0))


def _stated(item: Item, amount: Amount) -> Decimal:
    value = amount_of(item, amount)
    if value is None:
        raise CannotCarry("amount_missing", _no_amount(f'The item "{item.name or item.item_id}"', amount))
    return value


def _no_amount(what: str, amount: Amount) -> str:
    name = "cost" if amount is Amount.COST else "client price"
    return f"{what} states no {name} that can be read. Enter it in the source; the next poll brings it here."


def _does_not_add_up(change_order: ChangeOrder, left: Decimal, amount: Amount) -> str:
    name = "cost" if amount is Amount.COST else "client price"
    return (
        f"The {name} of the change order is {amount_of(change_order, amount)}, which differs from the sum of its "
        f"items by {left}. Correct the items in the source, or let one target of the route take the difference as "
        'a line of its own ("remainder: line").'
    )


def _rank(item: Item) -> tuple[int, int, str]:
    return (_LAST if item.position is None else item.position, len(item.item_id), item.item_id)


def _lump_sum(change_order: ChangeOrder) -> Item:
    return Item(
        item_id=LUMP_SUM,
        position=0,
        name=change_order.title,
        description=None,
        classification=Classification.UNCLASSIFIED,
        quantity=change_order.quantity,
        unit_cost=change_order.unit_cost,
        cost=change_order.cost,
        markup=change_order.markup,
        tax=change_order.tax,
        client_price=change_order.client_price,
    )
