"""Values by key on a disk, for what would fill the memory: a file without a name in SQLite's temporary folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from relay.domain.failures import Fatal
from relay.engine.writer.state.cache import temporary_folder

_PAGES_IN_MEMORY_KIB = 8_192
_AT_ONCE = 5_000


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Fatal(
            f"what was read cannot be kept in {temporary_folder()} ({error}): make room there, or name a folder with "
            "room in TMPDIR"
        ) from error


class ValuesOnDisk:
    """Bytes by text. Belongs to one thread. Every method raises ``Fatal`` where the disk is full or cannot be used."""

    def __init__(self) -> None:
        with _explained():
            self._database = sqlite3.connect("", isolation_level=None)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_PAGES_IN_MEMORY_KIB}"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def close(self) -> None:
        """Removes the file."""
        self._database.close()

    def fill(self, pairs: Iterable[tuple[str, bytes | None]]) -> None:
        """Keeps the last value of each key; ``None`` removes it."""
        some: dict[str, bytes | None] = {}
        for key, value in pairs:
            some[key] = value
            if len(some) == _AT_ONCE:
                self._put(some)
                some = {}
        self._put(some)

    def get(self, key: str) -> bytes | None:
        """The value, or ``None``."""
        with _explained():
            row = self._database.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def in_order(self) -> Iterator[tuple[str, bytes]]:
        """All of them in the order of their keys, as they are when this begins."""
        with _explained():
            yield from self._database.execute("SELECT key, value FROM kept ORDER BY key")

    def _put(self, some: dict[str, bytes | None]) -> None:
        with _explained():
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?)",
                ((key, value) for key, value in some.items() if value is not None),
            )
            self._database.executemany(
                "DELETE FROM kept WHERE key = ?", ((key,) for key, value in some.items() if value is None)
            )
            self._database.execute("COMMIT")
