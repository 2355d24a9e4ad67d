"""Reads single records by where they stand."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from types import TracebackType
from typing import Self

from relay.engine.kafka.client import Consumer, raw, record_of
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import KafkaUnreachable, translated
from relay.engine.kafka.records import Partition, Record

_FETCH_BYTES = 64 * 1024
"""Little, since the next record that is wanted usually stands somewhere else. A larger record still comes whole."""

_LARGE_FETCH_BYTES = 2 * 1024 * 1024
_DENSE = 20
"""Where one of so many records is wanted, what lies between them is fetched, too: a fetch takes longer than that."""

_READ_OVER = 100
"""Records that are read over rather than sought past: about what one fetch brings anyway."""

_PATIENCE = 30.0
_POLL_MS = 500


class RecordFetcher:
    """Reads single committed records, wherever they stand. Belongs to one thread.

    It connects when it is first asked. An iterator of :meth:`every` is used up before anything else is asked.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._where = connection.bootstrap_servers
        self._consumers: dict[int, Consumer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for consumer in self._consumers.values():
            consumer.close(autocommit=False)

    def at(self, topic: str, partition: int, offset: int) -> Record | None:
        """The record at just this place; ``None`` where retention or compaction has removed it, or none is yet.

        Raises :class:`~relay.engine.kafka.KafkaUnreachable`.
        """
        return next(self.every({Partition(topic, partition): [offset]}), None)

    def every(self, places: Mapping[Partition, Collection[int]]) -> Iterator[Record]:
        """The records at ``places``, as far as they are there, one partition after the other, each in order.

        Raises :class:`~relay.engine.kafka.KafkaUnreachable`.
        """
        for partition, offsets in places.items():
            if offsets:
                yield from self._of_partition(partition, sorted(set(offsets)))

    def _of_partition(self, partition: Partition, offsets: list[int]) -> Iterator[Record]:
        is_dense = len(offsets) > _DENSE and offsets[-1] - offsets[0] <= _DENSE * len(offsets)
        consumer = self._connected(_LARGE_FETCH_BYTES if is_dense else _FETCH_BYTES)
        place = raw(partition)
        doing = f"reading {partition.topic}[{partition.number}] at {offsets[0]}"
        with translated(doing, self._where):
            consumer.assign([place])
            first = consumer.beginning_offsets([place])[place]
            end = consumer.end_offsets([place])[place]
        wanted = deque(offset for offset in offsets if first <= offset < end)
        position, until = end, time.monotonic() + _PATIENCE
        while wanted:
            if not position <= wanted[0] <= position + _READ_OVER:
                position = wanted[0]
                consumer.seek(place, position)
            with translated(doing, self._where):
                records = [record_of(one) for batch in consumer.poll(timeout_ms=_POLL_MS).values() for one in batch]
                reached = consumer.position(place, timeout_ms=_POLL_MS)
            yield from _matching(records, wanted)
            if reached is not None and reached > position:
                position, until = reached, time.monotonic() + _PATIENCE
                _drop_before(wanted, position)
            elif time.monotonic() > until:
                raise KafkaUnreachable(f"no answer in {_PATIENCE:.0f} s {doing} (Kafka at {self._where})")

    def _connected(self, fetch_bytes: int) -> Consumer:
        consumer = self._consumers.get(fetch_bytes)
        if consumer is None:
            consumer = self._consumers[fetch_bytes] = self._connection.consumer(
                fetch_max_bytes=fetch_bytes, max_partition_fetch_bytes=fetch_bytes
            )
        return consumer


def _matching(records: list[Record], wanted: deque[int]) -> Iterator[Record]:
    """Those of ``records`` whose offsets are wanted; what is wanted below them is not there any more."""
    for record in records:
        _drop_before(wanted, record.offset)
        if wanted and record.offset == wanted[0]:
            wanted.popleft()
            yield record


def _drop_before(wanted: deque[int], offset: int) -> None:
    while wanted and wanted[0] < offset:
        wanted.popleft()
