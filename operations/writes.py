"""What was written at the remote systems, as the topic of writes tells it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from operations.environment import Environment
from operations.letters.filter import is_of
from operations.reading import offsets_at, pass_over
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import Partition, Record, read_to_end
from relay.engine.topics import WRITES
from schemas import Unreadable


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


class Writes:
    """Reads the topic. ``unreadable``: records so far that this release cannot read."""

    def __init__(self, environment: Environment, condition: WriteFilter) -> None:
        self._environment = environment
        self._condition = condition
        self.unreadable = 0
        self._next: dict[Partition, int] = {}

    def read(self) -> list[RemoteWrite]:
        """All that fit and stand there now, the earliest first."""
        return sorted(self._new(), key=lambda write: (write.at, write.write_id))

    def follow(self, every: float = 1.0) -> Iterator[RemoteWrite]:
        """What is there, then what comes; without end. ``every``: seconds between two looks."""
        while True:
            yield from self.read()
            time.sleep(every)

    def _new(self) -> Iterator[RemoteWrite]:
        environment = self._environment
        partitions = environment.every(WRITES, environment.counts([WRITES])[WRITES])
        if not self._next and self._condition.since_ms is not None:
            self._next = dict(offsets_at(environment.connection, partitions, self._condition.since_ms))
        records = read_to_end(environment.connection, partitions, start=self._next, pass_over=pass_over)
        for record in records:
            self._next[Partition(record.topic, record.partition)] = record.offset + 1
            write = self._decoded(record)
            if write is not None and self._condition.fits(write):
                yield write

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
