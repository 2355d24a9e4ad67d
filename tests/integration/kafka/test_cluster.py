from __future__ import annotations

from collections.abc import Callable

import pytest
from tenacity import stop_after_attempt

from relay.engine.kafka import (
    Cluster,
    Connection,
    GroupReader,
    KafkaFailure,
    KafkaUnreachable,
    Outgoing,
    Partition,
    PlainWriter,
    TopicsMissing,
    TopicSpec,
)
from relay.engine.kafka import cluster as cluster_module
from relay.engine.kafka.kafka_python_workarounds import brokers_without

MakeTopic = Callable[..., str]


def test_creating_says_what_was_new(cluster: Cluster, connection: Connection, prefix: str) -> None:
    one = TopicSpec(name=f"{prefix}one", partitions=2, replication=1, settings={"cleanup.policy": "compact"})
    two = TopicSpec(name=f"{prefix}two", partitions=1, replication=1)
    assert cluster.create([one]) == {one.name}
    assert cluster.create([one, two]) == {two.name}
    assert cluster.create([]) == frozenset()
    assert cluster.partition_counts([one.name, two.name, f"{prefix}three"]) == {one.name: 2, two.name: 1}
    assert {one.name, two.name} <= cluster.topics()
    assert not any(topic.startswith("__") for topic in cluster.topics())


def test_a_broker_tells_of_a_topic_that_is_there_and_of_no_other(cluster: Cluster, make_topic: MakeTopic) -> None:
    made = make_topic("made")
    assert brokers_without(cluster._admin, [made], 5_000) == frozenset()
    assert brokers_without(cluster._admin, [made, f"{made}-absent"], 5_000) == {1}


def test_a_topic_is_made_when_every_broker_knows_it(
    cluster: Cluster, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks next may ask any, and was told by one that had not heard yet that there is no such topic: first
    offsets were then not set, and nobody said so.
    """
    answers = [frozenset({2, 3}), frozenset({3}), frozenset[int]()]
    monkeypatch.setattr(cluster_module, "brokers_without", lambda *_: answers.pop(0))
    topic = TopicSpec(name=f"{prefix}one", partitions=1, replication=1)
    assert cluster.create([topic]) == {topic.name}
    assert not answers
    answers = [frozenset({3}), frozenset[int]()]
    assert cluster.create([topic]) == frozenset(), "one that is there already may have been made a moment ago"
    assert not answers


def test_a_broker_that_does_not_come_to_know_a_topic_is_told(
    cluster: Cluster, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_asking_again", cluster_module._asking_again.copy(stop=stop_after_attempt(2)))
    monkeypatch.setattr(cluster_module, "brokers_without", lambda *_: frozenset({3, 2}))
    with pytest.raises(KafkaUnreachable, match=rf"brokers 2, 3 do not know all of {prefix}one.*stays: try again"):
        cluster.create([TopicSpec(name=f"{prefix}one", partitions=1, replication=1)])


def test_settings_can_be_read_and_changed_one_by_one(cluster: Cluster, make_topic: MakeTopic) -> None:
    topic = make_topic(cleanup_policy="compact", max_message_bytes="2000000")
    cluster.alter({topic: {"max.message.bytes": "3000000"}})
    settings = cluster.settings([topic])[topic]
    assert (settings["cleanup.policy"], settings["max.message.bytes"]) == ("compact", "3000000")
    assert "retention.ms" in settings, "defaults are settings too"


def test_a_topic_that_kafka_refuses_is_a_failure_with_its_words(
    cluster: Cluster, connection: Connection, prefix: str
) -> None:
    with pytest.raises(KafkaFailure, match=rf"{prefix}bad.*cleanup"):
        cluster.create(
            [TopicSpec(name=f"{prefix}bad", partitions=1, replication=1, settings={"cleanup.policy": "shred"})]
        )


def test_asking_for_a_missing_topic_names_what_makes_it(cluster: Cluster, prefix: str) -> None:
    with pytest.raises(TopicsMissing, match="cor topics apply"):
        cluster.partitions(f"{prefix}absent")


def test_offsets_lag_and_times(cluster: Cluster, connection: Connection, make_topic: MakeTopic, prefix: str) -> None:
    topic, group = make_topic(partitions=2), f"{prefix}group"
    zero, one = Partition(topic, 0), Partition(topic, 1)
    with PlainWriter(connection) as writer:
        for n in range(5):
            writer.send(Outgoing(topic, b"k", b"%d" % n, 0))
        writer.flush()
    assert cluster.end_offsets([zero, one]) == {zero: 5, one: 0}
    assert cluster.beginning_offsets([zero, one]) == {zero: 0, one: 0}
    assert cluster.committed(group) == {}
    assert cluster.committed(group, [zero, one]) == {}
    cluster.reset_offsets(group, {zero: 2})
    assert cluster.committed(group) == {zero: 2}
    assert cluster.committed(group, [zero, one]) == {zero: 2}
    assert cluster.lag(group) == {zero: 3}
    assert cluster.offsets_for_time([zero, one], 0) == {zero: 0, one: 0}
    assert cluster.offsets_for_time([zero], 4_000_000_000_000) == {zero: 5}


def test_members_are_listed_and_protect_their_offsets(
    cluster: Cluster, connection: Connection, make_topic: MakeTopic, prefix: str
) -> None:
    topic, group = make_topic(), f"{prefix}group"
    cluster.reset_offsets(group, {Partition(topic, 0): 0})
    reader = GroupReader(connection, group=group, topics=[topic], instance="pod-0", session_timeout_s=60.0)
    while not reader.poll(1.0).assigned:
        pass
    assert [member.instance for member in cluster.members(group)] == ["pod-0"]
    with pytest.raises(KafkaFailure, match=group):
        cluster.reset_offsets(group, {Partition(topic, 0): 1})
    reader.close()
    cluster.remove_member(group, "pod-0")
    assert cluster.members(group) == ()
    cluster.reset_offsets(group, {Partition(topic, 0): 1})
    cluster.remove_member(group, "pod-0")  # once more: it is gone already, which is what was wanted


def test_a_plain_writer_tells_a_missing_topic(connection: Connection, prefix: str) -> None:
    with PlainWriter(connection) as writer, pytest.raises(KafkaFailure, match=f"{prefix}absent"):
        writer.send(Outgoing(f"{prefix}absent", b"k", b"v"))


def test_a_controller_that_is_gone_is_asked_for_anew(cluster: Cluster, prefix: str) -> None:
    """The client keeps it: in the seconds after a broker has died, every change of a topic would go there in vain."""
    topic = TopicSpec(name=f"{prefix}one", partitions=1, replication=1)
    assert cluster.brokers() == 1
    gone(cluster)
    assert cluster.create([topic]) == {topic.name}


def test_a_controller_that_stays_away_is_told_with_what_to_do(
    cluster: Cluster, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_asking_again", cluster_module._asking_again.copy(stop=stop_after_attempt(1)))
    cluster.brokers()
    gone(cluster)
    with pytest.raises(KafkaUnreachable, match=r"gone.*try again"):
        cluster.create([TopicSpec(name=f"{prefix}one", partitions=1, replication=1)])


def gone(cluster: Cluster) -> None:
    """The client knows a controller that is among the brokers no more."""
    cluster._admin._controller_id = 4711  # type: ignore[attr-defined]
