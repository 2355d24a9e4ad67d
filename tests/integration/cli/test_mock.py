"""``cor mock`` on a real Kafka."""

from __future__ import annotations

import time

import pytest

from deploy.local import Kafka
from operations.errors import WrongUsage
from operations.mock.publish import FOR_OTHERS, publish
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.kafka import Cluster, Connection, Partition, Record, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import OBSERVED, OUTCOMES, Topic

ORDERS = 24
PARTITIONS = 2


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, kafka: Kafka) -> None:
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.delenv("COR_SCHEMA_REGISTRY_URL", raising=False)


def stand(connection: Connection, prefix: str, topics: tuple[Topic, ...] = FOR_OTHERS) -> list[Record]:
    partitions = [
        Partition(topic.name(prefix), number) for topic in topics for number in range(min(PARTITIONS, topic.partitions))
    ]
    return sorted(
        read_to_end(connection, partitions), key=lambda record: (record.topic, record.partition, record.offset)
    )


def test_it_writes_the_same_bytes_each_time(cluster: Cluster, connection: Connection, prefix: str) -> None:
    """At the same places, with the same headers and times, on topics as the relay makes them."""
    published = publish(ORDERS, 3, prefix=prefix, partitions=PARTITIONS)
    first = stand(connection, prefix)
    assert sum(published.records.values()) == len(first)
    assert published.aborted
    assert cluster.settings([OBSERVED.name(prefix)])[OBSERVED.name(prefix)]["compression.type"] == "gzip"
    assert all(dict(record.headers)["traceparent"] for record in first if record.topic == OBSERVED.name(prefix))

    with pytest.raises(WrongUsage, match="has records already"):
        publish(ORDERS, 3, prefix=prefix, partitions=PARTITIONS)

    names = {topic.name(prefix) for topic in FOR_OTHERS}
    cluster.delete(names)
    while names & cluster.topics():  # The brokers hear of it a moment later.
        time.sleep(0.05)
    publish(ORDERS, 3, prefix=prefix, partitions=PARTITIONS)
    assert stand(connection, prefix) == first


def test_outcomes_name_the_places_at_which_their_events_really_stand(connection: Connection, prefix: str) -> None:
    publish(ORDERS, 5, prefix=prefix, partitions=PARTITIONS)
    codec = record_codec()
    events = {
        (record.topic, record.partition, record.offset): codec.decode(record.value or b"", ChangeOrderObserved).event_id
        for record in stand(connection, prefix, (OBSERVED,))
    }
    outcomes = [
        codec.decode(record.value or b"", ChangeOrderOutcome) for record in stand(connection, prefix, (OUTCOMES,))
    ]
    named = [outcome.event for outcome in outcomes if outcome.event is not None]
    assert named
    assert all(events[place.topic, place.partition, place.offset] == place.event_id for place in named)


def test_it_refuses_the_prefix_of_a_relay(cluster: Cluster, provisioned: str) -> None:
    with pytest.raises(WrongUsage, match="a relay has been provisioned under the prefix"):
        publish(1, 1, prefix=provisioned)
    ends = cluster.end_offsets([Partition(OBSERVED.name(provisioned), number) for number in range(PARTITIONS)])
    assert set(ends.values()) == {0}
