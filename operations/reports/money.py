"""Sums of which not everything is known."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

Money = dict[str | None, Decimal]
"""By currency; ``None`` where the source states none."""


def _money() -> Money:
    return defaultdict(Decimal)


@dataclass(slots=True, kw_only=True)
class KnownSum:
    """What of some amounts is known, and how many are not: those are in no sum, and no zero either."""

    known: Money = field(default_factory=_money)
    unknown: int = 0

    def add(self, currency: str | None, amount: Decimal | None, unknown: int = 0) -> None:
        """``amount``: of those that are known; ``None``: none is."""
        if amount is not None:
            self.known[currency] += amount
        self.unknown += unknown
