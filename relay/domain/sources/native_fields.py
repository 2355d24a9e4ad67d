"""Reads one native object member by member. What cannot be read becomes ``None`` and a defect, never an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from relay.domain.sources.exact_json import without_half_characters
from relay.domain.sources.native_values import decimal_of, number_of

PLACES = Decimal("0.0001")
"""Amounts in canonical form have at most four places."""

LARGEST = Decimal(10) ** 14
"""Amounts in canonical form are smaller than this: 18 digits, four of them places."""

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_LONGEST_WHOLE = 2**53
_SHOWN = 40
_UNSET = "0001-01-01"  # What .NET, in which ConstructionOnline is written, has in place of a missing date.
_NUMBER = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?)(?:Z|[+-]\d{2}:?\d{2})?")


class NativeFields:
    """One native object. ``place`` goes before each member's name in a defect (``items[524469].``)."""

    def __init__(self, data: Mapping[str, Any], defects: list[str], place: str = "") -> None:
        self._data = data
        self._defects = defects
        self._place = place

    def has(self, name: str) -> bool:
        """Whether the source says anything."""
        return self._data.get(name) is not None

    def raw(self, name: str) -> str | None:
        """A code as the source writes it, whatever its type."""
        value = self._data.get(name)
        whole = _as_whole(value)
        return None if value is None else str(whole) if whole is not None else shown(value)

    def text(self, name: str) -> str | None:
        """Text, or a number as text; blank text says nothing."""
        value = self._data.get(name)
        if value is None or isinstance(value, str):
            return self._clean(name, value or "")
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.defect(name, f"{shown(value)} is no text")
            return None
        return shown(value)

    def whole(self, name: str) -> int | None:
        """A whole number, also as text or with a fraction of zero."""
        value = self._data.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        number = _as_whole(value)
        if number is None:
            self.defect(name, f"{shown(value)} is no whole number")
        return number

    def amount(self, name: str) -> Decimal | None:
        """Money or a quantity, also as text with separators of thousands; rounded to four places."""
        value = self._data.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        amount = _as_decimal(value)
        if amount is None:
            self.defect(name, f"{shown(value)} is no number")
            return None
        if amount.copy_abs() >= LARGEST:
            self.defect(name, f"{shown(value)} is larger than an amount can be")
            return None
        return self._rounded(name, amount)

    def exact(self, name: str) -> Decimal | None:
        """A number as the source writes it, not rounded and without a defect: to be compared, not carried."""
        return _as_decimal(self._data.get(name))

    def moment(self, name: str) -> str | None:
        """A date or a date with a time, as the source writes it; usually without a zone."""
        value = self._data.get(name)
        if value is None or value == "" or (isinstance(value, str) and value.startswith(_UNSET)):
            return None
        if not isinstance(value, str) or moment_of(value) is None:
            self.defect(name, f"{shown(value)} is no date")
            return None
        return value

    def defect(self, name: str, words: str) -> None:
        """Notes what could not be read."""
        self._defects.append(f"{self._place}{name}: {words}")

    def _clean(self, name: str, value: str) -> str | None:
        if not value.strip():
            return None
        whole = without_half_characters(value)
        if whole != value:
            self.defect(name, "holds half a character, which was replaced")
        return whole

    def _rounded(self, name: str, value: Decimal) -> Decimal:
        rounded = value.quantize(PLACES, context=_EXACT)
        if rounded != value:
            self.defect(name, f"{shown(value)} has more than four places and was rounded to {rounded}")
        return rounded


def moment_of(text: str | None) -> datetime | None:
    """The moment that a source's text names, without its zone, or ``None`` where it is none."""
    stamp = _STAMP.fullmatch(text) if text is not None else None
    if stamp is None:
        return None
    try:
        return datetime.fromisoformat(stamp[1][:26])
    except ValueError:
        return None


def shown(value: object) -> str:
    """A value as it may stand in a message: short, and text that can be encoded."""
    text = without_half_characters(str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _as_decimal(value: object) -> Decimal | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return None  # A text such as "1e3" is more likely a code than an amount.
    return decimal_of(value)


def _as_whole(value: object) -> int | None:
    number = _as_decimal(value)
    return None if number is None or number.copy_abs() > _LONGEST_WHOLE else number_of(number)
