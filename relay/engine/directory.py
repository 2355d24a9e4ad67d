"""The directory's topic: what was noted on the way, written where it says something else than what stands there.

It is written beside the transactions of its stage, since nothing is decided from it: where it cannot be written now,
the next reading of the same says it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import structlog

from relay.domain.directory import DirectoryEntry, Listed, changed_entries
from relay.engine.kafka import (
    Cluster,
    Connection,
    KafkaFailure,
    Outgoing,
    Partition,
    PlainWriter,
    ReadOutOfRange,
    Record,
    read_to_end,
)
from relay.engine.kafka.foreign_records import tell_withheld
from relay.engine.record_codec import encoded
from relay.engine.telemetry import events
from schemas.codec import Codec
from schemas.failures import RegistryFailure, Unreadable, Unwritable

_LARGEST_ENTRY = 64 * 1024
"""Bytes of an entry: names are shorter, and one that is not must not keep the others from being written."""

_log = structlog.get_logger(__name__)


class Directory:
    """Thread-safe. ``topic`` is the topic's name. It connects when there is something to compare or to write."""

    def __init__(self, connection: Connection, codec: Codec, topic: str) -> None:
        self._connection = connection
        self._codec = codec
        self._topic = topic
        self._lock = threading.Lock()
        self._known: dict[str, DirectoryEntry] = {}
        self._next: dict[Partition, int] = {}

    def note(self, read: Iterable[DirectoryEntry], listed: Iterable[Listed] = ()) -> None:
        """Writes what of ``read`` is news, and that what a complete listing lacks is absent.

        Others write there too, so that the topic is read on before anything is written. Raises nothing for a Kafka or
        a registry that is away: that is logged.
        """
        entries, listings = list(read), list(listed)
        with self._lock:
            try:
                if not self._next or changed_entries(self._known, entries, listings):
                    self._follow()
                    self._write(changed_entries(self._known, entries, listings))
            except (KafkaFailure, RegistryFailure) as error:
                _log.warning(events.DIRECTORY_NOT_WRITTEN, topic=self._topic, message=str(error))

    def _follow(self) -> None:
        """Reads what was written since the last time; all of it where the topic is another."""
        with Cluster(self._connection) as cluster:
            partitions = [Partition(self._topic, number) for number in range(cluster.partitions(self._topic))]
        try:
            self._take(partitions)
        except ReadOutOfRange:
            self._known, self._next = {}, {}
            self._take(partitions)

    def _take(self, partitions: Sequence[Partition]) -> None:
        for record in read_to_end(self._connection, partitions, start=self._next, pass_over=tell_withheld):
            self._next[Partition(record.topic, record.partition)] = record.offset + 1
            self._apply(record)
        for partition in partitions:
            self._next.setdefault(partition, 0)

    def _apply(self, record: Record) -> None:
        """An entry that cannot be read is written anew where it is read anew."""
        key = (record.key or b"").decode("utf-8", "replace")
        self._known.pop(key, None)
        try:
            entry = self._codec.decode(record.value or b"", DirectoryEntry)
        except Unreadable:
            return
        if entry.key == key:
            self._known[key] = entry

    def _write(self, changed: Iterable[DirectoryEntry]) -> None:
        records = [(entry, value) for entry in changed if (value := self._encoded(entry)) is not None]
        if not records:
            return
        with PlainWriter(self._connection) as writer:
            for entry, value in records:
                writer.send(Outgoing(self._topic, entry.key.encode(), value))
            writer.flush()
        self._known |= {entry.key: entry for entry, _ in records}

    def _encoded(self, entry: DirectoryEntry) -> bytes | None:
        try:
            value = encoded(self._codec, entry, self._topic)
        except Unwritable as error:
            self._tell(entry, str(error))
            return None
        if len(value) > _LARGEST_ENTRY:
            self._tell(entry, f"it takes {len(value)} bytes, and names take at most {_LARGEST_ENTRY}")
            return None
        return value

    def _tell(self, entry: DirectoryEntry, why: str) -> None:
        _log.warning(events.DIRECTORY_NOT_WRITTEN, topic=self._topic, message=f"{entry.key}: {why}")
