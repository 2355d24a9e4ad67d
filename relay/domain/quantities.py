"""Quantities beside amounts that were rounded to the cent.

A source states an item's quantity, its unit cost and its amount, and rounds the amount (17 pieces at 3.333 are 56.66).
A remote that multiplies again comes to the same amount but for its own rounding, so that quantity and price may go out
as they were entered. Where they make another amount, which of them was meant is the source's to say, and the amount is
what is carried.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Final

from relay.domain.canonical_text import decimal_text

CENT: Final = Decimal("0.01")
_HALF_A_CENT = Decimal("0.005")
_EXACT = Context(prec=60)  # A product of two decimals(18,4) has up to 36 digits.
_NOTED = re.compile(r" \(quantity: -?[0-9]+(\.[0-9]+)?\)$")


def product(quantity: Decimal, price: Decimal) -> Decimal:
    """Quantity times price to the last digit."""
    return _EXACT.multiply(quantity, price)


def in_whole_cents(value: Decimal) -> bool:
    """Whether a value has at most two places."""
    return value.quantize(CENT, context=_EXACT) == value


USUAL_ROUNDINGS: Final = (ROUND_HALF_UP, ROUND_HALF_EVEN)
ALL_ROUNDINGS: Final = (*USUAL_ROUNDINGS, ROUND_HALF_DOWN)


def roundings(value: Decimal, ways: Sequence[str] = USUAL_ROUNDINGS) -> tuple[Decimal, ...]:
    """The value in whole cents by each way in which halves may be rounded, each result once."""
    return tuple(dict.fromkeys(value.quantize(CENT, way, _EXACT) for way in ways))


def makes(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    """Whether quantity times price is the amount, but for the rounding of an amount that is in whole cents."""
    exact = product(quantity, price)
    return exact == amount or (in_whole_cents(amount) and abs(_EXACT.subtract(exact, amount)) <= _HALF_A_CENT)


def is_lost(quantity: Decimal | None) -> bool:
    """Whether an amount alone says less than the amount with this quantity; one piece, or none, is no loss."""
    return quantity is not None and quantity not in (0, 1)


def with_quantity(text: str, quantity: Decimal) -> str:
    """A line's text with a quantity that its figures cannot say."""
    return f"{text} (quantity: {decimal_text(quantity)})"


def without_quantity(text: str) -> str | None:
    """The text before :func:`with_quantity`; ``None`` where it names no quantity."""
    plain = _NOTED.sub("", text)
    return None if plain == text else plain
