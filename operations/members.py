"""The instances in the stages' consumer groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from operations.environment import Environment
from operations.errors import WrongUsage
from relay.engine.kafka import Cluster
from relay.engine.topics import GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMember:
    """``instance`` is ``None`` for a member without a name."""

    stage: str
    instance: str | None
    host: str


def members(environment: Environment, stages: Sequence[str]) -> list[StageMember]:
    """Who is in the groups of ``stages``, or of every stage. Raises ``WrongUsage`` for a name that is no stage."""
    named = [_checked(stage) for stage in stages or GROUPS]
    with Cluster(environment.connection) as cluster:
        return [
            StageMember(stage=stage, instance=member.instance, host=member.host)
            for stage in named
            for member in cluster.members(f"{environment.prefix}{stage}")
        ]


def remove(environment: Environment, stage: str, instances: Sequence[str]) -> list[str]:
    """Removes instances of a stage; returns those that were members. Raises ``WrongUsage`` as :func:`members` does."""
    group = f"{environment.prefix}{_checked(stage)}"
    with Cluster(environment.connection) as cluster:
        present = {member.instance for member in cluster.members(group)}
        removed = [instance for instance in dict.fromkeys(instances) if instance in present]
        for instance in removed:
            cluster.remove_member(group, instance)
    return removed


def _checked(stage: str) -> str:
    if stage not in GROUPS:
        raise WrongUsage(f"{stage} is no stage; there are {', '.join(GROUPS)}")
    return stage
