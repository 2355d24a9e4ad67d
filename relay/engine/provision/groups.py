"""Where the stages' groups begin to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relay.engine.kafka import Cluster, Partition
from relay.engine.topics import GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class LostOffset:
    """A committed offset that its partition does not have. ``first``: the first that it has."""

    group: str
    partition: Partition
    committed: int
    first: int


@dataclass(frozen=True, slots=True)
class GroupOffsets:
    """How the groups stand: partitions without an offset, and offsets without a record."""

    unset: Mapping[str, Mapping[Partition, int]]
    lost: tuple[LostOffset, ...]


def group_offsets(cluster: Cluster, prefix: str, counts: Mapping[str, int]) -> GroupOffsets:
    """How each stage's group stands in the topics that exist (``counts``: partitions by topic)."""
    unset: dict[str, dict[Partition, int]] = {}
    lost: list[LostOffset] = []
    for stage, topics in GROUPS.items():
        group = f"{prefix}{stage}"
        names = [topic.name(prefix) for topic in topics]
        every = [Partition(name, number) for name in names for number in range(counts.get(name, 0))]
        if not every:
            continue
        # In this order, since a group at work goes on meanwhile: it never commits beyond an end read later.
        first, committed = cluster.beginning_offsets(every), cluster.committed(group, every)
        ends = cluster.end_offsets(every)
        unset[group] = {partition: first[partition] for partition in every if partition not in committed}
        lost += [
            LostOffset(group=group, partition=partition, committed=offset, first=first[partition])
            for partition, offset in committed.items()
            if not first[partition] <= offset <= ends[partition]
        ]
    return GroupOffsets({group: offsets for group, offsets in unset.items() if offsets}, tuple(lost))


def set_first_offsets(cluster: Cluster, offsets_of_groups: GroupOffsets) -> None:
    """Lets every group begin at the beginning where it has no offset."""
    for group, offsets in offsets_of_groups.unset.items():
        cluster.reset_offsets(group, offsets)


def reset_lost_offsets(cluster: Cluster, offsets_of_groups: GroupOffsets) -> None:
    """Lets groups go on with the first record that is still there."""
    for lost in offsets_of_groups.lost:
        cluster.reset_offsets(lost.group, {lost.partition: lost.first})
