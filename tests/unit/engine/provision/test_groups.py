"""How groups stand, asked while they are at work."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import cast

from relay.engine.kafka import Cluster, Partition
from relay.engine.provision.groups import group_offsets
from relay.engine.topics import GROUPS


class AtWork:
    """A cluster on which records arrive, and are read and committed, between any two questions."""

    def __init__(self, *, first: int = 0) -> None:
        self._first = first
        self._now = itertools.count(10)

    def beginning_offsets(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        next(self._now)
        return dict.fromkeys(partitions, self._first)

    def end_offsets(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, next(self._now))

    def committed(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, next(self._now))


def counts() -> dict[str, int]:
    return {topic.name(): 2 for topics in GROUPS.values() for topic in topics}


def test_a_group_at_work_has_lost_nothing() -> None:
    found = group_offsets(cast(Cluster, AtWork()), "", counts())
    assert found.lost == ()
    assert found.unset == {}


def test_what_retention_has_passed_is_lost() -> None:
    found = group_offsets(cast(Cluster, AtWork(first=1_000)), "", counts())
    assert {one.group for one in found.lost} == set(GROUPS)
    assert {one.first for one in found.lost} == {1_000}
