"""JSON text with the digits of decimals as the service prints them: ``2380.0``, ``12.35``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from deploy.sandbox.shell import json_text

from .settings import Settings

UNSET: Final = "0001-01-01T00:00:00"
"""What .NET has in place of a missing date."""


def render(value: Any, settings: Settings) -> str:
    """``value`` as JSON, in the forms that the settings name."""
    found = written(value, settings)
    return indented(found) if settings.layout == "indented" else json_text.render(found, digits)


def indented(value: Any, blank: str = "\n") -> str:
    """``value`` with a line for each member and element."""
    inner = blank + "  "
    if isinstance(value, dict) and value:
        members = (f"{json_text.render(name, digits)}: {indented(one, inner)}" for name, one in value.items())
        return "{" + inner + f",{inner}".join(members) + blank + "}"
    if isinstance(value, list) and value:
        return "[" + inner + f",{inner}".join(indented(one, inner) for one in value) + blank + "]"
    return json_text.render(value, digits)


def written(value: Any, settings: Settings, name: str = "") -> Any:
    """Numbers and missing dates in the forms that the settings name."""
    if isinstance(value, dict):
        return {key: written(one, settings, key) for key, one in value.items()}
    if isinstance(value, list):
        return [written(one, settings) for one in value]
    if value is None and settings.unset_dates and name.startswith("DATE_"):
        return UNSET
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number(value, settings.numbers)
    return value


def number(value: int | Decimal, form: str) -> int | Decimal | str:
    """A number in one of the forms."""
    if form == "text":
        return str(value) if isinstance(value, int) else digits(value)
    if form == "separated":
        return f"{value:,}" if isinstance(value, Decimal) else str(value)
    if form == "fraction":
        return Decimal(value).quantize(Decimal("0.1")) if isinstance(value, int) else value
    return value


def digits(value: Decimal) -> str:
    """At least one digit after the point, no superfluous zeros."""
    whole, _, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"
