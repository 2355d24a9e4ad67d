"""Instances that are removed from a stage's group."""

from __future__ import annotations

from collections.abc import Sequence

from operations.environment import Environment
from relay.engine.kafka import Cluster


def remove(environment: Environment, stage: str, instances: Sequence[str]) -> list[str]:
    """Removes instances of a stage; returns those that were members."""
    group = f"{environment.prefix}{stage}"
    with Cluster(environment.connection) as cluster:
        members = {member.instance for member in cluster.members(group)}
        there = [one for one in dict.fromkeys(instances) if one in members]
        for one in there:
            cluster.remove_member(group, one)
    return there
