"""Reading partitions from a position to their ends, without a group."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from relay.engine.kafka.client import Consumer, ours, raw, record_of
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import KafkaUnreachable, ReadOutOfRange, RecordsWithheld, translated
from relay.engine.kafka.kafka_python_workarounds import BatchFilter
from relay.engine.kafka.records import Partition, Record, Withheld

_POLL_MS = 500
_AT_ONCE = 5_000

Progress = Callable[[int, int], None]
"""How many offsets are read, of how many; called between two polls."""


def holding(*texts: bytes) -> BatchFilter:
    """Batches in which any of these bytes are, in a key, a value or a header."""
    return lambda data: any(text in data for text in texts)


def unwatched(done: int, of: int) -> None:
    """Progress that nobody looks at."""


def read_to_end(
    connection: Connection,
    partitions: Sequence[Partition],
    *,
    start: Mapping[Partition, int] | None = None,
    patience_s: float = 60.0,
    pass_over: Callable[[Withheld], None] | None = None,
    batches: BatchFilter | None = None,
    progress: Progress = unwatched,
) -> Iterator[Record]:
    """Every committed record of ``partitions``, up to the ends as they are when this begins.

    Per partition in order, the partitions mixed. ``start`` gives first offsets; a partition that
    it does not name is read from its beginning. An owner fences before it calls this: until then
    the end of the partition may hide what its predecessor has just committed.

    ``pass_over`` is given what is not handed out, and reading goes on behind it; without it that
    raises :class:`RecordsWithheld`.

    ``batches``: only those for which it says yes are taken apart, which is many times as fast where these are few; all
    records of such a batch are handed out. ``progress`` is told of offsets: how many are read, of how
    many.

    Raises :class:`ReadOutOfRange` where a start is not in its partition (nothing was read then),
    :class:`KafkaUnreachable` after ``patience_s`` seconds without progress.
    """
    if not partitions:
        return
    where = connection.bootstrap_servers
    consumer = connection.consumer(max_poll_records=_AT_ONCE, wanted=batches, in_passing=True)
    try:
        with translated("reading to the end", where):
            left = _placed(consumer, partitions, dict(start or {}))
        for record in _read(consumer, left, where, patience_s, progress):
            if record.withheld is None:
                yield record
            elif pass_over is None:
                raise RecordsWithheld(record.withheld, where)
            else:
                pass_over(record.withheld)
    finally:
        consumer.close(autocommit=False)


def _placed(consumer: Consumer, partitions: Sequence[Partition], start: dict[Partition, int]) -> dict[Partition, int]:
    """Seeks; returns the ends of those partitions that have something to read."""
    every = [raw(one) for one in partitions]
    consumer.assign(every)
    first = {ours(one): offset for one, offset in consumer.beginning_offsets(every).items()}
    ends = {ours(one): offset for one, offset in consumer.end_offsets(every).items()}
    for one in partitions:
        begin = start.get(one, first[one])
        if not first[one] <= begin <= ends[one]:
            raise ReadOutOfRange(
                f"{one.topic}[{one.number}] has offsets from {first[one]} to {ends[one]}, not {begin}: read it anew"
            )
        consumer.seek(raw(one), begin)
        if begin == ends[one]:
            del ends[one]
            consumer.pause(raw(one))
    return ends


def _read(
    consumer: Consumer, left: dict[Partition, int], where: str, patience_s: float, told: Progress
) -> Iterator[Record]:
    progress = time.monotonic()
    positions: dict[Partition, int | None] = {}
    ends, begun = dict(left), {one: consumer.position(raw(one), timeout_ms=_POLL_MS) or 0 for one in left}
    passed = dict.fromkeys(ends, 0)
    while left:
        with translated("reading to the end", where):
            fetched = consumer.poll(timeout_ms=_POLL_MS)
            reached = {one: consumer.position(raw(one), timeout_ms=_POLL_MS) for one in left}
        for one, records in fetched.items():
            end = left.get(ours(one), 0)
            yield from (record_of(record) for record in records if record.offset < end)
        if reached != positions:
            progress, positions = time.monotonic(), reached
        passed |= {one: min(at, ends[one]) - begun[one] for one, at in reached.items() if at is not None}
        told(sum(passed.values()), sum(ends.values()) - sum(begun.values()))
        for one, position in reached.items():
            if position is not None and position >= left[one]:
                del left[one]
                consumer.pause(raw(one))
        if time.monotonic() - progress > patience_s:
            missing = ", ".join(f"{one.topic}[{one.number}]" for one in left)
            raise KafkaUnreachable(f"no progress in {patience_s:.0f} s reading {missing} (Kafka at {where})")
