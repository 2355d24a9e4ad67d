from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from relay.domain.failures import Fatal
from relay.engine import topics
from relay.engine.kafka import (
    Cluster,
    Connection,
    GroupReader,
    OffsetsLost,
    Outgoing,
    Partition,
    PlainWriter,
    TopicSpec,
    read_to_end,
)
from relay.engine.provision import Drift, apply, diff

PARTITIONS = 2


def expected(prefix: str) -> set[str]:
    return {topic.name(prefix) for topic in topics.ALL}


def test_everything_is_made_once_and_a_second_run_finds_nothing_to_do(
    cluster: Cluster, connection: Connection, prefix: str
) -> None:
    before = diff(cluster, prefix, partitions=PARTITIONS)
    assert set(before.missing) == expected(prefix)
    assert not expected(prefix) & cluster.topics(), "a diff makes nothing"
    first = apply(cluster, prefix, partitions=PARTITIONS)
    assert set(first.missing) == expected(prefix)
    assert {group for group, _ in first.unset} == {f"{prefix}{stage}" for stage in topics.GROUPS}
    again = apply(cluster, prefix, partitions=PARTITIONS)
    assert again.clean
    assert diff(cluster, prefix, partitions=PARTITIONS).clean


def test_topics_are_as_declared(cluster: Cluster, provisioned: str) -> None:
    counts = cluster.partition_counts(list(expected(provisioned)))
    for topic in (topics.AUDIT, topics.CONTROL):
        assert counts.pop(topic.name(provisioned)) == 1
    assert set(counts.values()) == {PARTITIONS}
    settings = cluster.settings(list(expected(provisioned)))
    observed = settings[topics.OBSERVED.name(provisioned)]
    assert (observed["cleanup.policy"], observed["retention.ms"], observed["retention.bytes"]) == ("delete", "-1", "-1")
    assert observed["compression.type"] == "gzip", "every client reads it"
    commands = settings[topics.PROCORE.commands.name(provisioned)]
    assert commands["retention.ms"] == str(30 * 24 * 60 * 60 * 1000)
    letters = settings[topics.LETTERS.name(provisioned)]
    assert (letters["cleanup.policy"], letters["max.message.bytes"]) == ("compact", str(10 * 1024 * 1024))
    assert all(one["unclean.leader.election.enable"] == "false" for one in settings.values())


def test_every_group_can_begin_at_the_beginning(connection: Connection, provisioned: str) -> None:
    commands, backfill = topics.PROCORE.commands.name(provisioned), topics.PROCORE.backfill.name(provisioned)
    with PlainWriter(connection) as writer:
        writer.send(Outgoing(commands, b"k", b"first", 1))
        writer.flush()
    reader = GroupReader(connection, group=f"{provisioned}procore-writer", topics=[commands, backfill], instance=None)
    while not (polled := reader.poll(5.0)).records:
        pass
    assert polled.records[Partition(commands, 1)][0].value == b"first"
    reader.close()


def test_offsets_that_are_set_stay(cluster: Cluster, connection: Connection, provisioned: str) -> None:
    observed, group = topics.OBSERVED.name(provisioned), f"{provisioned}mapper"
    with PlainWriter(connection) as writer:
        for _ in range(3):
            writer.send(Outgoing(observed, b"k", b"v", 0))
        writer.flush()
    cluster.reset_offsets(group, {Partition(observed, 0): 2})
    assert apply(cluster, provisioned, partitions=PARTITIONS).clean
    assert cluster.committed(group) == {Partition(observed, 0): 2, Partition(observed, 1): 0}


def test_a_drifted_setting_is_reported_and_left_alone(cluster: Cluster, provisioned: str) -> None:
    observed = topics.OBSERVED.name(provisioned)
    cluster.alter({observed: {"retention.ms": "60000"}})
    drift = Drift(topic=observed, setting="retention.ms", found="60000", wanted="-1")
    assert diff(cluster, provisioned, partitions=PARTITIONS).drift == (drift,)
    assert apply(cluster, provisioned, partitions=PARTITIONS).drift == (drift,)
    assert cluster.settings([observed])[observed]["retention.ms"] == "60000"


def test_topics_made_by_hand_are_told_setting_by_setting_and_nothing_in_them_is_touched(
    cluster: Cluster, connection: Connection, prefix: str
) -> None:
    settings = {
        "cleanup.policy": "delete",
        "max.message.bytes": "1000000",
        "unclean.leader.election.enable": "true",
        "segment.ms": "3600000",
        "retention.ms": "1000000000",
    }
    ledger, control = topics.PROCORE.ledger.name(prefix), topics.CONTROL.name(prefix)
    cluster.create(
        TopicSpec(name=name, partitions=count, replication=1, settings=settings)
        for name, count in ((ledger, PARTITIONS), (control, 3))
    )
    with PlainWriter(connection) as writer:
        for name in (ledger, control):
            writer.send(Outgoing(name, b"k", b"v", 0))
        writer.flush()
    report = apply(cluster, prefix, partitions=PARTITIONS)
    told = {(drift.topic, drift.setting): drift.sentence for drift in report.drift}
    for setting, found, said in (
        ("cleanup.policy", "delete and not compact", "set it as it should be before anything is written there"),
        ("max.message.bytes", "1000000 and not", "say so by COR_LARGEST_MESSAGE"),
        ("unclean.leader.election.enable", "true and not false", "what was acknowledged can be lost"),
        ("segment.ms", "3600000 and not", "a start may have to read more than it needs"),
    ):
        assert found in told[ledger, setting]
        assert said in told[ledger, setting]
    assert "3 and not 1: it is left at what it is" in told[control, "partitions"]
    left = cluster.settings([ledger, control])
    assert all(left[name]["cleanup.policy"] == "delete" for name in (ledger, control)), "a person sets it"
    places = [Partition(name, 0) for name in (ledger, control)]
    assert [record.value for record in read_to_end(connection, places)] == [b"v", b"v"]


def test_a_record_that_calls_itself_old_takes_no_place_of_a_group_with_it(
    cluster: Cluster, connection: Connection, provisioned: str
) -> None:
    lane, unlike = (Partition(topic.name(provisioned), 0) for topic in topics.PROCORE.lanes)
    cluster.alter({unlike.topic: {"message.timestamp.type": "CreateTime"}})
    (told,) = diff(cluster, provisioned, partitions=PARTITIONS).drift
    assert "a writer that was away then stops" in told.sentence
    with PlainWriter(connection) as writer:
        for place in (lane, unlike):
            writer.send(Outgoing(place.topic, b"k", b"stray", place.number, timestamp_ms=0))
        writer.flush()
        until_removed(cluster, unlike, 1)
        writer.send(Outgoing(unlike.topic, b"k", b"stray", unlike.number, timestamp_ms=0))
        writer.flush()
        until_removed(cluster, unlike, 2)  # So the broker has been round all topics in between.
    group = f"{provisioned}procore-writer"
    reader = GroupReader(connection, group=group, topics=[lane.topic], instance=None)
    while not (polled := reader.poll(5.0)).records:
        pass
    assert [record.value for record in polled.records[lane]] == [b"stray"]
    reader.close()
    reader = GroupReader(connection, group=group, topics=[unlike.topic], instance=None)
    with pytest.raises(OffsetsLost, match=r"cannot be read any more.*cor replay.*\"Places that are gone\""):
        until_read(reader)
    reader.close()


def until_read(reader: GroupReader) -> None:
    while not reader.poll(5.0).records:
        pass


def until_removed(cluster: Cluster, partition: Partition, before: int) -> None:
    while cluster.beginning_offsets([partition])[partition] < before:
        time.sleep(0.1)


def test_the_number_of_partitions_of_a_family_is_never_changed(cluster: Cluster, provisioned: str) -> None:
    for attempt in (apply, diff):
        with pytest.raises(Fatal, match=r"has 2 partitions, not 12.*fixed for life.*--partitions 2"):
            attempt(cluster, provisioned)
    assert cluster.partitions(topics.PROCORE.ledger.name(provisioned)) == PARTITIONS


def test_topics_that_must_be_alike_are_not_completed_unalike(
    cluster: Cluster, connection: Connection, prefix: str
) -> None:
    cluster.create(
        TopicSpec(name=topic.name(prefix), partitions=count, replication=1)
        for topic, count in ((topics.OUTCOMES, 2), (topics.LETTERS, 3))
    )
    with pytest.raises(Fatal, match="equal numbers of partitions"):
        apply(cluster, prefix, partitions=PARTITIONS)
    assert topics.PROCORE.ledger.name(prefix) not in cluster.topics(), "nothing was made"


def test_an_offset_that_retention_has_passed_is_reported_and_moved_only_when_asked(
    cluster: Cluster,
    connection: Connection,
    provisioned: str,
    let_retention_pass: Callable[[Partition, int], None],
) -> None:
    commands, group = Partition(topics.CINX.commands.name(provisioned), 0), f"{provisioned}cinx-submitter"
    with PlainWriter(connection) as writer:
        for _ in range(4):
            writer.send(Outgoing(commands.topic, b"k", b"v", 0))
        writer.flush()
    let_retention_pass(commands, 3)
    (lost,) = apply(cluster, provisioned, partitions=PARTITIONS).lost
    assert (lost.group, lost.partition, lost.committed, lost.first) == (group, commands, 0, 3)
    assert cluster.committed(group)[commands] == 0
    apply(cluster, provisioned, partitions=PARTITIONS, reset_lost_offsets_too=True)
    assert cluster.committed(group)[commands] == 3
    assert diff(cluster, provisioned, partitions=PARTITIONS).clean
