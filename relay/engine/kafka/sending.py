"""Records on their way to the broker, bounded in memory and in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from kafka import errors

from relay.engine.kafka.client import Producer, RecordFuture, ours
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import translated
from relay.engine.kafka.kafka_python_workarounds import end_sender
from relay.engine.kafka.records import Outgoing, Partition

_MOST_BYTES = 32 * 1024 * 1024  # kafka-python's own buffer grows without bound while a broker is away.
_LONGEST = 45.0  # Seconds; the client gives a record up after its delivery time-out of 30.
_CLOSING = 5.0

TRANSACTION_BYTES = 16 * 1024 * 1024
"""A transaction is open for as long as it takes to write this much; the broker aborts one after seconds."""

T = TypeVar("T")


def bounded_batches(
    items: Iterable[T], size_of: Callable[[T], int], *, most: int, most_bytes: int = TRANSACTION_BYTES
) -> Iterator[list[T]]:
    """``items`` in order, in pieces for one transaction each: at most ``most`` items and ``most_bytes`` bytes.

    An item that is larger than that is a piece of its own. No piece is empty.
    """
    batch: list[T] = []
    size = 0
    for item in items:
        item_size = size_of(item)
        if batch and size + item_size > most_bytes:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item_size
        if len(batch) == most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Sending:
    """The sends of one producer since the last :meth:`settle`, in order. Belongs to one thread."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._pending: list[RecordFuture] = []
        self._positions: list[tuple[Partition, int]] = []
        self._bytes = 0

    def send(self, outgoing: Outgoing) -> None:
        """Hands the record over; waits for the others first when too much is on its way."""
        size = outgoing.size
        if self._pending and self._bytes + size > _MOST_BYTES:
            self._await_all()
        headers = [(name, value or b"") for name, value in outgoing.headers]
        self._pending.append(
            self._producer.send(
                outgoing.topic,
                value=outgoing.value,
                key=outgoing.key,
                headers=headers,
                partition=outgoing.partition,
                timestamp_ms=outgoing.timestamp_ms,
            )
        )
        self._bytes += size

    def settle(self) -> list[tuple[Partition, int]]:
        """Waits until everything is written and tells where. Raises the client's error otherwise."""
        self._await_all()
        positions, self._positions = self._positions, []
        return positions

    def _await_all(self) -> None:
        until = time.monotonic() + _LONGEST
        # What flush raises, the single records say better.
        with suppress(errors.KafkaError):
            self._producer.flush(timeout=_LONGEST)
        pending, self._pending, self._bytes = self._pending, [], 0
        for one in pending:
            self._positions.append(_position(one.get(timeout=max(0.0, until - time.monotonic()))))


def _position(written: Any) -> tuple[Partition, int]:
    return ours(written.topic_partition), int(written.offset)


def close_for_good(producer: Any, seconds: float = _CLOSING) -> None:
    """Ends the producer and its threads, also where the broker no longer answers."""
    try:
        producer.close(timeout=seconds)
    except errors.KafkaError:
        end_sender(producer, seconds)
        with suppress(errors.KafkaError):
            producer.close(timeout=0)


class PlainWriter:
    """An idempotent producer: each record once, in order per partition. Belongs to one thread."""

    def __init__(self, connection: Connection) -> None:
        self._where = connection.bootstrap_servers
        self._producer = connection.producer()
        self._sending = Sending(self._producer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, outgoing: Outgoing) -> None:
        """Hands a record over; it is not certain to be written before :meth:`flush` returns."""
        with translated(f"writing to {outgoing.topic}", self._where):
            self._sending.send(outgoing)

    def flush(self) -> list[tuple[Partition, int]]:
        """Waits until everything is written; returns where, in the order of sending."""
        with translated("writing", self._where):
            return self._sending.settle()

    def close(self) -> None:
        """Ends the producer. What was not flushed may be lost."""
        close_for_good(self._producer)
