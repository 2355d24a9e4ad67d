"""What a table consists of: columns of one kind each, and rows of plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

Value = str | int | Decimal | datetime | date | None


class ColumnKind(Enum):
    """How a column's values are written. Numbers of documents and ids are ``TEXT``: 007 stays 007."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``title`` is for people; ``name`` stands in CSV and never changes. ``width``: in characters."""

    title: str
    name: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadsheetTable:
    """A flat table. ``summed``: names of columns of money that may be added up, for each currency by itself.

    ``currency``: the name of the column that tells the currency; ``None``: nothing is added up.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    summed: Sequence[str] = ()
    currency: str | None = None

    def place_of(self, name: str) -> int:
        """Where a column stands, from 0."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)

    def totals(self) -> Iterator[tuple[str | None, dict[str, Decimal]]]:
        """The sums of each currency, in alphabetical order; rows without one last."""
        if self.currency is None:
            return
        at = self.place_of(self.currency)
        currencies = {_text(row[at]) for row in self.rows}
        for currency in sorted(currencies, key=lambda text: (text is None, text or "")):
            rows = [row for row in self.rows if _text(row[at]) == currency]
            yield currency, {name: _sum(row[self.place_of(name)] for row in rows) for name in self.summed}

    def unknown(self, name: str) -> int:
        """How many rows have no value in a column."""
        at = self.place_of(name)
        return sum(row[at] is None for row in self.rows)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _sum(values: Iterable[Value]) -> Decimal:
    return sum((value for value in values if isinstance(value, Decimal)), Decimal(0))
