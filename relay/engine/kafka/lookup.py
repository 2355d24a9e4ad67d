"""Single records by where they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from relay.engine.kafka import Connection, Partition, ReadOutOfRange, Record, read_to_end


def records_at(connection: Connection, places: Mapping[Partition, Collection[int]]) -> Iterator[Record]:
    """The records at ``places``, as far as they are still there, each partition read once and in order.

    What lies between two wanted offsets of a partition is read over, so ask for much at once.
    """
    for partition, offsets in places.items():
        yield from _of_partition(connection, partition, sorted(set(offsets)))


def record_at(connection: Connection, topic: str, partition: int, offset: int) -> Record | None:
    """One record, or ``None`` where retention has removed it."""
    return next(records_at(connection, {Partition(topic, partition): [offset]}), None)


def _of_partition(connection: Connection, partition: Partition, wanted: list[int]) -> Iterator[Record]:
    while wanted:
        try:
            yield from _read(connection, partition, wanted)
        except ReadOutOfRange:
            del wanted[0]  # The oldest is gone, or was never there; the others may be.
        else:
            return


def _read(connection: Connection, partition: Partition, wanted: list[int]) -> Iterator[Record]:
    # What is not handed out counts as gone: nobody can be given it.
    found = read_to_end(connection, [partition], start={partition: wanted[0]}, pass_over=lambda _withheld: None)
    for record in found:
        while wanted and wanted[0] < record.offset:
            del wanted[0]
        if not wanted:
            return
        if record.offset == wanted[0]:
            del wanted[0]
            yield record
        if not wanted:
            return
