"""Change orders by whatever somebody has at hand: an id, a number, words of a title, a number there, an open item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from sqlalchemy import text

from operations.reports.named_projects import projects_named
from operations.reports.tables import ReadTables
from workers.views.amounts import decimal_of
from workers.views.folds.observed import sought_number, words_of

MOST: Final = 200
"""Change orders that are shown; more words find fewer."""

MOST_TITLES: Final = 12_000
"""Titles with the rarest of the words that are looked through for the others: where more have it, these alone are."""

MOST_OF_ONE_WORD: Final = 5_000
"""Titles with a word that is sought alone, of which the newest are found: where more have it, any are as good."""

_WAYS: Final = (
    ("id", "c.change_order_key = :exact OR c.change_order_id = :exact"),
    ("number", "c.number_sought = :number"),
    (
        "number there",
        " UNION ".join(
            f"SELECT change_order_key FROM destinations WHERE {name} = :exact"  # noqa: S608 - of our own words
            for name in ("record_number", "record_id", "origin_id", "package_number")
        ),
    ),
    ("open item", "SELECT change_order_key FROM letters WHERE letter_id = :exact"),
)
"""What is found by, the most exact first: a condition, or a query of keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChangeOrder:
    """One that fits. ``found_by``: the most exact way by which it was found."""

    change_order_key: str
    number: str | None
    title: str | None
    project: str | None
    status: str
    client_price: Decimal | None
    cost: Decimal | None
    currency: str | None
    found_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The most exact first, at most :data:`MOST`. ``is_all``: every title was looked through; else so many words are
    so common that others may fit, too.
    """

    change_orders: list[FoundChangeOrder]
    is_all: bool


def find(tables: ReadTables, words: str) -> Found:
    """Those that fit. Records of ours that were read back are none."""
    exact = words.strip()
    if not exact:
        return Found(change_orders=[], is_all=True)
    found: dict[str, FoundChangeOrder] = {}
    by_title, is_all = _by_title(tables, exact)
    for one in (*_found(tables, exact), *by_title):
        found.setdefault(one.change_order_key, one)
    return Found(change_orders=list(found.values())[:MOST], is_all=is_all)


def _found(tables: ReadTables, exact: str) -> Iterator[FoundChangeOrder]:
    values = {"exact": exact, "number": sought_number(exact.removeprefix("#"))}
    for way, asked in _WAYS:
        condition = f"c.change_order_key IN ({asked})" if asked.startswith("SELECT") else asked
        yield from _rows(tables, way, condition, {name: values[name] for name in values if f":{name}" in asked})
    for system, account, project in projects_named(tables, exact):
        of = {"system": system, "account": account, "project": project}
        yield from _rows(tables, "project", " AND ".join(f"c.{name} = :{name}" for name in of), of, "c.log_place")


def _by_title(tables: ReadTables, exact: str) -> tuple[list[FoundChangeOrder], bool]:
    """Every word begins a word of the title; and whether all titles were looked through."""
    sought = words_of(exact)
    if not sought:
        return [], True
    limits = [{"word": word, "end": f"{word}\U0010ffff"} for word in sought]
    counts = [tables.rows(_MANY_OF_A_WORD, **one)[0].many for one in limits]
    values = {f"word{place}": f"%{_literal(word)}%" for place, word in enumerate(sought)}
    likes = " AND ".join(f"c.title_sought LIKE :{name} ESCAPE '!'" for name in values)
    looked_through = _READ if len(sought) == 1 and counts[0] > MOST_OF_ONE_WORD else MOST_TITLES
    keys = f"{_WORDS} {looked_through}"
    query = text(f"{_SELECT} c.change_order_key IN ({keys}) AND {likes} ORDER BY c.observed_at DESC LIMIT {_READ}")
    rows = tables.rows(query, **limits[counts.index(min(counts))], **values)
    fitting = [_told(row, "title") for row in islice((row for row in rows if _has_all(row.title_sought, sought)), MOST)]
    # With a page full of them nobody misses one that was not read.
    return fitting, min(counts) <= MOST_TITLES and (len(rows) < _READ or len(fitting) >= MOST)


def _has_all(title: str | None, sought: list[str]) -> bool:
    words = words_of(title or "")
    return all(any(word.startswith(begin) for word in words) for begin in sought)


_SELECT: Final = """
    SELECT c.change_order_key, c.number, c.title, COALESCE(c.project_name, c.project) AS project,
           c.status_source AS status, c.client_price, c.cost, c.currency, c.title_sought
    FROM change_orders c WHERE c.origin_id IS NULL AND
"""
_WORDS: Final = "SELECT change_order_key FROM title_words WHERE word >= :word AND word < :end LIMIT"
_MANY_OF_A_WORD: Final = text(f"SELECT COUNT(*) AS many FROM ({_WORDS} {MOST_TITLES + 1}) found")  # noqa: S608
_READ: Final = 5 * MOST
"""Titles that are read to see whether words begin so: within others they may stand as well."""


def _rows(
    tables: ReadTables, way: str, condition: str, values: Mapping[str, object], order: str = "c.observed_at DESC"
) -> Iterator[FoundChangeOrder]:
    query = f"{_SELECT} ({condition}) ORDER BY {order} LIMIT {MOST}"
    yield from (_told(row, way) for row in tables.rows(text(query), **values))


def _told(row: Any, way: str) -> FoundChangeOrder:
    return FoundChangeOrder(
        change_order_key=row.change_order_key,
        number=row.number,
        title=row.title,
        project=row.project,
        status=row.status,
        client_price=decimal_of(row.client_price),
        cost=decimal_of(row.cost),
        currency=row.currency,
        found_by=way,
    )


def _literal(words: str) -> str:
    """Words in which nothing stands for something else."""
    return words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
