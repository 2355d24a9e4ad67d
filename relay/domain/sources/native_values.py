"""Reads the value of one member of a remote's object into an exact Python value.

A value that is missing or of another type than expected reads as ``None``: what the remote said is kept beside it byte
for byte, and one odd field must not make a record unreadable.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from relay.domain.sources.exact_json import is_reasonable

_LARGEST_WHOLE = 2**63
_LONGEST_NUMBER = 100
_LONGEST_LABEL = 1_000  # Characters; the longest documented number or title has 255.
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SEPARATED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?\d{1,19}")
_TRUTHS = {**dict.fromkeys(("true", "1", "yes", "y"), True), **dict.fromkeys(("false", "0", "no", "n"), False)}


def number_of(value: Any) -> int | None:
    """A whole number of at most 64 bits, as ids are, also one written as text."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, Decimal) and is_reasonable(value) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -_LARGEST_WHOLE <= value < _LARGEST_WHOLE else None


def decimal_of(value: Any) -> Decimal | None:
    """A decimal, whether the remote writes it as a number or as text, also with separators of thousands; never by way
    of a float.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str):
        value = value.strip()
        if len(value) > _LONGEST_NUMBER:
            return None
        value = value.replace(",", "") if _SEPARATED.fullmatch(value) else value
        if not _NUMBER.fullmatch(value):
            return None  # Python reads more: "1_000", say, or the digits of any script.
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if is_reasonable(number) else None


def text_of(value: Any) -> str | None:
    """Text; a number is taken as it is written. Empty text is text."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f") if is_reasonable(value) else str(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def label_of(value: Any) -> str | None:
    """What people call something, a number or a status: of a text of any length its first 1,000 characters.

    It goes on into poll state, ledgers and outcomes, which take no more than a topic does.
    """
    text = text_of(value)
    return None if text is None else text[:_LONGEST_LABEL]


def truth_of(value: Any) -> bool | None:
    """A boolean, also as ``0``, ``"1"`` or ``"false"``."""
    if isinstance(value, bool):
        return value
    return _TRUTHS.get(str(value).strip().lower()) if isinstance(value, int | str) else None


def instant_of(value: Any) -> datetime | None:
    """A moment in UTC; a blank in place of the ``T`` is accepted, a time without a zone is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # The first hours of the year 1 and the last of 9999 have no moment in UTC.
        return None


def day_of(value: Any) -> str | None:
    """``YYYY-MM-DD`` of a date or a date with time, as written, never shifted through a zone."""
    match = _DAY.match(value.strip()) if isinstance(value, str) else None
    return match.group() if match else None
