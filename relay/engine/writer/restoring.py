"""Reads inbox and ledger to their ends, into the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from relay.engine.kafka import Partition, Record
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.writer.state.cache import Cache, Change, Table

_AT_ONCE = 5_000  # Records put into the cache in one go.


def restored(tables: Mapping[Partition, Table], read: Callable[[Sequence[Partition]], Iterable[Record]]) -> Cache:
    """A cache of what stands on the topics. Fencing has to come first: it settles what was left open."""
    cache = Cache()
    topics = {partition.topic: table for partition, table in tables.items()}
    pending: dict[Table, list[Change]] = {table: [] for table in Table}
    for record in read(list(tables)):
        table = topics[record.topic]
        pending[table].append(((record.key or b"").decode(), record.value))
        reached(CrashPoint.WRITER_DURING_RESTORE)
        if len(pending[table]) >= _AT_ONCE:
            cache.apply(table, pending[table])
            pending[table] = []
    for table, changes in pending.items():
        cache.apply(table, changes)
    return cache
