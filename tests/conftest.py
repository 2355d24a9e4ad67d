"""What tests share: one Kafka and one registry for the whole run, and topics of their own for each test.

Kafka comes in the order that the README names: ``COR_KAFKA_BOOTSTRAP_SERVERS``, a container, the
local Java. Nothing is started before a test asks for it.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from kafka import KafkaAdminClient, TopicPartition

from deploy.local import Broker, Kafka, broker, shared
from deploy.local.services import NamedKafka
from relay.engine.kafka import Cluster, Connection, Partition, Security, TopicSpec
from relay.engine.kafka.kafka_python_workarounds import mend_network
from relay.engine.provision import apply

# No deadline for an example, nor for what makes it: on a busy machine it would say how busy the machine is.
settings.register_profile("relay", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("relay")

_FOLDER, _OWNER = "COR_TEST_RUN_FOLDER", "COR_TEST_RUN_OWNER"

PARTITIONS = 2  # Of each topic of a test that wants them all; the declared twelve take long to make.

MakeTopic = Callable[..., str]


def pytest_configure(config: pytest.Config) -> None:
    """The run's folder and owner, for this process and for the workers that it starts."""
    mend_network()  # Also for the clients that tests and the local stack make without a connection of ours.
    if not hasattr(config, "workerinput"):
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="change-order-relay-tests-")
        os.environ[_OWNER] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what the run started."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ[_FOLDER])
        shared.end(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever the order, what takes minutes begins first: all others would have ended long before it."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured, whether or not what they printed is shown."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    told = [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "told"]
    if told:
        terminalreporter.section("measured")
    for line in told:
        terminalreporter.write_line(str(line))


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """What a test configures of the logs holds for that test alone."""
    handlers, level = logging.root.handlers[:], logging.root.level
    levels = {name: one.level for name, one in _loggers().items()}
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        for name, one in _loggers().items():
            one.setLevel(levels.get(name, logging.NOTSET))


def _loggers() -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict
    return {name: one for name, one in known.items() if isinstance(one, logging.Logger)}


@pytest.fixture(scope="session")
def kafka() -> Kafka:
    """A Kafka that all tests share."""
    if named := os.environ.get("COR_KAFKA_BOOTSTRAP_SERVERS"):
        return NamedKafka(named)
    return shared.kafka(Path(os.environ[_FOLDER]), int(os.environ[_OWNER]))


@pytest.fixture(scope="session")
def registry_url() -> str:
    """A schema registry that all tests share, so subjects must have names of their own."""
    if named := os.environ.get("COR_SCHEMA_REGISTRY_URL"):
        return named
    return shared.registry(Path(os.environ[_FOLDER]), int(os.environ[_OWNER])).url


@pytest.fixture(scope="session")
def connection(kafka: Kafka) -> Connection:
    return Connection(kafka.bootstrap_servers, security=_named_security())


def _named_security() -> Security:
    """Of the named cluster; a cluster of our own has none on this listener."""
    if "COR_KAFKA_BOOTSTRAP_SERVERS" not in os.environ:
        return Security()
    read = os.environ.get

    def path(name: str) -> Path | None:
        return Path(os.environ[name]) if name in os.environ else None

    return Security(
        protocol=read("COR_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        sasl_mechanism=read("COR_KAFKA_SASL_MECHANISM"),
        sasl_username=read("COR_KAFKA_SASL_USERNAME"),
        sasl_password_file=path("COR_KAFKA_SASL_PASSWORD_FILE"),
        ssl_ca_file=path("COR_KAFKA_SSL_CA_FILE"),
        ssl_cert_file=path("COR_KAFKA_SSL_CERT_FILE"),
        ssl_key_file=path("COR_KAFKA_SSL_KEY_FILE"),
    )


@pytest.fixture(scope="session")
def cluster(connection: Connection) -> Iterator[Cluster]:
    with Cluster(connection) as cluster:
        yield cluster


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """This test's own prefix of topics and groups. Its topics are deleted when it ends."""
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    cluster: Cluster | None = request.getfixturevalue("cluster") if "connection" in request.fixturenames else None
    yield prefix
    if cluster is not None:
        cluster.delete([topic for topic in cluster.topics() if topic.startswith(prefix)])
        cluster.close()  # Its client would ask for the topics that are gone ten times a second, for ever.


@pytest.fixture
def make_topic(cluster: Cluster, prefix: str) -> MakeTopic:
    """Makes a topic of this test; settings by Kafka's names."""

    def make(name: str = "topic", partitions: int = 1, **settings: str) -> str:
        wish = TopicSpec(
            name=prefix + name,
            partitions=partitions,
            replication=1,
            settings={key.replace("_", "."): value for key, value in settings.items()},
        )
        cluster.create([wish])
        return wish.name

    return make


@pytest.fixture
def begin(cluster: Cluster) -> Callable[..., None]:
    """Sets a group's first offsets to 0."""

    def set_offsets(group: str, topic: str, partitions: int = 1) -> None:
        cluster.reset_offsets(group, {Partition(topic, number): 0 for number in range(partitions)})

    return set_offsets


@pytest.fixture
def let_retention_pass(kafka: Kafka) -> Callable[[Partition, int], None]:
    """Removes the records of a partition before an offset, as retention does."""

    def remove(partition: Partition, before: int) -> None:
        admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
        try:
            admin.delete_records({TopicPartition(partition.topic, partition.number): before})
        finally:
            admin.close()

    return remove


@pytest.fixture
def provisioned(cluster: Cluster, connection: Connection, prefix: str) -> str:
    """The prefix of a set of all topics, with :data:`PARTITIONS` partitions each, and first offsets."""
    apply(cluster, prefix, partitions=PARTITIONS)
    return prefix


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker for this test alone, which may be stopped, killed and started again."""
    with broker() as own:
        yield own
