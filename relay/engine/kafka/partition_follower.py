"""Following one partition without a group: again and again what has been committed since."""

from __future__ import annotations

import time
from collections.abc import Iterator

from relay.engine.kafka.client import Consumer, raw, record_of
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import KafkaUnreachable, ReadOutOfRange, translated
from relay.engine.kafka.foreign_records import tell_withheld
from relay.engine.kafka.records import Partition, Record

_POLL_MS = 200
_PATIENCE = 20.0


class PartitionFollower:
    """Reads a partition from its beginning, then what is new. Belongs to one thread; it connects when first asked.

    After a failure it goes on where it stands.
    """

    def __init__(self, connection: Connection, partition: Partition) -> None:
        self._connection = connection
        self._partition = partition
        self._place = raw(partition)
        self._consumer: Consumer | None = None
        self.position = 0

    def news(self) -> Iterator[Record]:
        """Every committed record from :attr:`position` up to the end as it is when this begins.

        What is not handed out is passed over and told. Raises :class:`~relay.engine.kafka.KafkaFailure`:
        ``ReadOutOfRange`` where the partition ends before what was read of it.
        """
        partition, where = self._partition, self._connection.bootstrap_servers
        doing = f"following {partition.topic}[{partition.number}]"
        try:
            with translated(doing, where):
                consumer = self._connected()
                end = consumer.end_offsets([self._place])[self._place]
            if end < self.position:
                raise ReadOutOfRange(
                    f"{partition.topic}[{partition.number}] ends at {end}, before {self.position}, up to which it was "
                    f"read (Kafka at {where}): it is not the topic that it was"
                )
            until = time.monotonic() + _PATIENCE
            while self.position < end:
                with translated(doing, where):
                    fetched = consumer.poll(timeout_ms=_POLL_MS)
                    reached = consumer.position(self._place, timeout_ms=_POLL_MS)
                for record in (record_of(one) for batch in fetched.values() for one in batch):
                    if record.withheld is not None:
                        tell_withheld(record.withheld)
                        continue
                    yield record
                if reached is not None and reached > self.position:
                    self.position, until = reached, time.monotonic() + _PATIENCE
                elif time.monotonic() > until:
                    raise KafkaUnreachable(f"no progress in {_PATIENCE:.0f} s {doing} (Kafka at {where})")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection; asked again, it makes another."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False)

    def _connected(self) -> Consumer:
        if self._consumer is None:
            consumer = self._connection.consumer()
            consumer.assign([self._place])
            first = consumer.beginning_offsets([self._place])[self._place]
            self.position = max(self.position, first)
            consumer.seek(self._place, self.position)
            self._consumer = consumer
        return self._consumer
