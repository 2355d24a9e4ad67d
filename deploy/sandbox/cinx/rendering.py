"""Documents as they are sent: JSON text, and the spellings that settings choose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from deploy.sandbox.shell import json_text

from .rows import respelled
from .settings import Settings

Row = dict[str, Any]

NUMBERS: Final = frozenset(
    {
        "quantity",
        "unit_price",
        "tax_rate",
        "tax_amount",
        "ordered",
        "received",
        "invoiced",
        "back_ordered",
        "back-ordered",
    }
)
"""Members that are amounts or quantities; counts and sequences stay numbers."""


def detail(document: Row, settings: Settings) -> Row:
    """A PO or POCO as a single get shows it."""
    shown = textual(document, settings)
    return respelled(shown, settings, "external_references")


def textual(value: Any, settings: Settings, name: str = "") -> Any:
    """``value`` with booleans or amounts as text, where the settings say so."""
    if isinstance(value, dict):
        return {key: textual(inner, settings, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [textual(inner, settings) for inner in value]
    if isinstance(value, bool):
        return str(int(value)) if settings.booleans_as_text else value
    if name in NUMBERS and value is not None and settings.numbers_as_text:
        return render(value).strip('"')
    return value


def render(value: Any) -> str:
    """``value`` as compact JSON."""
    return json_text.render(value, digits)


def digits(value: Decimal) -> str:
    """A number without an exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
