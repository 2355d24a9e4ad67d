"""Reading what is on the topics: the newest record of each key, and single records by where they stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from operations.environment import Environment
from relay.domain.commands import Command
from relay.domain.identity import tenant_partition
from relay.domain.ledger import LedgerEntry
from relay.domain.records import NameRecord
from relay.engine.kafka import Cluster, Connection, KafkaUnreachable, Partition, Record, read_to_end
from relay.engine.kafka.client import Consumer, raw, record_of
from relay.engine.kafka.failures import translated
from relay.engine.topics import FAMILIES, NAMES, Family

_PATIENCE = 30.0
_POLL_MS = 500


def latest_by_key(
    connection: Connection,
    partitions: Sequence[Partition],
    wanted: Callable[[bytes], bool] = lambda _: True,
) -> dict[tuple[Partition, bytes], Record]:
    """Of a compacted topic the newest record of each key that is wanted, without those that were deleted."""
    found: dict[tuple[Partition, bytes], Record] = {}
    for record in read_to_end(connection, partitions):
        key = record.key or b""
        if wanted(key):
            place = (Partition(record.topic, record.partition), key)
            found.pop(place, None)
            if record.value is not None:
                found[place] = record
    return found


class RecordFetcher:
    """Reads single records, wherever they stand. Belongs to one thread.

    Only a little is fetched at once, since the next record that is wanted is somewhere else.
    """

    def __init__(self, connection: Connection) -> None:
        self._where = connection.bootstrap_servers
        self._consumer: Consumer = connection.consumer(
            max_poll_records=1, fetch_max_bytes=65_536, max_partition_fetch_bytes=65_536
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close(autocommit=False)

    def at(self, topic: str, partition: int, offset: int) -> Record | None:
        """The record at just this place; ``None`` where retention or compaction has removed it."""
        place = raw(Partition(topic, partition))
        until = time.monotonic() + _PATIENCE
        with translated(f"reading {topic}[{partition}] at {offset}", self._where):
            self._consumer.assign([place])
            first = self._consumer.beginning_offsets([place])[place]
            end = self._consumer.end_offsets([place])[place]
            if not first <= offset < end:
                return None
            self._consumer.seek(place, offset)
            while time.monotonic() < until:
                for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
                    for record in records:
                        return record_of(record) if record.offset == offset else None
                position = self._consumer.position(place, timeout_ms=_POLL_MS)
                if position is not None and position >= end:
                    return None
        raise KafkaUnreachable(f"no answer in {_PATIENCE:.0f} s reading {topic}[{partition}] (Kafka at {self._where})")


def offsets_at(connection: Connection, partitions: Sequence[Partition], timestamp_ms: int) -> Mapping[Partition, int]:
    """Where to read each partition from, to see everything that was written at or after a time (epoch ms)."""
    if not partitions:
        return {}
    with Cluster(connection) as cluster:
        return cluster.offsets_for_time(partitions, timestamp_ms)


def with_key(
    connection: Connection,
    partitions: Sequence[Partition],
    wanted: Callable[[bytes], bool],
    start: Mapping[Partition, int] | None = None,
) -> Iterator[Record]:
    """The records whose key is wanted."""
    return (record for record in read_to_end(connection, partitions, start=start) if wanted(record.key or b""))


_ACCOUNT = "account:"


@dataclass(frozen=True, slots=True, order=True)
class KnownAccount:
    """An account of a remote system, by the name that stands for it for ever."""

    system: str
    name: str

    @property
    def key(self) -> str:
        """``{system}:{account}``."""
        return f"{self.system}:{self.name}"


def known_accounts(environment: Environment, count: int) -> list[KnownAccount]:
    """Every account whose name is recorded. ``count``: partitions of the names topic."""
    found = latest_by_key(
        environment.connection, environment.every(NAMES, count), lambda key: key.startswith(b"account:")
    )
    names = [environment.codec.decode(record.value or b"", NameRecord).name for record in found.values()]
    pairs = [name.removeprefix(_ACCOUNT).partition(":") for name in names]
    return sorted(KnownAccount(system, name) for system, _, name in pairs)


def entries_of(environment: Environment, commands: Iterable[Command]) -> dict[str, LedgerEntry]:
    """The ledger's entries of what these commands are about, by origin id."""
    wanted: dict[Partition, set[str]] = {}
    counts = environment.counts(family.ledger for family in FAMILIES.values())
    for command in commands:
        ledger = FAMILIES[command.system].ledger
        number = tenant_partition(command.system, command.account, counts[ledger])
        wanted.setdefault(Partition(environment.name(ledger), number), set()).add(command.origin_id)
    return _read(environment, wanted)


def entries_at(
    environment: Environment, family: Family, accounts: Iterable[KnownAccount], origin_ids: AbstractSet[str]
) -> dict[str, LedgerEntry]:
    """The same for origin ids of which only the target system is known: every tenant is asked."""
    if not origin_ids:
        return {}
    count = environment.counts([family.ledger])[family.ledger]
    numbers = {
        tenant_partition(account.system, account.name, count) for account in accounts if account.system == family.system
    }
    topic = environment.name(family.ledger)
    return _read(environment, {Partition(topic, number): set(origin_ids) for number in sorted(numbers)})


def _read(environment: Environment, wanted: Mapping[Partition, set[str]]) -> dict[str, LedgerEntry]:
    found: dict[str, LedgerEntry] = {}
    for place, origin_ids in wanted.items():
        keys = {one.encode() for one in origin_ids}
        for (_, key), record in latest_by_key(environment.connection, [place], keys.__contains__).items():
            found[key.decode()] = environment.codec.decode(record.value or b"", LedgerEntry)
    return found
