"""Generations as schemas of a PostgreSQL database; the schema ``change_order_relay`` has the views that are read."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

from psycopg.errors import DependentObjectsStillExist, InvalidTableDefinition
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from relay.clients.http.secret import UnusableSecret, secret_in
from relay.domain.failures import Fatal
from workers.views.generation import Generation, make_tables
from workers.views.stable_views import VIEWS

STABLE: Final = "change_order_relay"
"""The schema of the stable views, and of the note that says which generation they are of."""
_PREFIX: Final = f"{STABLE}_"
_ONE_AT_A_TIME: Final = 7_046_029_254_386_353_131
"""A lock of ours: schemas are made and exchanged by one at a time."""


class PostgresqlStore:
    """Each environment needs a database of its own. A password comes from a file."""

    def __init__(self, address: str, password_file: Path | None) -> None:
        url = make_url(address).set(drivername="postgresql+psycopg")
        self.place = url.render_as_string(hide_password=True)
        self._url = url if password_file is None else url.set(password=_password(password_file))
        self._lock = Lock()
        self._read: tuple[Generation, Engine] | None = None
        self._plain: Engine | None = None

    def building(self, generation: Generation) -> Engine:
        """Makes the generation's schema."""
        with self._whole().begin() as connection:
            _lock(connection)
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{_PREFIX}{generation.name}"'))
            connection.execute(text(f'SET LOCAL search_path TO "{_PREFIX}{generation.name}"'))
            schema = f"{_PREFIX}{generation.name}"
            make_tables(connection, set(inspect(connection).get_view_names(schema=schema)))
        return _engine(self._url, generation)

    def publish(self, generation: Generation) -> None:
        """The stable views change in one transaction; what was read before goes when the next one is published.
        Raises ``Fatal`` where one has other columns now and something that is not ours depends on it.
        """
        schema = f"{_PREFIX}{generation.name}"
        with self._whole().begin() as connection:
            _lock(connection)
            before = _published(connection)
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {STABLE}"))
            connection.execute(text(f"CREATE TABLE IF NOT EXISTS {STABLE}.published (generation text NOT NULL)"))
            for name in VIEWS:
                _replace(connection, name, f'SELECT * FROM "{schema}".{name}')
            connection.execute(text(f"DELETE FROM {STABLE}.published"))
            connection.execute(text(f"INSERT INTO {STABLE}.published VALUES (:name)"), {"name": generation.name})
            for former in inspect(connection).get_schema_names():
                found = Generation.named(former.removeprefix(_PREFIX))
                if found not in {None, generation, before} and found.version <= generation.version:
                    connection.execute(text(f'DROP SCHEMA "{former}" CASCADE'))

    def published(self) -> Generation | None:
        """By the note beside the stable views."""
        with self._whole().connect() as connection:
            return _published(connection)

    def reading(self) -> Connection | None:
        """From the schema that is published now."""
        with self._lock:
            generation = self.published()
            if generation is None:
                return None
            if self._read is None or self._read[0] != generation:
                self._dispose()
                self._read = generation, _engine(self._url, generation, writes=False)
            return self._read[1].connect()

    def beside(self) -> Engine:
        """In the schema of the stable views."""
        with self._whole().begin() as connection:
            _lock(connection)
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {STABLE}"))
        return create_engine(self._url, connect_args={"options": f"-csearch_path={STABLE}"}, pool_pre_ping=True)

    def close(self) -> None:
        """Ends what reading has opened."""
        with self._lock:
            self._dispose()
            if self._plain is not None:
                self._plain.dispose()
                self._plain = None

    def _dispose(self) -> None:
        if self._read is not None:
            self._read[1].dispose()
            self._read = None

    def _whole(self) -> Engine:
        if self._plain is None:
            self._plain = create_engine(self._url, pool_pre_ping=True, pool_size=2)
        return self._plain


def _engine(url: URL, generation: Generation, *, writes: bool = True) -> Engine:
    options = f"-csearch_path={_PREFIX}{generation.name}"
    if not writes:
        # One moment for all statements of a transaction, as SQLite gives it.
        options += " -cdefault_transaction_read_only=on -cdefault_transaction_isolation=repeatable\\ read"
    return create_engine(url, connect_args={"options": options}, pool_pre_ping=True)


def _published(connection: Connection) -> Generation | None:
    if not inspect(connection).has_table("published", schema=STABLE):
        return None
    name = connection.scalar(text(f"SELECT generation FROM {STABLE}.published"))
    return None if name is None else Generation.named(name)


def _replace(connection: Connection, name: str, query: str) -> None:
    """Replaced, a view keeps what was granted on it, and others may depend on it. PostgreSQL replaces none that has
    other columns or an other order of them.
    """
    view = f"{STABLE}.{name}"
    try:
        with connection.begin_nested():
            connection.execute(text(f"CREATE OR REPLACE VIEW {view} AS {query}"))
    except DBAPIError as error:
        if not isinstance(error.orig, InvalidTableDefinition):
            raise
        _drop(connection, view)
        connection.execute(text(f"CREATE VIEW {view} AS {query}"))


def _drop(connection: Connection, view: str) -> None:
    try:
        connection.execute(text(f"DROP VIEW {view}"))
    except DBAPIError as error:
        if not isinstance(error.orig, DependentObjectsStillExist):
            raise
        raise Fatal(
            f"{view} has other columns in this release, and cannot be made anew: {error.orig.diag.message_detail}. "
            "Drop what depends on it, and make it again once views has started"
        ) from None


def _lock(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})


def _password(file: Path) -> str:
    try:
        return secret_in(file)
    except OSError as error:
        raise Fatal(f"COR_VIEWS_PASSWORD_FILE names {file}, which cannot be read: {error.strerror}") from None
    except UnusableSecret as error:
        raise Fatal(f"COR_VIEWS_PASSWORD_FILE cannot be used: {error}") from None
