"""What ``views`` reads, on topics of a test's own, and what its tables are to be: by a fold of all of it at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from deploy.local import NothingToRunOn
from deploy.local.postgresql import Postgresql
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Record, read_to_end
from relay.engine.settings import Settings
from relay.engine.topics import VIEWED
from tests.conftest import PARTITIONS
from tests.unit.workers.views.tables import dump, every
from workers.views.store import Store, read_moment, store_of
from workers.views.tables import METADATA

_NOT_OF_RECORDS = {"offsets", "progress", "control"}
"""How far it is; and among what people state, what running members state of themselves."""


@dataclass
class Tables:
    """Where a test's tables are."""

    environment: dict[str, str]

    @contextmanager
    def store(self) -> Iterator[Store]:
        """As the stage opens it."""
        named = {name.removeprefix("COR_").lower(): value for name, value in self.environment.items()}
        store = store_of(Settings(kafka_bootstrap_servers="localhost:1", **named))  # type: ignore[arg-type]
        try:
            yield store
        finally:
            store.close()

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows that are read now, but for what says how far it is."""
        with self.store() as store, read_moment(store) as connection:
            assert connection is not None, "nothing is published"
            return {
                table.name: sorted((_plain(row) for row in connection.execute(table.select())), key=repr)
                for table in METADATA.sorted_tables
                if table.name not in _NOT_OF_RECORDS
            }


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def write(connection: Connection, prefix: str, records: Iterable[Record]) -> None:
    """The records of the unit tests' making, onto the test's topics: those of one key in their order."""
    with PlainWriter(connection) as writer:
        for record in records:
            partition = record.partition or None
            name = f"{prefix}{record.topic}"
            number = 0 if "control" in name or "audit" in name else partition
            writer.send(Outgoing(name, record.key, record.value, number))
        writer.flush()


def expected(connection: Connection, prefix: str) -> dict[str, list[tuple[Any, ...]]]:
    """The tables of all that is on the topics, folded at once."""
    places = [
        Partition(topic.name(prefix), number)
        for topic in VIEWED
        for number in range(1 if topic.partitions == 1 else PARTITIONS)
    ]
    bare = [Record(record.topic.removeprefix(prefix), *_rest(record)) for record in read_to_end(connection, places)]
    whole = dump(every(bare))
    found = {name: rows for name, rows in whole.items() if name not in _NOT_OF_RECORDS}
    found["unreadable"] = [(f"{prefix}{row[0]}", *row[1:]) for row in found["unreadable"]]
    return found


def _rest(record: Record) -> tuple[Any, ...]:
    return (record.partition, record.offset, record.key, record.value, (), record.timestamp_ms)


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """A server for the length of the block. Without the program, the test is skipped, and fails where all is to run."""
    try:
        server = Postgresql()
    except NothingToRunOn as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}")
        pytest.skip(f"NOT TESTED ON POSTGRESQL: {missing}")
    try:
        server.open()
        yield server
    finally:
        server.close()


def in_sqlite(folder: Path) -> Tables:
    """Tables in a file."""
    return Tables({"COR_VIEWS_URL": f"sqlite:///{folder / 'views' / 'views.sqlite'}"})


def in_postgresql(server: Postgresql, folder: Path, name: str) -> Tables:
    """Tables in a database of their own."""
    password = folder / "views-password"
    password.write_text(server.PASSWORD, encoding="utf-8")
    with psycopg.connect(server.url(), password=server.PASSWORD, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return Tables({"COR_VIEWS_URL": server.url(name), "COR_VIEWS_PASSWORD_FILE": str(password)})
