"""Typed access to the members of a remote's object. Only a record's own id is required."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from relay.domain.sources.native_values import day_of, decimal_of, instant_of, label_of, number_of, text_of, truth_of


class Members:
    """Typed access to the members of one object of an answer; a nested object is one more of it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def required_id(self, name: str = "id") -> int:
        """The record's id. Raises ``ValueError`` where there is none."""
        number = self.number(name)
        if number is None:
            raise ValueError(f"a record without a readable {name}")
        return number

    def required_text(self, name: str) -> str:
        """Text that is not empty. Raises ``ValueError`` where there is none."""
        text = self.text(name)
        if not text:
            raise ValueError(f"a record without a readable {name}")
        return text

    def number(self, name: str) -> int | None:
        """A member that is a whole number, see :func:`~relay.domain.sources.native_values.number_of`."""
        return number_of(self._data.get(name))

    def decimal(self, name: str) -> Decimal | None:
        """A member that is a decimal, see :func:`~relay.domain.sources.native_values.decimal_of`."""
        return decimal_of(self._data.get(name))

    def first_decimal(self, *names: str) -> Decimal | None:
        """The first of the named members that is a decimal."""
        decimals = (self.decimal(name) for name in names)
        return next((decimal for decimal in decimals if decimal is not None), None)

    def text(self, *names: str) -> str | None:
        """The first of the named members that is text and not empty; an empty one counts as ``None``."""
        texts = (text_of(self._data.get(name)) for name in names)
        return next((text for text in texts if text), None)

    def label(self, *names: str) -> str | None:
        """As :meth:`text`, but of a text of any length its beginning alone."""
        return label_of(self.text(*names))

    def truth(self, name: str) -> bool | None:
        """A member that is a boolean, see :func:`~relay.domain.sources.native_values.truth_of`."""
        return truth_of(self._data.get(name))

    def instant(self, name: str) -> datetime | None:
        """A member that is a moment, see :func:`~relay.domain.sources.native_values.instant_of`."""
        return instant_of(self._data.get(name))

    def day(self, *names: str) -> str | None:
        """The first of the named members that is a day, see :func:`~relay.domain.sources.native_values.day_of`."""
        days = (day_of(self._data.get(name)) for name in names)
        return next((day for day in days if day), None)

    def inner(self, name: str) -> Members:
        """A nested object; an empty one where there is none."""
        value = self._data.get(name)
        return Members(value if isinstance(value, Mapping) else {})

    def each(self, name: str) -> tuple[Members, ...]:
        """The objects of a nested list; whatever else is in it is passed over."""
        value = self._data.get(name)
        objects = value if isinstance(value, list) else []
        return tuple(Members(element) for element in objects if isinstance(element, Mapping))
