"""What a plan comes to: counts by action, and money by side, currency and status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from operations.plan.rows import CARRIED, Action, PlanRow
from relay.domain.side import Side

MONEY = ("approved", "pending")
"""The statuses whose amounts count as money; what is refused is counted beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """By how much a plan changes one side in one currency. ``unknown``: rows of which an amount is not known."""

    side: Side
    currency: str | None
    approved: Decimal
    pending: Decimal
    refused: Decimal
    unknown: int


def counts(rows: Iterable[PlanRow]) -> dict[Action, int]:
    """How many rows each action has, in the order in which people read them."""
    found = Counter(row.action for row in rows)
    return {action: found[action] for action in Action if found[action]}


def sums(rows: Iterable[PlanRow]) -> list[Sum]:
    """Of each side and currency of which something changes or is refused."""
    kept: dict[tuple[Side, str | None], list[PlanRow]] = {}
    for row in rows:
        if row.side is not None and (row.action in CARRIED or row.action is Action.REFUSED):
            kept.setdefault((row.side, row.currency), []).append(row)
    order = sorted(kept, key=lambda key: (key[0] is Side.COST, key[1] or ""))
    return [_sum(side, currency, kept[side, currency]) for side, currency in order]


def _sum(side: Side, currency: str | None, rows: list[PlanRow]) -> Sum:
    carried = [row for row in rows if row.action in CARRIED]
    refused = [row for row in rows if row.action is Action.REFUSED]
    return Sum(
        side=side,
        currency=currency,
        approved=sum((_effect(row, "approved") for row in carried), Decimal(0)),
        pending=sum((_effect(row, "pending") for row in carried), Decimal(0)),
        refused=sum((row.amount_then or Decimal(0) for row in refused), Decimal(0)),
        unknown=sum(_is_unknown(row) for row in rows),
    )


def _effect(row: PlanRow, status: str) -> Decimal:
    then = row.amount_then if row.status_then == status else Decimal(0)
    now = row.amount_now if row.status_now == status else Decimal(0)
    return (then or Decimal(0)) - (now or Decimal(0))


def _is_unknown(row: PlanRow) -> bool:
    if row.action is Action.REFUSED:
        return row.amount_then is None
    return row.amount_now is None or row.amount_then is None or (row.status_now is None and bool(row.amount_now))
