"""Amounts as accountants read them."""

from __future__ import annotations

from decimal import Decimal


def amount(value: Decimal | None, currency: str | None = None) -> str:
    """``2,380.00``, or ``2,380.00 USD``; at least two places, more only where they are there; ``none``."""
    if value is None:
        return "none"
    exact = value.normalize()
    exponent = exact.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    text = f"{exact:,.{places}f}"
    return f"{text} {currency}" if currency else text
