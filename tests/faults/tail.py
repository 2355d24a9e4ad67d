"""Topics followed by a reader that stays open: what was read is not read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from relay.engine.kafka import Connection, Partition, Record
from relay.engine.kafka.client import raw, record_of


class Tail:
    """Everything that is committed to some partitions, from their beginnings."""

    def __init__(self, connection: Connection, partitions: Sequence[Partition]) -> None:
        self._consumer = connection.consumer(max_poll_records=5_000)
        self._partitions = [raw(one) for one in partitions]
        self._consumer.assign(self._partitions)
        for one, offset in self._consumer.beginning_offsets(self._partitions).items():
            self._consumer.seek(one, offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close(autocommit=False)

    def read(self) -> Iterator[Record]:
        """What has come since the last time, up to the ends as they are now."""
        ends = self._consumer.end_offsets(self._partitions)
        while any((self._consumer.position(one, timeout_ms=1_000) or 0) < end for one, end in ends.items()):
            for records in self._consumer.poll(timeout_ms=500).values():
                yield from map(record_of, records)
