"""Where the tables lie: SQLite's file or PostgreSQL's database, by ``COR_VIEWS_URL``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from relay.engine.settings import Settings
from workers.views.generation import Generation

UNREACHABLE = (OperationalError, InterfaceError)
"""What a database that is away, or in the way of others, raises: the same again later."""


class Store(Protocol):
    """Generations of the tables, of which one is read. Belongs to one thread, but for :meth:`reading`."""

    @property
    def place(self) -> str:
        """For people: where it is. Without a password."""

    def building(self, generation: Generation) -> Engine:
        """What writes the generation's tables, which are made where they are not there. The caller disposes of it."""

    def publish(self, generation: Generation) -> None:
        """From now on this generation is read; what came before goes."""

    def published(self) -> Generation | None:
        """The generation that is read; ``None``: there is none yet."""

    def reading(self) -> Connection | None:
        """A connection in a transaction that sees one moment of the generation that is read; the caller closes it."""

    def beside(self) -> Engine:
        """What lies beside the generations and outlives them; made where it is not there. The caller disposes of it."""

    def close(self) -> None:
        """Ends what reading has opened."""


def store_of(settings: Settings) -> Store:
    """The store that the settings name. Raises ``Fatal`` where it cannot be one."""
    if settings.views_url is not None and not settings.views_url.startswith("sqlite:"):
        from workers.views.postgresql_store import PostgresqlStore  # noqa: PLC0415 - its driver is not always needed

        return PostgresqlStore(settings.views_url, settings.views_password_file)
    from workers.views.sqlite_store import SqliteStore  # noqa: PLC0415

    return SqliteStore(settings.views_file)


@contextmanager
def read_moment(store: Store) -> Iterator[Connection | None]:
    """One moment of the tables; ``None`` where there are none yet."""
    connection = store.reading()
    if connection is None:
        yield None
        return
    with connection:
        yield connection
