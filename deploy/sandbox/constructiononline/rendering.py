"""JSON text with the digits of decimals as the service prints them: ``2380.0``, ``12.35``."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def render(value: Any) -> str:
    """``value`` as compact JSON; decimals are numbers without an exponent."""
    if isinstance(value, Decimal):
        return digits(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{render(str(k))}:{render(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(render, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def digits(value: Decimal) -> str:
    """At least one digit after the point, no superfluous zeros."""
    whole, _, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"
