"""Filters, order and pages of lists.

Sources: Procore docs, "Filtering on List Actions", "Pagination". An unknown filter is ignored, which makes a wrong
one answer with unfiltered rows; settings can refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from random import Random
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from deploy.sandbox.procore import dates
from deploy.sandbox.procore.errors import ApiError
from deploy.sandbox.procore.settings import Settings
from deploy.sandbox.shell import Call

T = TypeVar("T")
Test = Callable[[Any], bool]

DELETED: Final = "include_deleted"
PAGING: Final = frozenset({"page", "per_page"})


@dataclass(frozen=True)
class Filter:
    """One filter of a list: which attribute it looks at, and how."""

    how: str
    attribute: str


def ids(attribute: str) -> Filter:
    """One or more ids: as CSV, as a JSON array, or with brackets."""
    return Filter("ids", attribute)


def texts(attribute: str) -> Filter:
    """One or more texts."""
    return Filter("texts", attribute)


def between(attribute: str) -> Filter:
    """A range of dates or instants."""
    return Filter("range", attribute)


def flag(attribute: str) -> Filter:
    """True or false."""
    return Filter("flag", attribute)


def tests(call: Call, filters: Mapping[str, Filter], settings: Settings) -> list[Test]:
    """What rows must pass; raises ApiError for a filter that cannot be read."""
    given: dict[str, list[str]] = {}
    for key, value in call.pairs:
        name, bracket, rest = key.removeprefix("filters[").partition("]")
        if key.startswith("filters[") and bracket:
            given.setdefault(f"{name}[not]" if rest == "[not]" else name, []).append(value)
    if settings.unknown_filters == "refuse":
        unknown = sorted(set(given) - set(filters) - {DELETED})
        if unknown:
            raise ApiError(400, {name: ["is not a filter of this list"] for name in unknown})
    return [
        test_of(name, filters[name], values) for name, values in given.items() if name in filters and name != DELETED
    ]


def test_of(name: str, one: Filter, values: Sequence[str]) -> Test:
    """The test of one filter."""
    if one.how == "ids":
        return in_list(one.attribute, {number(name, text) for text in split(values)})
    if one.how == "range":
        return in_range(name, one.attribute, values[-1])
    if one.how == "flag":
        wanted = values[-1].lower() == "true"
        return lambda row: bool(getattr(row, one.attribute)) is wanted
    allowed = {text.strip('"') for text in split(values)} if one.how == "texts" else set(values)
    return in_list(one.attribute, allowed)


def in_list(attribute: str, allowed: set[Any]) -> Test:
    """Whether the attribute is one of these."""
    return lambda row: getattr(row, attribute) in allowed


def in_range(name: str, attribute: str, text: str) -> Test:
    """Whether the attribute lies in the range; nothing lies in none."""
    wanted = dates.read_range(text)
    if wanted is None:
        raise ApiError(400, {name: ["must be a range of two ISO 8601 values joined by '...'"]})

    def test(row: Any) -> bool:
        value: date | datetime | None = getattr(row, attribute)
        return value is not None and wanted.first <= dates.as_instant(value) <= wanted.last

    return test


def split(values: Iterable[str]) -> list[str]:
    """The members of CSV, JSON array or repeated values."""
    found: list[str] = []
    for value in values:
        if value.startswith("["):
            try:
                found += [str(one) for one in json.loads(value)]
                continue
            except ValueError:
                value = value.strip("[]")  # noqa: PLW2901 - what is no JSON is read as CSV
        found += [part.strip() for part in value.split(",") if part.strip()]
    return found


def number(name: str, text: str) -> int:
    """An id; raises ApiError."""
    if not text.lstrip("-").isdecimal():
        raise ApiError(400, {name: ["is not a number"]})
    return int(text)


def deleted(call: Call) -> str:
    """``filters[include_deleted]``: ``only``, ``with``, or empty; raises ApiError."""
    wanted = call.query.get("filters[include_deleted]", "")
    if wanted not in ("", "only", "with"):
        raise ApiError(400, {"include_deleted": ["is only or with"]})
    return wanted


def shown(rows: Iterable[T], wanted: str) -> list[T]:
    """The rows that ``include_deleted`` asks for."""
    if wanted == "with":
        return list(rows)
    return [row for row in rows if (getattr(row, "deleted_at", None) is not None) == (wanted == "only")]


def ordered(rows: list[T], settings: Settings, random: Random) -> list[T]:
    """The rows in the order of the settings; none is promised."""
    if settings.order == "updated":
        return sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True)  # type: ignore[attr-defined]
    if settings.order == "shuffle":
        return random.sample(rows, len(rows))
    return rows


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    number: int
    size: int

    @classmethod
    def of(cls, call: Call, settings: Settings) -> Page:
        """``page`` and ``per_page``; raises ApiError."""
        page = number("page", call.query.get("page", "1"))
        size = number("per_page", call.query.get("per_page", str(settings.default_per_page)))
        if page < 1 or size < 1:
            raise ApiError(400, {"page": ["must be greater than 0"]})
        return cls(page, min(size, settings.largest_page))

    def cut(self, rows: list[T]) -> list[T]:
        """The rows of this page; none past the end."""
        first = (self.number - 1) * self.size
        return rows[first : first + self.size]

    def headers(self, call: Call, total: int) -> dict[str, str]:
        """``Total``, ``Per-Page`` and ``Link``."""
        last = max(1, ceil(total / self.size))
        relations: dict[str, int] = {}
        if self.number > 1:
            relations["first"] = 1
        if self.number > 2:
            relations["prev"] = min(self.number - 1, last)
        if self.number < last:
            relations |= {"next": self.number + 1, "last": last}
        links = ", ".join(f'<{self._url(call, page)}>; rel="{name}"' for name, page in relations.items())
        return {"Total": str(total), "Per-Page": str(self.size)} | ({"Link": links} if links else {})

    def _url(self, call: Call, page: int) -> str:
        pairs = [pair for pair in call.pairs if pair[0] not in PAGING]
        query = urlencode([*pairs, ("page", str(page)), ("per_page", str(self.size))])
        return f"http://{call.headers.get('host', 'localhost')}{call.path}?{query}"
