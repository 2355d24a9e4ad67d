"""Reading what is on the topics: the newest record of each key, and single records by where they stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from relay.engine.kafka import Cluster, Connection, KafkaUnreachable, Partition, Record, read_to_end
from relay.engine.kafka.client import Consumer, raw, record_of
from relay.engine.kafka.failures import translated

_PATIENCE = 30.0
_POLL_MS = 500


def newest(
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


class Finder:
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


def begun_at(connection: Connection, partitions: Sequence[Partition], timestamp_ms: int) -> Mapping[Partition, int]:
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
    return (one for one in read_to_end(connection, partitions, start=start) if wanted(one.key or b""))
