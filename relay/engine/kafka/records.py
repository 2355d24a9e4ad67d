"""What goes in and out: partitions, records, and who may commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from kafka.partitioner.default import murmur2

Headers = tuple[tuple[str, bytes | None], ...]

WITHHELD = "record.withheld"
"""The reason of a letter that stands for records which were not handed out."""

# What Kafka's record format adds to the bytes of one record: the batch header (61) and the
# record's own lengths and deltas (at most 41, without headers). Source: Apache Kafka
# documentation, 'Implementation: Message Format'.
_RECORD_OVERHEAD = 61 + 41
_HEADER_OVERHEAD = 10

_LAST_TIME_MS = 253_402_300_799_000
"""The last second of 9999; a producer may write any 64 bits, and no clock has a moment for most of them."""


class Partition(NamedTuple):
    """One partition of a topic, by the topic's full name."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Withheld:
    """Records that are in Kafka and are not handed out, for what they would take in memory or cannot be made of.

    ``first_offset`` and ``last_offset`` are both among them; ``size``: the bytes that they take in
    Kafka. ``str`` names all of it in a sentence without its full stop.
    """

    partition: Partition
    first_offset: int
    last_offset: int
    size: int
    why: str

    def __str__(self) -> str:
        at = f"{self.partition.topic}[{self.partition.number}]"
        if self.first_offset == self.last_offset:
            return f"the record at offset {self.last_offset} of {at} ({self.size} bytes) {self.why}"
        return f"the batch of offsets {self.first_offset} to {self.last_offset} of {at} ({self.size} bytes) {self.why}"


@dataclass(frozen=True, slots=True)
class Record:
    """A committed record as it was read. ``timestamp_ms``: epoch milliseconds, by the producer's clock, and on
    lanes by the broker's.

    With ``withheld`` it stands for records that are not handed out: it has no key, value and
    headers, and the last one's offset, so that whoever commits behind it goes on behind them.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int
    withheld: Withheld | None = None

    @property
    def written_at(self) -> datetime:
        """When it was written, by its timestamp; of a time before 1970 or after 9999 the nearest of these."""
        return datetime.fromtimestamp(min(max(0, self.timestamp_ms), _LAST_TIME_MS) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be written. ``partition`` ``None``: Kafka's default, by the key's hash.

    The client cannot write a header without a value; such a one is written with an empty value. ``timestamp_ms``
    ``None``: the time of sending.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None

    @property
    def size(self) -> int:
        """The most bytes that it takes in Kafka before compression, to be held against a topic's limit."""
        headers = sum(len(name.encode()) + len(value or b"") + _HEADER_OVERHEAD for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + _RECORD_OVERHEAD


@dataclass(frozen=True, slots=True)
class Generation:
    """A membership of a consumer group at one moment, captured with a batch.

    An offset that is committed with it is refused by the broker once the group has moved on.
    ``number`` is negative before the first assignment; nothing can be committed with that.
    """

    group: str
    number: int = -1
    member: str = ""
    instance: str | None = None


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's producers choose for ``key`` among ``partitions``."""
    return (int(murmur2(key)) & 0x7FFFFFFF) % partitions
