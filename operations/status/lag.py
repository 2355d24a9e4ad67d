"""What the stages' groups have not read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from operations.environment import Environment
from relay.engine.kafka import Cluster, Partition, Withheld, read_to_end
from relay.engine.topics import GROUPS, POLL_STATE, Topic

_COUNTED = 2_000
"""Offsets behind up to which records are counted one by one. Kafka's own marks, one at the end of every
transaction, have offsets, too, so the difference of two offsets is never certain to be 0."""

GENERATIONS: tuple[str, ...] = ("mapper", "procore-writer", "cinx-submitter", "dead-letters")
"""The stages that read records, each after those whose records it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """``records``: not read yet. ``oldest_seconds``: how long the first of them has waited, if there is one."""

    records: int = 0
    oldest_seconds: float | None = None


def lag_of(environment: Environment, cluster: Cluster, stage: str, counts: Mapping[Topic, int], at: datetime) -> Lag:
    """How far a stage is behind. A poller's group only shares the accounts out; it has nothing to read."""
    topics = [topic for topic in GROUPS[stage] if topic is not POLL_STATE]
    partitions = [partition for topic in topics for partition in environment.every(topic, counts[topic])]
    if not partitions:
        return Lag()
    committed = cluster.committed_at_least(f"{environment.prefix}{stage}", partitions)
    first, ends = cluster.beginning_offsets(partitions), cluster.end_offsets(partitions)
    start = {partition: max(committed.get(partition, 0), first[partition]) for partition in partitions}
    behind = {partition: ends[partition] - start[partition] for partition in partitions}
    near = [partition for partition, offsets in behind.items() if 0 < offsets <= _COUNTED]
    far = [partition for partition, offsets in behind.items() if offsets > _COUNTED]
    records, times = _counted(environment, near, start)
    records += sum(behind[partition] for partition in far)
    times += [time for partition in far if (time := _first(environment, partition, start)) is not None]
    return Lag(records=records, oldest_seconds=_age(min(times), at) if times else None)


def _counted(
    environment: Environment, partitions: Sequence[Partition], start: Mapping[Partition, int]
) -> tuple[int, list[int]]:
    """How many records are unread, and when those that are handed out were written."""
    withheld: list[Withheld] = []
    unread = read_to_end(environment.connection, partitions, start=_of(partitions, start), pass_over=withheld.append)
    times = [record.timestamp_ms for record in unread]
    return len(times) + sum(batch.last_offset - batch.first_offset + 1 for batch in withheld), times


def _first(environment: Environment, partition: Partition, start: Mapping[Partition, int]) -> int | None:
    """When the first unread record that is handed out was written."""
    unread = read_to_end(
        environment.connection, [partition], start=_of([partition], start), pass_over=lambda withheld: None
    )
    with closing(unread):  # type: ignore[type-var]  # a generator, so that it can be closed early
        return next((record.timestamp_ms for record in unread), None)


def _of(partitions: Sequence[Partition], start: Mapping[Partition, int]) -> dict[Partition, int]:
    return {partition: start[partition] for partition in partitions}


def _age(timestamp_ms: int, at: datetime) -> float:
    return max(0.0, at.timestamp() - timestamp_ms / 1000)
