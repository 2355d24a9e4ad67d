"""Finds the selected events: by default the newest of each change order."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from operations.environment import Environment
from operations.reading import pass_over
from operations.replay.places import Places
from operations.replay.selection import Selection
from relay.domain.events import ChangeOrderObserved
from relay.engine.kafka import Cluster, Partition, Record, partition_of, read_to_end
from relay.engine.topics import OBSERVED
from schemas import Unreadable

Takes = Callable[[ChangeOrderObserved], bool]
"""Whether an event is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedEvents:
    """``places`` in the order in which they are replayed; ``matched`` counts every event that fits."""

    places: Places
    matched: int
    change_orders: int


def current_ends(environment: Environment, count: int) -> dict[int, int]:
    """Where history ends now: what comes later belongs to no replay that begins now."""
    with Cluster(environment.connection) as cluster:
        ends = cluster.end_offsets(environment.every(OBSERVED, count))
    return {partition.number: offset for partition, offset in ends.items()}


def select(
    environment: Environment, selection: Selection, ends: Mapping[int, int], takes: Takes | None = None
) -> SelectedEvents:
    """Reads the part of history that can hold selected events. ``takes``: another condition on them.

    Times, offsets and keys say which part of history is looked at. Of that part the newest event of a change order
    speaks for it: where it does not fit (it is of another project by now, or ``takes`` refuses it), the change order
    is not selected by an older one, which would bring back what has been left behind. With ``every`` each event that
    fits is meant.
    """
    partitions = _partitions(environment, selection, ends)
    start = _start(environment, selection, partitions, ends)
    chosen: dict[int, Iterable[int]] = {}
    matched = change_orders = 0
    # A change order's events are in one partition, and what is known of the others need not be kept beside them.
    for partition in partitions:
        found = _of_partition(environment, selection, _records(environment, partition, start[partition], ends), takes)
        chosen[partition.number] = found.offsets
        matched += found.matched
        change_orders += found.change_orders
    return SelectedEvents(places=Places(chosen), matched=matched, change_orders=change_orders)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is selected of one partition."""

    offsets: Iterable[int]
    matched: int
    change_orders: int


def _of_partition(
    environment: Environment, selection: Selection, records: Iterable[Record], takes: Takes | None
) -> _Chosen:
    newest: dict[bytes, int] = {}
    every = array("q")
    matched = 0
    for record in records:
        key = record.key or b""
        if not _is_looked_at(selection, record):
            continue
        if not _fits(environment, selection, record, takes):
            if not selection.every:
                newest.pop(key, None)
            continue
        matched += 1
        newest[key] = record.offset
        if selection.every:
            every.append(record.offset)
    return _Chosen(every if selection.every else array("q", newest.values()), matched, len(newest))


def _records(environment: Environment, partition: Partition, start: int, ends: Mapping[int, int]) -> Iterator[Record]:
    if start >= ends[partition.number]:
        return
    for record in read_to_end(environment.connection, [partition], start={partition: start}, pass_over=pass_over):
        if record.offset < ends[record.partition]:
            yield record


def _partitions(environment: Environment, selection: Selection, ends: Mapping[int, int]) -> list[Partition]:
    topic = environment.name(OBSERVED)
    numbers = {number for number, _, _ in selection.offsets} & set(ends) if selection.offsets else set(ends)
    if selection.change_order is not None and selection.change_order.count(":") >= 2:
        numbers &= {partition_of(selection.change_order.encode(), len(ends))}
    return [Partition(topic, number) for number in sorted(numbers)]


def _start(
    environment: Environment, selection: Selection, partitions: list[Partition], ends: Mapping[int, int]
) -> dict[Partition, int]:
    if not partitions:
        return {}
    with Cluster(environment.connection) as cluster:
        start = cluster.beginning_offsets(partitions)
        if selection.since_ms is not None:
            start |= cluster.offsets_for_time(partitions, selection.since_ms)
    for partition in partitions:
        firsts = [first for number, first, _ in selection.offsets if number == partition.number]
        start[partition] = min(max([start[partition], *([min(firsts)] if firsts else [])]), ends[partition.number])
    return start


def _is_looked_at(selection: Selection, record: Record) -> bool:
    key = (record.key or b"").decode(errors="replace")
    return (
        selection.takes_time(record.timestamp_ms)
        and selection.takes_offset(record.partition, record.offset)
        and selection.takes_key(key)
    )


def _fits(environment: Environment, selection: Selection, record: Record, takes: Takes | None) -> bool:
    """``takes`` is asked of every event that can be read, so that it learns of newer ones that do not fit."""
    if selection.project is None and takes is None:
        return True
    try:
        event = environment.codec.decode(record.value or b"", ChangeOrderObserved)
    except Unreadable:
        return False
    taken = takes is None or takes(event)
    return taken and selection.project in (None, event.project)
