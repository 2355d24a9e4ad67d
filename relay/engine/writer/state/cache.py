"""The partition's inbox and ledger, as they stand on their topics, in SQLite.

Rebuilt at every assignment; it is a cache and nothing more, so it never waits for a disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from relay.domain.failures import Fatal
from relay.engine.kafka import Partition, Record
from relay.engine.stages.crash_points import CrashPoint, reached

Change = tuple[str, bytes | None]
"""A key and its new value; ``None`` removes it."""

REMOVED = b""
"""Stands in the cache for an entry of the ledger that somebody has removed."""

_PAGES_IN_MEMORY_KIB = 32_768
_RESTORED_AT_ONCE = 5_000  # Records put into the cache in one go.


class Table(StrEnum):
    """Each mirrors one compacted topic."""

    INBOX = "inbox"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class _Statements:
    """The SQL of one table. Its name is one of two constants, so that nothing from outside gets into it."""

    create: str
    get: str
    items: str
    keys_with: str
    count: str
    offset: str
    offsets: str
    replace: str
    delete: str


_SQL = {
    table: _Statements(
        create=f"CREATE TABLE {table} (key TEXT PRIMARY KEY, value BLOB, at INTEGER) WITHOUT ROWID",
        get=f"SELECT value FROM {table} WHERE key = ?",  # noqa: S608 - as the class says
        items=f"SELECT key, value FROM {table}",  # noqa: S608 - as the class says
        keys_with=f"SELECT key FROM {table} WHERE instr(value, ?) > 0",  # noqa: S608 - as the class says
        count=f"SELECT COUNT(*) FROM {table}",  # noqa: S608 - as the class says
        offset=f"SELECT at FROM {table} WHERE key = ?",  # noqa: S608 - as the class says
        offsets=f"SELECT key, at FROM {table} WHERE at IS NOT NULL",  # noqa: S608 - as the class says
        replace=f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)",  # noqa: S608 - as the class says
        delete=f"DELETE FROM {table} WHERE key = ?",  # noqa: S608 - as the class says
    )
    for table in Table
}


def temporary_folder() -> Path:
    """Where SQLite puts files without a name: the first of its list that may be written to."""
    # SQLite docs, "Temporary Files Used By SQLite", section 5.
    stated = [os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR")]
    for folder in (*filter(None, stated), "/var/tmp", "/usr/tmp", "/tmp"):  # noqa: S108 - SQLite's own list
        if Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return Path(folder)
    return Path.cwd()


@contextmanager
def _on_disk() -> Iterator[None]:
    """Raises ``Fatal`` with the folder's name where the disk under the cache is full or broken."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Fatal(
            f"the cache of inbox and ledger in {temporary_folder()} cannot be kept ({error}): make room there, or name "
            "a folder with room in TMPDIR; it is rebuilt from Kafka when the stage starts again"
        ) from error


class Cache:
    """Values by key, as bytes. Belongs to the thread that made it.

    Every method raises ``Fatal`` where the folder under it is full or cannot be used.
    """

    @_on_disk()
    def __init__(self) -> None:
        # The empty name is a file of SQLite's own in the temporary folder, removed when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_PAGES_IN_MEMORY_KIB}"):
            self._database.execute(f"PRAGMA {pragma}")
        for statements in _SQL.values():
            self._database.execute(statements.create)

    @_on_disk()
    def get(self, table: Table, key: str) -> bytes | None:
        """The value, or ``None``."""
        row = self._database.execute(_SQL[table].get, (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def items(self, table: Table) -> Iterator[tuple[str, bytes]]:
        """Iterates over all keys with their values."""
        with _on_disk():
            yield from self._database.execute(_SQL[table].items)

    @_on_disk()
    def keys_with(self, table: Table, part: bytes) -> list[str]:
        """The keys whose values contain ``part``."""
        return [str(key) for (key,) in self._database.execute(_SQL[table].keys_with, (part,))]

    @_on_disk()
    def count(self, table: Table) -> int:
        """How many keys the table has."""
        counted: int = self._database.execute(_SQL[table].count).fetchone()[0]
        return counted

    @_on_disk()
    def offset(self, table: Table, key: str) -> int | None:
        """Where the record was restored from; ``None``: it is not there, or was written since."""
        row = self._database.execute(_SQL[table].offset, (key,)).fetchone()
        return None if row is None else row[0]

    @_on_disk()
    def offsets(self, table: Table) -> list[tuple[str, int]]:
        """The keys, each with where its record was restored from."""
        return list(self._database.execute(_SQL[table].offsets))

    @_on_disk()
    def apply(self, table: Table, changes: Iterable[Change]) -> None:
        """Applies all of ``changes``, in order: the last of a key counts."""
        self.restore(table, ((key, value, None) for key, value in changes))

    @_on_disk()
    def restore(self, table: Table, records: Iterable[tuple[str, bytes | None, int | None]]) -> None:
        """Applies records with the offsets at which they stand, in order: the last of a key counts."""
        last = {key: (value, offset) for key, value, offset in records}
        self._database.execute("BEGIN")
        self._database.executemany(
            _SQL[table].replace, ((key, value, at) for key, (value, at) in last.items() if value is not None)
        )
        self._database.executemany(_SQL[table].delete, ((key,) for key, (value, _) in last.items() if value is None))
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Drops all values and removes the file."""
        self._database.close()


def restored(
    tables: Mapping[Partition, Table],
    read: Callable[[Sequence[Partition]], Iterable[Record]],
    is_foreign: Callable[[Table, Record], bool] = lambda table, record: False,
) -> Cache:
    """Reads the topics into a cache. Fencing has to come first: it settles what was left open.

    What ``is_foreign`` is passed over. No owner ever removes an entry of the ledger: a tombstone there is kept as
    :data:`REMOVED`, which nothing can read.
    """
    cache = Cache()
    topics = {partition.topic: table for partition, table in tables.items()}
    pending: dict[Table, list[tuple[str, bytes | None, int | None]]] = {table: [] for table in Table}
    for record in read(list(tables)):
        table = topics[record.topic]
        if is_foreign(table, record):
            continue
        value = REMOVED if record.value is None and table is Table.LEDGER else record.value
        pending[table].append(((record.key or b"").decode(), value, record.offset))
        reached(CrashPoint.WRITER_DURING_RESTORE)
        if len(pending[table]) >= _RESTORED_AT_ONCE:
            cache.restore(table, pending[table])
            pending[table] = []
    for table, records in pending.items():
        cache.restore(table, records)
    return cache
