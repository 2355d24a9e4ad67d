"""What the Kafka tests beside these use is a container, and not the local Java."""

from __future__ import annotations

from contextlib import closing

from deploy.local import Kafka, broker
from relay.engine.kafka import Cluster, Connection, Outgoing, TopicSpec, Transactions
from tests.containers.engine import published_ports

TOPIC = TopicSpec(name="topic", partitions=1, replication=1, settings={})


def port(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_the_tests_kafka_is_a_container(kafka: Kafka) -> None:
    assert kafka.sasl_bootstrap_servers is not None
    assert {port(kafka.bootstrap_servers), port(kafka.sasl_bootstrap_servers)} <= published_ports()


def write(bootstrap_servers: str) -> None:
    """A transaction, which ends only if the broker reaches itself."""
    with closing(Transactions(Connection(bootstrap_servers), "owner")) as transactions:
        transactions.fence()
        with transactions.transaction() as transaction:
            transaction.send(Outgoing(TOPIC.name, b"key", b"value", 0))


def test_a_broker_in_a_container_may_be_stopped_and_started_again() -> None:
    with broker() as own:
        with Cluster(Connection(own.bootstrap_servers)) as cluster:
            cluster.create([TOPIC])
        write(own.bootstrap_servers)
        own.stop()
        own.start()
        write(own.bootstrap_servers)
