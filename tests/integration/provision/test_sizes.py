"""Topics that take less than is usual: what is made for them, and what is refused."""

from __future__ import annotations

import pytest

from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, PlainWriter
from relay.engine.mapping.decision_records import target_topics
from relay.engine.provision import apply, diff, refuse_outgrown
from relay.engine.topics import CINX, MEBIBYTE, OBSERVED, PROCORE, Topic
from tests.conftest import PARTITIONS

LARGEST = 4 * MEBIBYTE


def write(connection: Connection, prefix: str, topic: Topic, size: int, key: bytes = b"key") -> str:
    """One record that is large before it is compressed; returns where it stands."""
    name = topic.name(prefix)
    with PlainWriter(connection) as writer:
        writer.send(Outgoing(name, key, b"x" * size, 1))
        ((_, offset),) = writer.flush()
    return rf"offset {offset} of {name}\[1\]"


def lower(cluster: Cluster, prefix: str, topic: Topic, size: int) -> None:
    cluster.alter({topic.name(prefix): {"max.message.bytes": str(size)}})


def test_topics_are_made_for_a_cluster_that_takes_less(cluster: Cluster, connection: Connection, prefix: str) -> None:
    apply(cluster, prefix, partitions=PARTITIONS, largest_message=LARGEST)
    assert diff(cluster, prefix, partitions=PARTITIONS, largest_message=LARGEST).clean
    limits = {topic: cluster.settings([topic.name(prefix)])[topic.name(prefix)] for topic in (OBSERVED, CINX.inbox)}
    assert [found["max.message.bytes"] for found in limits.values()] == [str(2 * MEBIBYTE), str(LARGEST)]
    assert target_topics(connection, prefix).sizes["cinx"].limit == 2 * MEBIBYTE
    refuse_outgrown(connection, cluster, prefix)


def test_what_the_topics_really_take_counts_and_not_the_setting(
    cluster: Cluster, connection: Connection, provisioned: str
) -> None:
    lower(cluster, provisioned, PROCORE.backfill, MEBIBYTE)
    sizes = target_topics(connection, provisioned).sizes
    assert (sizes["procore"].limit, sizes["cinx"].limit) == (MEBIBYTE, 8 * MEBIBYTE)
    (drift,) = diff(cluster, provisioned, partitions=PARTITIONS).drift
    assert PROCORE.backfill.name(provisioned) in drift.sentence
    assert "becomes a letter" in drift.sentence


def test_an_inbox_is_not_lowered_below_what_it_holds(
    cluster: Cluster, connection: Connection, provisioned: str
) -> None:
    write(connection, provisioned, PROCORE.inbox, 3 * MEBIBYTE, b"replaced")
    place = write(connection, provisioned, PROCORE.inbox, 3 * MEBIBYTE)
    write(connection, provisioned, PROCORE.inbox, 1, b"replaced")
    lower(cluster, provisioned, PROCORE.inbox, 2 * MEBIBYTE)
    with pytest.raises(Fatal, match=f"{place} takes 31.* raise them again"):
        refuse_outgrown(connection, cluster, provisioned)
    lower(cluster, provisioned, PROCORE.inbox, 3 * MEBIBYTE + 1024)
    refuse_outgrown(connection, cluster, provisioned)


def test_nor_below_the_commands_that_are_not_received_yet(
    cluster: Cluster, connection: Connection, provisioned: str
) -> None:
    place = write(connection, provisioned, CINX.commands, 3 * MEBIBYTE)
    lower(cluster, provisioned, CINX.inbox, LARGEST)
    with pytest.raises(Fatal, match=f"{place} takes 31"):
        refuse_outgrown(connection, cluster, provisioned)
    cluster.reset_offsets(f"{provisioned}cinx-submitter", {Partition(CINX.commands.name(provisioned), 1): 1})
    refuse_outgrown(connection, cluster, provisioned)
