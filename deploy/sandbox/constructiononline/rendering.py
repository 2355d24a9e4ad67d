"""JSON text with the digits of decimals as the service prints them: ``2380.0``, ``12.35``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from deploy.sandbox.shell import json_text


def render(value: Any) -> str:
    """``value`` as compact JSON."""
    return json_text.render(value, digits)


def digits(value: Decimal) -> str:
    """At least one digit after the point, no superfluous zeros."""
    whole, _, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"
