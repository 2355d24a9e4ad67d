"""What a remote holds of ours in money, as it last accepted it, and by how much an answer changes that.

Amounts stand at the parts that carry money: lines at Procore, the POCOs as a whole at CINX. They outlive a part that a
comparison has struck from the ledger, for the remote still holds what it accepted. A sum in which one amount is
missing is unknown, never less. What was told so far is kept beside the amounts, so that the effects of all writes add
up to what is held, whatever was read in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from relay.domain.change_order import Status

_NOTHING: Final = Decimal(0)
_MOST: Final = Decimal(10) ** 14
_PLACES: Final = -4


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is ours at the remote.

    ``amounts``: by part, as last accepted; ``missing``: parts that are there with an amount that is not known.
    ``status``: what was last accepted; ``None``: unknown. ``approved`` and ``pending``: what the effects of all writes
    so far add up to; ``None``: not known, since something was written before writes were told. ``currency``: ISO 4217,
    as last stated; a withdrawal states none.
    """

    amounts: dict[str, Decimal]
    missing: tuple[str, ...] = ()
    status: Status | None = None
    approved: Decimal | None = None
    pending: Decimal | None = None
    currency: str | None = None

    @property
    def total(self) -> Decimal | None:
        """The sum of the amounts; ``None`` where one of them is not known, or no record has room for it."""
        return None if self.missing else in_range(sum(self.amounts.values(), _NOTHING))

    def held_as(self, status: Status) -> Decimal | None:
        """What is held under a status; ``None`` where the sum or the status is not known."""
        total = self.total
        if total is None or total == 0:
            return total
        if self.status is None:
            return None
        return total if self.status is status else _NOTHING


EMPTY: Final = Balance(amounts={}, approved=_NOTHING, pending=_NOTHING)
"""Nothing of ours is there."""
UNKNOWN: Final = Balance(amounts={}, missing=("*",))
"""Something is there, and nothing is known of it: it was written before amounts were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """By how much a write changes what is approved and what is pending; ``None``: it does not, or that is unknown."""

    approved: Decimal | None = None
    pending: Decimal | None = None


def in_range(amount: Decimal) -> Decimal | None:
    """``amount``, or ``None`` for one that is no decimal(18,4)."""
    if not amount.is_finite() or abs(amount) >= _MOST:
        return None
    return amount if amount == round(amount, -_PLACES) else None


def after_answer(
    before: Balance, *, amounts: Mapping[str, Decimal], there: frozenset[str], status: Status | None
) -> Balance:
    """The balance once an answer is known.

    ``amounts``: of the parts that say what is wanted; ``there``: all parts with money that the remote holds of ours;
    ``status``: the accepted one, ``None`` where the ledger has none any more: it is as it was last accepted.
    """
    known = {**before.amounts, **{part: amount for part, amount in amounts.items() if in_range(amount) is not None}}
    kept = {part: amount for part, amount in known.items() if part in there}
    return replace(before, amounts=kept, missing=tuple(sorted(there - kept.keys())), status=status or before.status)


def with_write_effects(balance: Balance) -> tuple[Balance, Effects]:
    """The balance once a write tells of it, with the effects that the write states.

    What is unknown is told by a later write, when it is known.
    """
    approved, pending = balance.held_as(Status.APPROVED), balance.held_as(Status.PENDING)
    if approved is None or pending is None:
        return balance, Effects()
    effects = Effects(approved=_difference(approved, balance.approved), pending=_difference(pending, balance.pending))
    return replace(balance, approved=approved, pending=pending), effects


def known_before(balance: Balance) -> Balance:
    """The balance of what was told by an earlier life of the ledger: from here on only changes are told."""
    approved, pending = balance.held_as(Status.APPROVED), balance.held_as(Status.PENDING)
    return replace(balance, approved=approved, pending=pending)


def _difference(now: Decimal, before: Decimal | None) -> Decimal | None:
    if before is None or now == before:
        return None
    return in_range(now - before)
