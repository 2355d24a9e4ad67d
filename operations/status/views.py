"""How far the tables of ``views`` are. Nothing waits for them: they write to no topic but what their member states."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from operations.environment import Environment
from operations.errors import Refused
from operations.reports.no_tables import NoTables
from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Partition
from relay.engine.settings import Settings
from relay.engine.topics import VIEWED, Topic
from workers.views.amounts import time_of

_WAITS = 30.0
"""Seconds for which one waits for another's transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsState:
    """``lag``: offsets that are not in the tables yet; ``read_at``: when they last had everything.

    Where the tables cannot be read from here, ``why`` says so, and the others say nothing.
    """

    lag: int | None = None
    read_at: datetime | None = None
    why: str | None = None


def views_state(environment: Environment, cluster: Cluster, counts: Mapping[Topic, int]) -> ViewsState:
    """As the tables tell it that are read; one that is built beside them does not count."""
    ends = cluster.end_offsets([place for topic in VIEWED for place in environment.every(topic, counts[topic])])
    try:
        positions, read_at = _positions(environment.settings)
    except (Fatal, Refused) as unreadable:
        return ViewsState(why=str(unreadable))
    return ViewsState(lag=sum(max(0, end - positions.get(one, 0)) for one, end in ends.items()), read_at=read_at)


def _positions(settings: Settings) -> tuple[dict[Partition, int], datetime | None]:
    if settings.views_url is None or settings.views_url.startswith("sqlite:"):
        if not settings.views_file.exists():
            raise NoTables(str(settings.views_file))
        if settings.views_file.is_symlink():
            return _of_file(settings.views_file)
    from operations.reports.tables import open_tables  # noqa: PLC0415 - no other command about status needs a database
    from workers.views.tables import OFFSETS  # noqa: PLC0415

    with open_tables(settings) as tables:
        rows = tables.rows(OFFSETS.select())
        return {Partition(row.topic, row.partition): row.next_offset for row in rows}, tables.read_at


def _of_file(file: Path) -> tuple[dict[Partition, int], datetime | None]:
    """The same of SQLite's file, of which two queries need nothing else: what the others go through takes longer to
    import than the whole report to make.
    """
    try:
        with closing(sqlite3.connect(file.resolve(), timeout=_WAITS, isolation_level=None)) as tables:
            tables.execute("PRAGMA query_only=ON")
            tables.execute("BEGIN")
            rows = tables.execute("SELECT topic, partition, next_offset FROM offsets").fetchall()
            (read_at,) = tables.execute("SELECT read_at FROM progress").fetchone() or (None,)
    except sqlite3.Error as error:
        raise Refused(f"the tables of views cannot be read ({file}): {error}") from error
    return {Partition(topic, number): offset for topic, number, offset in rows}, time_of(read_at)
