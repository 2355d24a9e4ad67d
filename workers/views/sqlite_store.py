"""Generations as SQLite files beside each other; a link names the one that is read.

SQLite keeps its log beside the file that a link leads to, so exchanging the link mixes up nothing: whoever has the
former file open reads on in it. Source: SQLite documentation, "Write-Ahead Logging", "How To Corrupt An SQLite
Database File" (links).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from relay.domain.failures import Fatal
from workers.views.generation import Generation, make_tables

_WAITS = 30.0
"""Seconds for which one waits for another's transaction."""
_CACHE = 64 * 1024
"""KiB of a file that a connection keeps: of a million change orders the indices are larger than what SQLite keeps by
itself.
"""
_BESIDE = ("", "-wal", "-shm")


class SqliteStore:
    """A link ``file`` to the generation that is read, and the generations beside it as ``{file}.{generation}``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._read: tuple[Path, Engine] | None = None
        if file.exists() and not file.is_symlink():
            raise Fatal(f"{file}, where COR_VIEWS_URL wants the tables, is a file of something else: name another one")

    @property
    def place(self) -> str:
        """The link's name."""
        return str(self._file)

    def building(self, generation: Generation) -> Engine:
        """Raises ``Fatal`` where the folder cannot be made."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Fatal(f"{self._file.parent} for the tables of views cannot be made: {error.strerror}") from None
        engine = _engine(self._of(generation), writes=True)
        with engine.begin() as connection:
            make_tables(connection, set(inspect(connection).get_view_names()))
        return engine

    def publish(self, generation: Generation) -> None:
        """The link changes in one step; files of other generations are removed after it."""
        fresh = self._file.with_name(f"{self._file.name}.new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(self._of(generation).name)
        fresh.replace(self._file)
        for former in self._file.parent.glob(f"{self._file.name}.v*"):
            found = Generation.named(former.name.removeprefix(f"{self._file.name}."))
            # Another release of a rolling update may build a newer one beside us.
            if found is not None and found != generation and found.version <= generation.version:
                for end in _BESIDE:
                    former.with_name(former.name + end).unlink(missing_ok=True)

    def published(self) -> Generation | None:
        """By the link."""
        if not self._file.exists():
            return None
        return Generation.named(self._file.readlink().name.removeprefix(f"{self._file.name}."))

    def reading(self) -> Connection | None:
        """From the file that the link leads to now."""
        with self._lock:
            if not self._file.exists():
                return None
            target = self._file.resolve()
            if self._read is None or self._read[0] != target:
                self._dispose()
                self._read = target, _engine(target, writes=False)
            return self._read[1].connect()

    def beside(self) -> Engine:
        """A file of its own."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _engine(self._file.with_name(f"{self._file.name}.kept"), writes=True)

    def close(self) -> None:
        """Ends what reading has opened."""
        with self._lock:
            self._dispose()

    def _dispose(self) -> None:
        if self._read is not None:
            self._read[1].dispose()
            self._read = None

    def _of(self, generation: Generation) -> Path:
        return self._file.with_name(f"{self._file.name}.{generation.name}")


def _engine(file: Path, *, writes: bool) -> Engine:
    """An engine of one file. Who writes takes the file's lock when the transaction begins, not when it first writes."""
    url = URL.create("sqlite+pysqlite", database=str(file))
    engine = create_engine(url, connect_args={"timeout": _WAITS, "isolation_level": None}, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: object) -> None:
        connection.execute(f"PRAGMA cache_size={-_CACHE}")
        if writes:
            connection.execute("PRAGMA journal_mode=WAL")
            # With a log a crash of the machine loses the last transactions whole: they are folded again.
            connection.execute("PRAGMA synchronous=NORMAL")
        else:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
