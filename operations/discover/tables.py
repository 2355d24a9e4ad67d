"""What was discovered, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from operations.discover.discover import Discovery
from operations.discover.lists import CONTRACTS, KINDS, TIERS, Row

CANNOT_TELL = "cannot tell"
"""Of the tiers of a contract: only the rows of its change orders tell them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTable:
    """The rows of one kind in one account."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def by_account(discovery: Discovery) -> dict[str, dict[str, list[Row]]]:
    """The rows by account and kind; contracts with their tiers, ``None`` where nothing tells them."""
    accounts = list(dict.fromkeys(found.account for found in discovery.lists.values()))
    return {account: _of(discovery, account) for account in accounts}


def _of(discovery: Discovery, account: str) -> dict[str, list[Row]]:
    kinds = [kind for kind in KINDS if kind != TIERS and discovery.has_read(kind, account)]
    rows = {kind: discovery.rows(kind, account) for kind in kinds}
    if CONTRACTS in rows:
        tiers = {row["contract"]: row["tiers"] for row in discovery.rows(TIERS, account)}
        rows[CONTRACTS] = [{**row, "tiers": tiers.get(row["id"])} for row in rows[CONTRACTS]]
    return rows


def tables(discovery: Discovery) -> Iterator[ShownTable]:
    """A table for each kind in each account; empty ones are left out."""
    for account, kinds in by_account(discovery).items():
        for kind, rows in kinds.items():
            if rows:
                title = f"{account}: {kind.replace('_', ' ')} ({len(rows)})"
                cells = [[_cell(name, text) for name, text in row.items()] for row in rows]
                yield ShownTable(title=title, columns=list(rows[0]), rows=cells)


def _cell(column: str, text: str | None) -> str:
    return text or (CANNOT_TELL if column == "tiers" else "")
