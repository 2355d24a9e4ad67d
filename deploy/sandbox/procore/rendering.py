"""JSON text and decimal strings with the digits that Procore prints: ``5400.0``, ``12.35``."""

from __future__ import annotations

import json
import re
import secrets
from decimal import Decimal
from typing import Any, Final

MARK: Final = f"decimal-{secrets.token_hex(8)}:"
"""Begins the texts that stand for decimals until the whole is written; nobody outside can know it."""
MARKED: Final = re.compile(f'"{MARK}([^"]*)"')


def render(value: Any) -> str:
    """``value`` as compact JSON; decimals are numbers without an exponent."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=marked)
    return MARKED.sub(r"\1", text) if MARK in text else text


def marked(value: Any) -> str:
    """A decimal as a text to be replaced: the library writes numbers only from its own types."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in an answer")
    return MARK + digits(value)


def digits(value: Decimal) -> str:
    """At least one digit after the point, no superfluous zeros."""
    whole, _, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def money(value: Decimal | None) -> str | None:
    """A decimal as the string that it is in most places."""
    return None if value is None else digits(value)
