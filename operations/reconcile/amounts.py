"""Money by what it counts as: approved or pending, which are compared apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from relay.domain.change_order import Status

_NOTHING: Final = Decimal(0)
BUCKETS: Final = (Status.APPROVED, Status.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Approved and pending. Nothing else counts as money."""

    approved: Decimal = _NOTHING
    pending: Decimal = _NOTHING

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(approved=self.approved + other.approved, pending=self.pending + other.pending)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(approved=self.approved - other.approved, pending=self.pending - other.pending)

    def __neg__(self) -> Amounts:
        return Amounts(approved=-self.approved, pending=-self.pending)

    def __bool__(self) -> bool:
        return bool(self.approved or self.pending)

    @property
    def absolute(self) -> Amounts:
        """Both without their signs."""
        return Amounts(approved=abs(self.approved), pending=abs(self.pending))

    @property
    def bucket(self) -> Status | None:
        """As what it counts, where it is one thing alone."""
        if bool(self.approved) == bool(self.pending):
            return None
        return Status.APPROVED if self.approved else Status.PENDING


NOTHING: Final = Amounts()


def as_status(amount: Decimal, status: Status | str | None) -> Amounts:
    """``amount`` as what a status makes of it: nothing for a draft, and for what is rejected or void."""
    match status:
        case Status.APPROVED:
            return Amounts(approved=amount)
        case Status.PENDING:
            return Amounts(pending=amount)
    return NOTHING


def added(parts: Iterable[Amounts]) -> Amounts:
    """The sum."""
    return sum(parts, NOTHING)


def gross(parts: Iterable[Amounts]) -> Amounts:
    """The sum without signs: what nets to nothing is not nothing."""
    return added(part.absolute for part in parts)
