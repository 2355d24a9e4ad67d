"""JSON text and decimal strings with the digits that Procore prints: ``5400.0``, ``12.35``."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def render(value: Any) -> str:
    """``value`` as compact JSON; decimals are numbers without an exponent."""
    if isinstance(value, Decimal):
        return digits(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{render(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(render, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def digits(value: Decimal) -> str:
    """At least one digit after the point, no superfluous zeros."""
    whole, _, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def money(value: Decimal | None) -> str | None:
    """A decimal as the string that it is in most places."""
    return None if value is None else digits(value)
