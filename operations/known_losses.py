"""The topics that are not what they were when their ids were written down."""

from __future__ import annotations

from operations.environment import Environment
from relay.engine import provision
from relay.engine.kafka import Cluster
from relay.engine.provision import LostTopic
from relay.engine.topics import NAMES


def known_losses(environment: Environment, cluster: Cluster) -> tuple[LostTopic, ...]:
    """The topics that are not what is written down of them; none where nothing is written down yet."""
    if environment.name(NAMES) not in cluster.partition_counts([environment.name(NAMES)]):
        return ()
    recorded = provision.recorded_ids(environment.connection, environment.codec, environment.prefix)
    return provision.lost_topics(cluster, environment.prefix, recorded)
