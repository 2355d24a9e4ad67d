"""One moment of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, TextClause, select
from sqlalchemy.exc import SQLAlchemyError

from operations.errors import Refused
from operations.reports.no_tables import NoTables
from relay.engine.settings import Settings
from workers.views.amounts import time_of
from workers.views.store import Store, read_moment, store_of
from workers.views.tables import PROGRESS, VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTables:
    """``read_at``: when they last had everything that was on the topics; ``place``: where they are."""

    connection: Connection
    place: str
    read_at: datetime | None

    def rows(self, query: Select[Any] | TextClause, **values: object) -> list[Row[Any]]:
        """What a query finds. In the values, as in the tables, another character is where a NUL was."""
        plain = {
            name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
            for name, value in values.items()
        }
        return list(self.connection.execute(query, plain))


@contextmanager
def open_tables(settings: Settings) -> Iterator[ReadTables]:
    """One moment of the tables that the settings name. Raises ``NoTables``, and ``Refused`` where
    they cannot be read.
    """
    store = store_of(settings)
    try:
        with moment_of(store) as tables:
            yield tables
    finally:
        store.close()


@contextmanager
def moment_of(store: Store) -> Iterator[ReadTables]:
    """The same of a store that is open. Raises as :func:`open_tables`."""
    try:
        with read_moment(store) as connection:
            if connection is None:
                raise NoTables(store.place)
            read_at = time_of(connection.scalar(select(PROGRESS.c.read_at)))
            yield ReadTables(connection=connection, place=store.place, read_at=read_at)
    except SQLAlchemyError as error:
        said = _of_another_release(store) or str(getattr(error, "orig", error))
        raise Refused(f"the tables of views cannot be read ({store.place}): {said}") from error


def _of_another_release(store: Store) -> str | None:
    """A sentence where the tables are not those that this release makes: then nothing is broken."""
    try:
        published = store.published()
    except (SQLAlchemyError, OSError):
        return None
    if published is None or published.version == VERSION:
        return None
    if published.version > VERSION:
        return f"they are of a newer release (version {published.version}, not {VERSION}): update and restart this, too"
    return (
        f"they are of an older release (version {published.version}, not {VERSION}): once `views` of this release has "
        "made them anew, they can be read (`cor status` says how far it is)"
    )
