"""What was written at the remote systems, as the topic of writes tells it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from operations.environment import Environment
from operations.letters.filter import is_of
from operations.reading import offsets_at, pass_over
from operations.values_on_disk import ValuesOnDisk
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import Cluster, Partition, Progress, Record, holding, read_to_end, unwatched
from relay.engine.topics import WRITES
from schemas import Unreadable

_FIRST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFilter:
    """Conditions, all of which must hold. Times are epoch milliseconds, ``until_ms`` excluded.

    ``destination``: a contract as ``project/contract``, all contracts of a project by its id, or a purchase order.
    """

    change_order: str | None = None
    account: str | None = None
    destination: str | None = None
    operation: str | None = None
    person: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def fits(self, write: RemoteWrite) -> bool:
        """Whether the write is meant."""
        at = int(write.at.timestamp() * 1000)
        return (
            (self.change_order is None or is_of(write.change_order_key, self.change_order))
            and self.account in {None, write.account, f"{write.system}:{write.account}"}
            and self.destination in {None, write.destination, write.destination.partition("/")[0]}
            and (self.operation is None or any(record.operation == self.operation for record in write.records))
            and self.person in {None, write.person}
            and (self.since_ms is None or at >= self.since_ms)
            and (self.until_ms is None or at < self.until_ms)
        )


class FoundWrites:
    """Writes in the order of their times, as often as they are asked for. Belongs to one thread.

    Known of them without another look: ``accounts``, at which they were made, as ``system:account``; the keys of
    ``change_orders``; the times of the ``first`` and the ``last``; of how many the amount is ``unknown``.
    """

    def __init__(self, environment: Environment) -> None:
        self._codec = environment.codec
        self._values = ValuesOnDisk()
        self._count = 0
        self.accounts: set[str] = set()
        self.change_orders: set[str] = set()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.unknown = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[RemoteWrite]:
        return (self._codec.decode(value, RemoteWrite) for _, value in self._values.in_order())

    def fill(self, writes: Iterable[tuple[Record, RemoteWrite]]) -> None:
        """Keeps them; called once."""
        self._values.fill(self._counted(writes))

    def close(self) -> None:
        """Removes what is on the disk."""
        self._values.close()

    def _counted(self, writes: Iterable[tuple[Record, RemoteWrite]]) -> Iterator[tuple[str, bytes | None]]:
        for record, write in writes:
            self._count += 1
            self.accounts.add(f"{write.system}:{write.account}")
            self.change_orders.add(write.change_order_key)
            self.first = min(write.at, self.first or write.at)
            self.last = max(write.at, self.last or write.at)
            self.unknown += is_unknown(write)
            at = (write.at - _FIRST) // timedelta(milliseconds=1)
            # One write may stand there twice: each has a place of its own.
            yield f"{at:020d} {write.write_id} {record.partition} {record.offset}", record.value


class Writes:
    """Reads the topic. ``unreadable``: records so far that this release cannot read."""

    def __init__(self, environment: Environment, condition: WriteFilter) -> None:
        self._environment = environment
        self._condition = condition
        self.unreadable = 0
        self._next: dict[Partition, int] = {}

    def read(self, progress: Progress = unwatched) -> FoundWrites:
        """All that fit and stand there now, the earliest first; they are kept on the disk until they are asked for."""
        found = FoundWrites(self._environment)
        found.fill(self._new(progress))
        return found

    def follow(self, every: float = 1.0) -> Iterator[RemoteWrite]:
        """What is there, then what comes; without end. ``every``: seconds between two looks."""
        while True:
            with closing(self.read()) as found:
                yield from found
            time.sleep(every)

    def _new(self, progress: Progress) -> Iterator[tuple[Record, RemoteWrite]]:
        environment = self._environment
        partitions = environment.every(WRITES, environment.counts([WRITES])[WRITES])
        if not self._next and self._condition.since_ms is not None:
            self._next = dict(offsets_at(environment.connection, partitions, self._condition.since_ms))
        with Cluster(environment.connection) as cluster:
            ends = cluster.end_offsets(partitions)
        order = self._condition.change_order
        records = read_to_end(
            environment.connection,
            partitions,
            start=self._next,
            pass_over=pass_over,
            batches=None if order is None else holding(order.encode()),
            progress=progress,
        )
        for record in records:
            self._next[Partition(record.topic, record.partition)] = record.offset + 1
            write = self._decoded(record)
            if write is not None and self._condition.fits(write):
                yield record, write
        # What was passed over without being handed out lies before these ends; what has come since may lie behind.
        self._next |= {place: max(end, self._next.get(place, 0)) for place, end in ends.items()}

    def _decoded(self, record: Record) -> RemoteWrite | None:
        try:
            return self._environment.codec.decode(record.value or b"", RemoteWrite)
        except Unreadable:
            self.unreadable += 1
            return None


# -- in words


def records_in_words(write: RemoteWrite) -> str:
    """``line item (3)``: the kinds of records, with how many there are of each."""
    kinds: dict[str, int] = {}
    for record in write.records:
        kinds[record.kind] = kinds.get(record.kind, 0) + 1
    words = (f"{kind.replace('_', ' ')}{f' ({count})' if count > 1 else ''}" for kind, count in kinds.items())
    return ", ".join(words) or "none"


def operation_in_words(write: RemoteWrite) -> str:
    """The operations on its records; ``found gone`` where there was none left."""
    operations = dict.fromkeys(record.operation.value for record in write.records)
    words = ", ".join(operations) or "found gone"
    return f"{words} (found again)" if write.found_again else words


def is_unknown(write: RemoteWrite) -> bool:
    """Whether the write may have changed money by an amount that is not known."""
    return write.amount_before is None or write.amount_after is None
