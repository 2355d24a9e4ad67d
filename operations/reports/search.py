"""Change orders by whatever somebody has at hand: an id, a number, words of a title, a number there, an open item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from operations.reports.tables import ReadTables
from relay.domain.text_folding import folded
from workers.views.amounts import decimal_of
from workers.views.folds.observed import sought_number

MOST: Final = 200
"""Change orders that are shown; more words find fewer."""

_WAYS: Final = (
    ("id", "c.change_order_key = :exact OR c.change_order_id = :exact"),
    ("number", "c.number_sought = :number"),
    (
        "number there",
        """EXISTS (SELECT 1 FROM destinations d WHERE d.change_order_key = c.change_order_key
           AND :exact IN (d.record_number, d.record_id, d.origin_id, d.package_number))""",
    ),
    (
        "open item",
        "EXISTS (SELECT 1 FROM letters l WHERE l.change_order_key = c.change_order_key AND l.letter_id = :exact)",
    ),
    ("project", "c.project = :exact OR LOWER(c.project_name) = :lower"),
    ("title", "c.title_sought LIKE :words ESCAPE '!'"),
)
"""What is found by, the most exact first."""


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


def find(tables: ReadTables, words: str) -> list[FoundChangeOrder]:
    """Those that fit, the most exact first; at most :data:`MOST`. Records of ours that were read back are none."""
    exact = words.strip()
    if not exact:
        return []
    values: dict[str, object] = {
        "exact": exact,
        "number": sought_number(exact.removeprefix("#")),
        "lower": exact.lower(),
        "words": f"%{_literal(folded(exact))}%",
        "most": MOST,
    }
    found: dict[str, FoundChangeOrder] = {}
    for one in _found(tables, values):
        found.setdefault(one.change_order_key, one)
    return list(found.values())[:MOST]


def _found(tables: ReadTables, values: dict[str, object]) -> Iterator[FoundChangeOrder]:
    for way, condition in _WAYS:
        query = f"""
            SELECT c.change_order_key, c.number, c.title, COALESCE(c.project_name, c.project) AS project,
                   CASE WHEN c.deleted THEN 'deleted' ELSE c.status END AS status, c.client_price, c.cost, c.currency
            FROM change_orders c WHERE c.origin_id IS NULL AND ({condition})
            ORDER BY c.observed_at DESC LIMIT :most
        """  # noqa: S608 - of our own words
        named = {name: value for name, value in values.items() if f":{name}" in query}
        for row in tables.rows(text(query), **named):
            yield FoundChangeOrder(
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
