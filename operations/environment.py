"""What a command works with: settings, Kafka, the codec, the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from operations.recorded_pins import RecordedPins
from relay.clients.http.secret import UnusableSecret, secret_in
from relay.domain.failures import Fatal
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.kafka import Cluster, Connection, Partition, Security, TopicsMissing
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings, read_settings, variable
from relay.engine.topics import Topic
from schemas import Codec

if TYPE_CHECKING:
    from schemas.registry import Registry

_SERVERS = variable("kafka_bootstrap_servers")
_NOWHERE = "kafka.invalid:9092"


def connection_of(settings: Settings) -> Connection:
    """How to reach Kafka."""
    return Connection(
        settings.kafka_bootstrap_servers,
        security=Security(
            protocol=settings.kafka_security_protocol.value,
            sasl_mechanism=settings.kafka_sasl_mechanism.value if settings.kafka_sasl_mechanism else None,
            sasl_username=settings.kafka_sasl_username,
            sasl_password_file=settings.kafka_sasl_password_file,
            ssl_ca_file=settings.kafka_ssl_ca_file,
            ssl_cert_file=settings.kafka_ssl_cert_file,
            ssl_key_file=settings.kafka_ssl_key_file,
        ),
    )


def names_kafka(settings: Settings) -> bool:
    """Whether the settings name a cluster; without one a command knows nothing of stages."""
    return settings.kafka_bootstrap_servers != _NOWHERE


def codec_of(settings: Settings) -> Codec:
    """The wire format that the settings ask for."""
    return record_codec(registry_of(settings))


def registry_of(settings: Settings) -> Registry | None:
    """The schema registry, where one is configured. Raises ``Fatal`` where its password cannot be read or used."""
    if settings.schema_registry_url is None:
        return None
    from schemas.registry import Registry  # noqa: PLC0415 - most have none, and every command would wait for it

    return Registry(
        settings.schema_registry_url,
        username=settings.schema_registry_username,
        password=_registry_password(settings),
        proxy=settings.proxy.url_for(settings.schema_registry_url) if settings.proxy else None,
    )


def _registry_password(settings: Settings) -> str | None:
    path = settings.schema_registry_password_file
    if path is None:
        return None
    try:
        return secret_in(path)
    except OSError as error:
        raise Fatal(f"COR_SCHEMA_REGISTRY_PASSWORD_FILE names {path}, which cannot be read: {error.strerror}") from None
    except UnusableSecret as error:
        raise Fatal(f"COR_SCHEMA_REGISTRY_PASSWORD_FILE cannot be used: {error}") from None


@dataclass(frozen=True)
class Environment:
    """One command's surroundings. Nothing is connected before it is needed.

    ``transactional_id``: what every transaction of a process goes by that decides one thing after the other; ``None``:
    each has one of its own.
    """

    settings: Settings
    connection: Connection
    codec: Codec
    transactional_id: str | None = None

    @classmethod
    def read(cls) -> Environment:
        """From the environment variables. Raises ``SettingsError``."""
        settings = read_settings()
        return cls(settings, connection_of(settings), codec_of(settings))

    @classmethod
    def read_before_kafka(cls) -> tuple[Environment, bool]:
        """The same where there may be no Kafka yet, and whether one is named. Raises ``SettingsError``."""
        named = bool(os.environ.get(_SERVERS))
        settings = read_settings({**os.environ, _SERVERS: os.environ.get(_SERVERS) or _NOWHERE})
        return cls(settings, connection_of(settings), codec_of(settings)), named

    def with_configuration(self, file: Path | None) -> Environment:
        """The same with another file of accounts and routes, where one is named."""
        if file is None:
            return self
        return replace(self, settings=self.settings.model_copy(update={"config": file}))

    @property
    def prefix(self) -> str:
        """Stands before the names of topics, groups and transactions."""
        return self.settings.topic_prefix

    def name(self, topic: Topic) -> str:
        """The topic's name on the cluster."""
        return topic.name(self.prefix)

    @cached_property
    def configuration(self) -> Configuration:
        """The YAML file, without its secrets' files: commands read topics. Raises ``ConfigurationError``."""
        return load_configuration(self.settings.configuration_file(), secrets_of=(), pins=self.pins)

    @property
    def pins(self) -> RecordedPins:
        """What is pinned, read when it is asked for."""
        return RecordedPins(self.connection, self.codec, self.prefix)

    def counts(self, topics: Iterable[Topic]) -> dict[Topic, int]:
        """How many partitions each topic has. Raises ``TopicsMissing`` with every one that is not there."""
        return counts_of(self.connection, self.prefix, topics)

    def every(self, topic: Topic, count: int) -> list[Partition]:
        """All ``count`` partitions of a topic."""
        return [Partition(self.name(topic), number) for number in range(count)]


def counts_of(connection: Connection, prefix: str, topics: Iterable[Topic]) -> dict[Topic, int]:
    """How many partitions each topic has. Raises ``TopicsMissing`` with every one that is not there."""
    wanted = {topic.name(prefix): topic for topic in topics}
    with Cluster(connection) as cluster:
        counts = cluster.partition_counts(list(wanted))
    missing = [name for name in wanted if name not in counts]
    if missing:
        where = connection.bootstrap_servers
        raise TopicsMissing(f"not found (Kafka at {where}): {', '.join(missing)}. Run `cor topics apply`")
    return {topic: counts[name] for name, topic in wanted.items()}
