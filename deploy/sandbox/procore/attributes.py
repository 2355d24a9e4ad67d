"""Reading submitted attributes: which are writable where, and what each takes.

Sources: the published endpoint reference (request bodies of potential change orders, change order requests,
change order packages and PCO line items); Procore docs, "Working with Dates and Times".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import Enum, auto
from typing import Any, Final

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.errors import Messages
from deploy.sandbox.procore.records import PENDING_BILLABLE, STATUSES
from deploy.sandbox.procore.settings import Settings

Attributes = Mapping[str, Any]
Values = dict[str, Any]

LINK_FIELD: Final = "change_order_package_id"


class Kind(Enum):
    """What an attribute takes."""

    TEXT = auto()
    SHORT = auto()
    STATUS = auto()
    PACKAGE_STATUS = auto()
    EXTENDED_TYPE = auto()
    INTEGER = auto()
    MONEY = auto()
    QUANTITY = auto()
    DATE = auto()
    MIDNIGHT = auto()
    INSTANT = auto()
    BOOLEAN = auto()
    LINK = auto()
    INTEGERS = auto()


@dataclass(frozen=True)
class Shape:
    """Of one call: its writable attributes, and those that are only readable."""

    writable: Mapping[str, Kind]
    readable: frozenset[str]


@dataclass
class Reading:
    """What became of submitted attributes."""

    values: Values
    messages: Messages
    unknown: list[str]


def read(attributes: Attributes, shape: Shape, settings: Settings) -> Reading:
    """The values to store; badly formed dates become nothing without a message."""
    reading = Reading({}, {}, [])
    for name, value in attributes.items():
        kind = shape.writable.get(name)
        if kind is None:
            if name not in shape.readable and settings.unknown_attributes == "refuse":
                reading.unknown.append(name)
            continue
        try:
            reading.values[name] = READERS[kind](value, settings)
        except ValueError as refusal:
            reading.messages[name] = [str(refusal)]
    return reading


def text(value: Any, settings: Settings) -> str | None:
    """Any text."""
    if value is None or isinstance(value, str):
        return value
    if settings.strict_types or isinstance(value, (dict, list)):
        raise ValueError("must be a string")
    return str(value)


def short(value: Any, settings: Settings) -> str | None:
    """A text of limited length."""
    result, limit = text(value, settings), settings.short_text_limit
    if result is not None and limit and len(result) > limit:
        raise ValueError(f"is too long (maximum is {limit} characters)")
    return result


def one_of(*allowed: str) -> Callable[[Any, Settings], str]:
    """A reader of an enumeration."""

    def reader(value: Any, settings: Settings) -> str:
        if value not in allowed:
            raise ValueError("is not included in the list")
        return str(value)

    return reader


def integer(value: Any, settings: Settings) -> int | None:
    """A whole number."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not settings.strict_types and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    raise ValueError("is not a number")


def integers(value: Any, settings: Settings) -> list[int]:
    """A list of ids."""
    if not isinstance(value, list):
        raise ValueError("must be an array")
    return [number for number in (integer(one, settings) for one in value) if number is not None]


def decimal(value: Any, settings: Settings, places: int) -> Decimal | None:
    """A decimal submitted as a string; rounded half away from zero to ``places``."""
    if value is None:
        return None
    if not isinstance(value, str) and (settings.strict_types or isinstance(value, bool)):
        raise ValueError("must be a decimal string")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not number.is_finite():
        raise ValueError("is not a number")
    if abs(number) > settings.largest_amount:
        raise ValueError(f"must be less than or equal to {settings.largest_amount}")
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def money(value: Any, settings: Settings) -> Decimal | None:
    """An amount."""
    return decimal(value, settings, settings.amount_decimals)


def quantity(value: Any, settings: Settings) -> Decimal | None:
    """A quantity, unit cost or rate."""
    return decimal(value, settings, settings.quantity_decimals)


def midnight(value: Any, settings: Settings) -> datetime | None:
    """A date that is stored as its midnight in UTC."""
    day = dates.read_day(value)
    return None if day is None else dates.as_instant(day)


def boolean(value: Any, settings: Settings) -> bool:
    """A flag; null is false."""
    if not isinstance(value, bool) and value is not None:
        raise ValueError("must be true or false")
    return bool(value)


def link(value: Any, settings: Settings) -> int | None:
    """The package id inside ``change_order_request``."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {LINK_FIELD}:
        raise ValueError(f"must be an object with {LINK_FIELD}")
    return integer(value[LINK_FIELD], settings)


READERS: Final[dict[Kind, Callable[[Any, Settings], Any]]] = {
    Kind.TEXT: text,
    Kind.SHORT: short,
    Kind.STATUS: one_of(*STATUSES),
    Kind.PACKAGE_STATUS: one_of(*STATUSES, PENDING_BILLABLE),
    Kind.EXTENDED_TYPE: one_of("manual", "calculated"),
    Kind.INTEGER: integer,
    Kind.INTEGERS: integers,
    Kind.MONEY: money,
    Kind.QUANTITY: quantity,
    Kind.DATE: lambda value, _: dates.read_day(value),
    Kind.MIDNIGHT: midnight,
    Kind.INSTANT: lambda value, _: dates.read_instant(value),
    Kind.BOOLEAN: boolean,
    Kind.LINK: link,
}
