"""The partition's inbox and ledger, as they stand on their topics, in SQLite.

Rebuilt at every assignment; it is a cache and nothing more, so it never waits for a disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from relay.domain.failures import Fatal
from relay.engine.kafka import Partition, Record
from relay.engine.stages.crash_points import CrashPoint, reached

Change = tuple[str, bytes | None]
"""A key and its new value; ``None`` removes it."""
_PAGES_IN_MEMORY_KIB = 32_768


class Table(StrEnum):
    """Each mirrors one compacted topic."""

    INBOX = "inbox"
    LEDGER = "ledger"


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
        for table in Table:
            self._database.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    @_on_disk()
    def get(self, table: Table, key: str) -> bytes | None:
        """The value, or ``None``."""
        found = self._database.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608 - the table is one of two constants
        return None if found is None else bytes(found[0])

    def items(self, table: Table) -> Iterator[tuple[str, bytes]]:
        """Everything in it."""
        with _on_disk():
            yield from self._database.execute(f"SELECT key, value FROM {table}")  # noqa: S608 - as above

    @_on_disk()
    def keys_with(self, table: Table, part: bytes) -> list[str]:
        """The keys whose values contain ``part``."""
        found = self._database.execute(f"SELECT key FROM {table} WHERE instr(value, ?) > 0", (part,))  # noqa: S608 - as above
        return [str(key) for (key,) in found]

    @_on_disk()
    def count(self, table: Table) -> int:
        """How many keys it has."""
        counted: int = self._database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - as above
        return counted

    @_on_disk()
    def apply(self, table: Table, changes: Iterable[Change]) -> None:
        """All of ``changes``, in order: the last of a key counts."""
        last = dict(changes)
        self._database.execute("BEGIN")
        self._database.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?)",  # noqa: S608 - as above
            ((key, value) for key, value in last.items() if value is not None),
        )
        self._database.executemany(
            f"DELETE FROM {table} WHERE key = ?",  # noqa: S608 - as above
            ((key,) for key, value in last.items() if value is None),
        )
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Forgets everything."""
        self._database.close()


_AT_ONCE = 5_000  # Records put into the cache in one go.


def restored(tables: Mapping[Partition, Table], read: Callable[[Sequence[Partition]], Iterable[Record]]) -> Cache:
    """A cache of what stands on the topics. Fencing has to come first: it settles what was left open."""
    cache = Cache()
    topics = {partition.topic: table for partition, table in tables.items()}
    pending: dict[Table, list[Change]] = {table: [] for table in Table}
    for record in read(list(tables)):
        table = topics[record.topic]
        pending[table].append(((record.key or b"").decode(), record.value))
        reached(CrashPoint.WRITER_DURING_RESTORE)
        if len(pending[table]) >= _AT_ONCE:
            cache.apply(table, pending[table])
            pending[table] = []
    for table, changes in pending.items():
        cache.apply(table, changes)
    return cache
