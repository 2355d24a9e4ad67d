"""What a table consists of: columns of one kind each, and rows of plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Protocol

Value = str | int | Decimal | datetime | date | None


class Rows(Protocol):
    """Rows in order, as often as they are asked for; they need not be in memory."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Sequence[Value]]: ...


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

    ``currency``: the name of the column that tells the currency; ``None``: nothing is added up. ``side``: of the one
    that tells the side, where a table has both: they are never added up together.
    """

    title: str
    columns: Sequence[Column]
    rows: Rows
    summed: Sequence[str] = ()
    currency: str | None = None
    side: str | None = None

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """The names of the columns within whose values is added up."""
        return tuple(name for name in (self.side, self.currency) if name is not None and self.currency is not None)

    def place_of(self, name: str) -> int:
        """Where a column stands, from 0."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)

    def totals(self) -> Iterator[tuple[tuple[str | None, ...], dict[str, Decimal]]]:
        """The sums of each group, by the values of :attr:`grouped_by` in alphabetical order; where one is not told,
        last.
        """
        if self.currency is None:
            return
        places = [self.place_of(name) for name in self.grouped_by]
        summed = [(name, self.place_of(name)) for name in self.summed]
        groups: dict[tuple[str | None, ...], dict[str, Decimal]] = {}
        for row in self.rows:
            group = tuple(_text(row[place]) for place in places)
            sums = groups.setdefault(group, dict.fromkeys(self.summed, Decimal(0)))
            for name, place in summed:
                if isinstance(value := row[place], Decimal):
                    sums[name] += value
        for group in sorted(groups, key=lambda values: [(text is None, text or "") for text in values]):
            yield group, groups[group]

    def unknown(self, name: str) -> int:
        """How many rows have no value in a column."""
        at = self.place_of(name)
        return sum(row[at] is None for row in self.rows)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
