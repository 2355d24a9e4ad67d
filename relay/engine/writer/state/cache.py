"""The partition's inbox and ledger, as they stand on their topics, in SQLite.

Rebuilt at every assignment; it is a cache and nothing more, so it never waits for a disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from relay.engine.kafka import Partition, Record
from relay.engine.stages.crash_points import CrashPoint, reached

Change = tuple[str, bytes | None]
"""A key and its new value; ``None`` removes it."""
_PAGES_IN_MEMORY_KIB = 32_768


class Table(StrEnum):
    """Each mirrors one compacted topic."""

    INBOX = "inbox"
    LEDGER = "ledger"


class Cache:
    """Values by key, as bytes. Belongs to the thread that made it."""

    def __init__(self) -> None:
        # The empty name is a file of SQLite's own in the temporary folder, removed when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_PAGES_IN_MEMORY_KIB}"):
            self._database.execute(f"PRAGMA {pragma}")
        for table in Table:
            self._database.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def get(self, table: Table, key: str) -> bytes | None:
        """The value, or ``None``."""
        found = self._database.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608 - the table is one of two constants
        return None if found is None else bytes(found[0])

    def items(self, table: Table) -> Iterator[tuple[str, bytes]]:
        """Everything in it."""
        yield from self._database.execute(f"SELECT key, value FROM {table}")  # noqa: S608 - as above

    def keys_with(self, table: Table, part: bytes) -> list[str]:
        """The keys whose values contain ``part``."""
        found = self._database.execute(f"SELECT key FROM {table} WHERE instr(value, ?) > 0", (part,))  # noqa: S608 - as above
        return [str(key) for (key,) in found]

    def count(self, table: Table) -> int:
        """How many keys it has."""
        counted: int = self._database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - as above
        return counted

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
