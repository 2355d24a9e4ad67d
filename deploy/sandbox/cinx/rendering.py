"""Documents as they are sent: JSON text, and the spellings that settings choose."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any, Final

from deploy.sandbox.shell import json_text

from .guids import is_guid
from .rows import respelled
from .settings import Settings

Row = dict[str, Any]

DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")

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


ESCAPED: Final = frozenset({"description", "user_comment", "name", "value"})
"""Members that hold what a person or another system wrote."""


def detail(document: Row, settings: Settings) -> Row:
    """A PO or POCO as a single get shows it."""
    shown = textual(document, settings)
    return respelled(shown, settings, "external_references")


def spelled(value: Any, settings: Settings, name: str = "") -> Any:
    """Rows with texts, guids and days in the spellings that the settings choose."""
    if isinstance(value, dict):
        return {key: spelled(inner, settings, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [spelled(inner, settings, name) for inner in value]
    if not isinstance(value, str):
        return value
    if settings.upper_guids and is_guid(value) and name != "cinx_api_token":
        return value.upper()
    if settings.days_with_time and DAY.fullmatch(value):
        return f"{value} 00:00:00Z"
    return html.escape(value) if settings.escaped_texts and name in ESCAPED else value


def textual(value: Any, settings: Settings, name: str = "") -> Any:
    """``value`` with booleans or amounts as text, where the settings say so."""
    if isinstance(value, dict):
        return {key: textual(inner, settings, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [textual(inner, settings) for inner in value]
    if isinstance(value, bool):
        return str(int(value)) if settings.booleans_as_text else value
    if name in NUMBERS and isinstance(value, int | Decimal) and settings.numbers_as_text:
        text = render(value).strip('"')
        return f"{Decimal(text):,}" if settings.separators else text
    return value


def render(value: Any) -> str:
    """``value`` as compact JSON."""
    return json_text.render(value, digits)


def digits(value: Decimal) -> str:
    """A number without an exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
