"""Inserts that may come again, and in another order, and leave the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, case
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]

NEVER = -1
"""The guard of a group of columns about which a row says nothing."""


def insert_once(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows of which the first counts, since any other says the same."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def keep_newest(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    groups: Mapping[str, Iterable[str]],
    least: Iterable[str] = (),
) -> None:
    """Rows of which each group of columns is as the row with the highest guard says.

    ``groups``: the columns by their guard, which grows with each record that tells of them. ``least``: columns that
    keep the smallest value. The remaining columns are the same in all rows of one key.
    """
    if not rows:
        return
    statement = _insert(connection, table)
    new = statement.excluded
    changes: dict[str, Any] = {}
    for guard, columns in groups.items():
        is_newer = new[guard] > table.c[guard]
        changes |= {name: case((is_newer, new[name]), else_=table.c[name]) for name in (*columns, guard)}
    for name in least:
        changes[name] = case((new[name] < table.c[name], new[name]), else_=table.c[name])
    keys = [column.name for column in table.primary_key]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def add_up(
    connection: Connection, table: Table, rows: Sequence[Row], sums: Iterable[str], least: Iterable[str] = ()
) -> None:
    """Rows whose columns ``sums`` are added to what is there; those in ``least`` keep the smallest value."""
    if not rows:
        return
    statement = _insert(connection, table)
    new = statement.excluded
    changes: dict[str, Any] = {name: table.c[name] + new[name] for name in sums}
    for name in least:
        changes[name] = case((new[name] < table.c[name], new[name]), else_=table.c[name])
    keys = [column.name for column in table.primary_key]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def _insert(connection: Connection, table: Table) -> Any:
    """Both databases know the same words for it, each in a class of its own."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
