"""Reads the members of a remote's object into exact Python values.

A member that is missing or of another type than expected reads as ``None``: what the remote said is
kept beside it byte for byte, and one odd field must not make a record unreadable. Only the record's
own id is required.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SEPARATED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_WHOLE = re.compile(r"-?\d{1,19}")
_TRUTHS = {**dict.fromkeys(("true", "1", "yes", "y"), True), **dict.fromkeys(("false", "0", "no", "n"), False)}


def number_of(value: Any) -> int | None:
    """A whole number, also one written as text; ids may need 64 bits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return None


def decimal_of(value: Any) -> Decimal | None:
    """A decimal, whether the remote writes it as a number or as text, also with separators of thousands; never by way
    of a float.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str):
        value = value.strip()
        value = value.replace(",", "") if _SEPARATED.fullmatch(value) else value
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def text_of(value: Any) -> str | None:
    """Text; a number is taken as it is written. Empty text is text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return None


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
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def day_of(value: Any) -> str | None:
    """``YYYY-MM-DD`` of a date or a date with time, as written, never shifted through a zone."""
    found = _DAY.match(value.strip()) if isinstance(value, str) else None
    return found.group() if found else None


class Members:
    """Typed access to the members of one object of an answer; a nested object is one more of it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def required_id(self, name: str = "id") -> int:
        """The record's id. Raises ``ValueError`` where there is none."""
        found = self.number(name)
        if found is None:
            raise ValueError(f"a record without a readable {name}")
        return found

    def required_text(self, name: str) -> str:
        """Text that is not empty. Raises ``ValueError`` where there is none."""
        found = self.text(name)
        if not found:
            raise ValueError(f"a record without a readable {name}")
        return found

    def number(self, name: str) -> int | None:
        """See :func:`number_of`."""
        return number_of(self._data.get(name))

    def decimal(self, name: str) -> Decimal | None:
        """See :func:`decimal_of`."""
        return decimal_of(self._data.get(name))

    def first_decimal(self, *names: str) -> Decimal | None:
        """The first of the named members that is a decimal."""
        return next((found for name in names if (found := self.decimal(name)) is not None), None)

    def text(self, *names: str) -> str | None:
        """The first of the named members that is text and not empty; an empty one counts as ``None``."""
        found = (text_of(self._data.get(name)) for name in names)
        return next((one for one in found if one), None)

    def truth(self, name: str) -> bool | None:
        """See :func:`truth_of`."""
        return truth_of(self._data.get(name))

    def instant(self, name: str) -> datetime | None:
        """See :func:`instant_of`."""
        return instant_of(self._data.get(name))

    def day(self, *names: str) -> str | None:
        """The first of the named members that is a day, see :func:`day_of`."""
        found = (day_of(self._data.get(name)) for name in names)
        return next((one for one in found if one), None)

    def inner(self, name: str) -> Members:
        """A nested object; an empty one where there is none."""
        value = self._data.get(name)
        return Members(value if isinstance(value, Mapping) else {})

    def each(self, name: str) -> tuple[Members, ...]:
        """The objects of a nested list; whatever else is in it is passed over."""
        value = self._data.get(name)
        objects = value if isinstance(value, list) else []
        return tuple(Members(one) for one in objects if isinstance(one, Mapping))
