"""What the stages' groups have not read yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from operations.environment import Environment
from relay.engine.kafka import Cluster, Partition, read_to_end
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
    every = [partition for topic in topics for partition in environment.every(topic, counts[topic])]
    if not every:
        return Lag()
    committed = cluster.committed(f"{environment.prefix}{stage}", every)
    first, ends = cluster.beginning_offsets(every), cluster.end_offsets(every)
    start = {one: max(committed.get(one, 0), first[one]) for one in every}
    behind = [one for one in every if start[one] < ends[one]]
    near = [one for one in behind if ends[one] - start[one] <= _COUNTED]
    far = [one for one in behind if one not in near]
    records, times = _counted(environment, near, start)
    records += sum(ends[one] - start[one] for one in far)
    times += [time for one in far if (time := _first(environment, one, start)) is not None]
    return Lag(records=records, oldest_seconds=_age(min(times), at) if times else None)


def _counted(
    environment: Environment, partitions: Sequence[Partition], start: Mapping[Partition, int]
) -> tuple[int, list[int]]:
    unread = read_to_end(environment.connection, partitions, start=_of(partitions, start))
    times = [record.timestamp_ms for record in unread]
    return len(times), times


def _first(environment: Environment, partition: Partition, start: Mapping[Partition, int]) -> int | None:
    unread = read_to_end(environment.connection, [partition], start=_of([partition], start))
    with closing(unread):  # type: ignore[type-var]  # a generator, so that it can be closed early
        return next((record.timestamp_ms for record in unread), None)


def _of(partitions: Sequence[Partition], start: Mapping[Partition, int]) -> dict[Partition, int]:
    return {partition: start[partition] for partition in partitions}


def _age(timestamp_ms: int, at: datetime) -> float:
    return max(0.0, at.timestamp() - timestamp_ms / 1000)
